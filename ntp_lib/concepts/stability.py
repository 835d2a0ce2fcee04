"""How far concepts can be trusted: the same ones from other halves of a text, or from contexts drawn again."""

from __future__ import annotations

import numpy as np

from ntp_lib.concepts.candidates import Candidate
from ntp_lib.concepts.spectrum import Concepts, concepts
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import whole_number


def subspace_overlap(first: Floats, second: Floats) -> float:
    """‖PᵀQ‖²/k of two orthonormal bases of k columns: 1 for one subspace, about k/V for unrelated ones.

    Raises:
        NTPDataError: shapes that differ.
    """
    P, Q = real_array(first, "first", "(V, k)"), real_array(second, "second", "(V, k)")
    if P.shape != Q.shape or P.ndim != 2:
        raise NTPDataError(f"bases have shapes {P.shape} and {Q.shape}; both must be the same (V, k)")
    return float(np.sum((P.T @ Q) ** 2) / P.shape[1])


def resampled_agreement(matrix: Candidate, whole: Concepts, *, draws: int, seed: int = 0) -> Floats:
    """|⟨q_k, q'_k⟩| between the concepts of a matrix and those of as many of its rows drawn with repetition.

    Args:
        matrix: the candidate, (m, V).
        whole: its concepts.
        draws: how often the rows are drawn.
        seed: of the draws.

    Returns:
        (draws, k).

    Raises:
        NTPDataError: no draw, or concepts of another vocabulary.
    """
    draws, seed = whole_number(draws, "draws", least=1), whole_number(seed, "seed")
    if len(whole.words) != matrix.shape[1]:
        raise NTPDataError(f"concepts of {len(whole.words)} words; the matrix has {matrix.shape[1]}")
    rng = np.random.default_rng(seed)
    count, m = len(whole.strengths), matrix.shape[0]
    rows = []
    for _ in range(draws):
        drawn = Candidate(matrix.values[rng.integers(0, m, m)], matrix.is_centred)
        rows.append(np.abs(np.sum(whole.words * concepts(drawn, count).words, axis=0)))
    return np.array(rows)
