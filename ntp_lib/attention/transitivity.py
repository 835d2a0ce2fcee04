"""What an order seen in training decides about sentences never seen (book, prop-select-transitive)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from ntp_lib.attention.selection import Selection
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints

KINDS = ("seen", "transitive", "partly", "unknown")
# Scores nearer than this, relative to the largest, are tied; a tie of k is right with probability 1/k.
TIED = 1e-9


def sentence_kinds(selection: Selection, sentences: Sequence[Ints], best: Sequence[int]) -> pd.DataFrame:
    """Sort sentences by what the training sentences say about their best token.

    Args:
        selection: the training data.
        sentences: distinct tokens by number, the last the query.
        best: the optimal token of each.

    Returns:
        One row each: kind, "seen" (it beat all others in training), "transitive" (it beats all others by chains),
        "partly" (some) or "unknown" (none); and links, the longest chain's least length, 0 unless it beats all.

    Raises:
        NTPDataError: a best token that is not in its sentence.
    """
    if len(best) != len(sentences):
        raise NTPDataError(f"best has {len(best)} entries for {len(sentences)} sentences; the two must agree")

    @cache
    def chains(query: int) -> tuple[Ints, Ints]:
        return selection.order(query).astype(np.int64), selection.longest_chains(query)

    rows = []
    for i, (words, winner) in enumerate(zip(sentences, best, strict=True)):
        others = np.asarray(words)[np.asarray(words) != winner]
        if len(others) == len(words):
            raise NTPDataError(f"best[{i}] is {winner}, which is not in sentence {i}")
        seen, links = (table[winner, others] for table in chains(int(words[-1])))
        decided = links > 0
        kind = (
            "seen" if seen.all() else "transitive" if decided.all() else "partly" if decided.any() else "unknown"
        )
        rows.append({"kind": kind, "links": int(links.min()) if len(links) else 0})
    return pd.DataFrame(rows, columns=["kind", "links"])


def right_answers(selection: Selection, W: Floats, sentences: Sequence[Ints], best: Sequence[int]) -> Floats:
    """Whether the best token gets most attention, (n,): 1, 0, or 1/k in a tie of k.

    Args:
        selection: whose embeddings are used.
        W: W_kq, (d, d).
        sentences: distinct tokens by number, the last the query.
        best: the optimal token of each.
    """
    U = selection.embeddings @ W @ selection.embeddings.T
    slack, right = TIED * max(float(np.abs(U).max()), 1e-300), np.zeros(len(sentences))
    for i, (words, winner) in enumerate(zip(sentences, best, strict=True)):
        scores = U[words, words[-1]]
        top = np.asarray(words)[scores >= scores.max() - slack]
        right[i] = (winner in top) / len(top)
    return right


def chain_slack(selection: Selection, W: Floats) -> float:
    """The least of ⟨(x_a − x_b)x_qᵀ, W⟩ − s D_q(a, b) over all chains, with s the least margin of W in training.

    Not negative for any W up to rounding: margins add along chains.
    """
    U = selection.embeddings @ W @ selection.embeddings.T
    q, winner, loser = selection.triples.T
    least, slack = float((U[winner, q] - U[loser, q]).min()), np.inf
    for query in np.unique(q).tolist():
        D = selection.longest_chains(query)
        a, b = np.nonzero(D)
        slack = min(slack, float((U[a, query] - U[b, query] - least * D[a, b]).min()))
    return slack
