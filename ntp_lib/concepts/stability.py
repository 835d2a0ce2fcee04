"""How far concepts can be trusted: the same ones from other halves of a text, or from contexts drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import scipy.sparse as sp

from ntp_lib.concepts.candidates import Candidate
from ntp_lib.concepts.spectrum import Concepts, concepts
from ntp_lib.data.encoding import OTHER
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import whole_number
from ntp_lib.numerics.results import result


@result
class SplitSupports:
    """Centred supports of two halves of a text, on the contexts that occur in both.

    Attributes:
        first: of the even blocks, (m, V).
        second: of the odd ones, (m, V), the same contexts and tokens in the same order.
        shared: pairs of context and token that both halves have, as a share of those that one of them has.
    """

    first: Candidate = field(repr=False)
    second: Candidate = field(repr=False)
    shared: float


def split_supports(
    tokens: Sequence[str], *, vocab_size: int, context_length: int = 2, block: int = 1000
) -> SplitSupports:
    """Cut a text into blocks and take every other one: two samples of the same source.

    Args:
        tokens: of the text.
        vocab_size: the most frequent tokens of the whole text, and one for all others.
        context_length: L.
        block: tokens in a block. Where two blocks of a half meet, contexts are read across the seam.

    Raises:
        NTPDataError: a text that has no second block, or halves without a common context.
    """
    block = whole_number(block, "block", least=2)
    if len(tokens) <= block:
        raise NTPDataError(f"tokens has length {len(tokens)}; two blocks of {block} tokens need more")
    whole = NTPData.from_tokens(tokens, context_length=context_length, vocab_size=vocab_size, dim=1)
    place = {str(token): i for i, token in enumerate(whole.vocabulary or ())}
    names = [token if token in place else OTHER for token in tokens]
    halves = [
        [name for start in range(half * block, len(names), 2 * block) for name in names[start : start + block]]
        for half in (0, 1)
    ]
    parts = [NTPData.from_tokens(half, context_length=context_length, dim=1) for half in halves]
    rows = [{context: j for j, context in enumerate(part.contexts or ())} for part in parts]
    common = [context for context in rows[0] if context in rows[1]]
    if not common:
        raise NTPDataError("the two halves have no context in common; take a shorter context or a longer text")
    first, second = (
        _support_of(part, [row[context] for context in common], place)
        for part, row in zip(parts, rows, strict=True)
    )
    both = float(first.multiply(second).sum())
    shared = both / (float(first.sum()) + float(second.sum()) - both)
    return SplitSupports(Candidate(first, True), Candidate(second, True), shared)


def _support_of(part: NTPData, rows: list[int], place: dict[str, int]) -> sp.csr_array[np.float64]:
    """Ones on the pairs of some contexts of a half, in the tokens of the whole."""
    chosen = part.probs[rows]
    columns = np.array([place[str(token)] for token in part.vocabulary or ()])[chosen.indices]
    shape = (len(rows), len(place))
    return sp.csr_array((np.ones(chosen.nnz), columns, chosen.indptr), shape=shape)


def subspace_overlap(first: Floats, second: Floats) -> float:
    """‖PᵀQ‖²/k of two orthonormal bases of k columns: 1 for one subspace, about k/V for unrelated ones.

    Raises:
        NTPDataError: shapes that differ, or no column.
    """
    P, Q = real_array(first, "first", "(V, k)"), real_array(second, "second", "(V, k)")
    if P.shape != Q.shape or P.ndim != 2 or not P.size:
        raise NTPDataError(f"bases have shapes {P.shape} and {Q.shape}; both must be the same (V, k), not empty")
    return float(np.sum((P.T @ Q) ** 2) / P.shape[1])


@result
class ResampledAgreement:
    """Outcome of `resampled_agreement`.

    Attributes:
        by_number: |⟨q_k, q'_k⟩|, (draws, K).
        nearest: the largest |⟨q_k, q'_l⟩| of the K + 2 leading concepts of a draw (or of all that there are): not
            small where concepts only changed places, (draws, K).
    """

    by_number: Floats
    nearest: Floats


def resampled_agreement(matrix: Candidate, whole: Concepts, *, draws: int, seed: int = 0) -> ResampledAgreement:
    """Agreement of the concepts of a matrix with those of as many of its rows drawn with repetition.

    Args:
        matrix: the candidate, (m, V).
        whole: its concepts.
        draws: how often the rows are drawn.
        seed: of the draws.

    Raises:
        NTPDataError: no draw, or concepts of another vocabulary.
    """
    draws, seed = whole_number(draws, "draws", least=1), whole_number(seed, "seed")
    if len(whole.words) != matrix.shape[1]:
        raise NTPDataError(f"concepts of {len(whole.words)} words; the matrix has {matrix.shape[1]}")
    rng = np.random.default_rng(seed)
    count, m = len(whole.strengths), matrix.shape[0]
    more = min(count + 2, m - 1, matrix.shape[1] - 1)
    by_number, nearest = [], []
    for _ in range(draws):
        drawn = Candidate(matrix.values[rng.integers(0, m, m)], matrix.is_centred)
        agreement = np.abs(whole.words.T @ concepts(drawn, max(count, more)).words)
        by_number.append(np.diag(agreement))
        nearest.append(agreement.max(axis=1))
    return ResampledAgreement(np.array(by_number), np.array(nearest))
