"""Strengths of choice models by Zermelo's iteration: a second solver for the finite part (prop-choice-luce)."""

from __future__ import annotations

import numpy as np

from ntp_lib.choice.data import ChoiceData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import real_number, whole_number


def luce_strengths(
    choice: ChoiceData, *, kept: Bools | None = None, tolerance: float = 1e-13, max_iterations: int = 200_000
) -> Floats:
    """Logarithms u of the strengths with which each query chooses c ∈ C_j with probability ∝ m_jc e^{u_c}.

    Zermelo's iteration, in the form of Hunter's minorise–maximise algorithm: a token's strength becomes its
    wins over Σ_j π̂_j m_jc / Σ_{c'} m_jc' e^{u_c'}. It uses no embedding: with orthonormal embeddings of tokens
    and of queries E_cᵀ W_fin q_k = u_kc.

    Args:
        choice: the data, whose choices are cut down to the components of the labels.
        kept: the candidates among which is chosen, (n,), in place of those components.
        tolerance: the largest difference between the wins of a token and those expected of it, as a share of its
            wins, at which the iteration stops.
        max_iterations: after which it gives up.

    Returns:
        One row for each query in the order of `choice.query_groups`, one column for each token; mean zero over
        each strong component, zero for what no choice is about, (queries, K).

    Raises:
        DidNotConvergeError: wins and expected wins did not agree.

    Example:
        >>> data = ChoiceData.from_sentences(["abq"] * 4, ["a", "a", "a", "b"])
        >>> np.exp(2 * luce_strengths(data)[0, 0]).round(6).item()
        3.0
    """
    tolerance = real_number(tolerance, "tolerance", above=0)
    max_iterations = whole_number(max_iterations, "max_iterations", least=1)
    kept = choice.in_completed if kept is None else kept
    groups, names = choice.query_groups
    size = len(names) * choice.num_tokens
    rows, counts = choice.rows[kept], choice.candidates.data[kept]
    places = groups[rows] * choice.num_tokens + choice.tokens[kept]
    weights, m = choice.context_probs[rows], choice.num_contexts
    wins = np.bincount(places, weights * choice.probs[kept], minlength=size)
    strengths = np.ones(size)
    for _ in range(max_iterations):
        totals = np.bincount(rows, counts * strengths[places], minlength=m)
        rates = np.bincount(places, weights * counts / totals[rows], minlength=size)
        missed = np.abs(wins - rates * strengths)
        if np.all(missed <= tolerance * wins):
            return _centred(np.log(strengths).reshape(len(names), -1), choice.components)
        strengths = np.divide(wins, rates, out=np.ones(size), where=rates > 0)
        if not strengths.all():
            break
    raise DidNotConvergeError(
        f"wins and expected wins differ by {np.max(missed / np.where(wins > 0, wins, 1)):.1e} of the wins; a "
        "finite maximum exists where the comparisons connect every token with every other, both ways"
    )


def _centred(logs: Floats, components: np.typing.NDArray[np.int64]) -> Floats:
    """Less the mean of each component of each query."""
    for row, parts in zip(logs, components, strict=True):
        row -= (np.bincount(parts, row) / np.maximum(np.bincount(parts), 1))[parts]
    return logs
