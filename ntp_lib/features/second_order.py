"""What a bounded part adds to the nuclear norm of large logits of full rank (book, thm-optimum-chosen)."""

from __future__ import annotations

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.features.measurements import FeatureReferences
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.results import result

# Entries of a polar factor below this share of its largest are zeros, and singular values of logits likewise.
ZERO = 1e-5


@result
class FullRank:
    """A max-margin matrix of full rank and the one dual optimal matrix, its polar factor.

    Attributes:
        left: U, (m, r), with r the least of m and V − 1.
        sigma: singular values, falling, (r,).
        right: Q, (V, r); columns sum to zero.
        dual: A = U Qᵀ, (m, V).
        tight: pairs off the supports with a_jv < 0, (m, V).
        free: pairs off the supports with a_jv = 0, (m, V).
    """

    left: Floats
    sigma: Floats
    right: Floats
    dual: Floats
    tight: Bools
    free: Bools


def full_rank(logits: Floats, references: FeatureReferences) -> FullRank:
    """Singular vectors of a max-margin matrix, and which pairs its polar factor leaves free.

    Args:
        logits: Λ^mm, (m, V), of rank min(m, V − 1); rows sum to zero.
        references: of the problem.

    Raises:
        NTPDataError: another shape, a smaller rank, or a polar factor with a positive entry off the supports, so
            that the matrix has not the least nuclear norm.
    """
    support = references.support
    logits = real_array(logits, "logits", "(m, V)")
    if logits.shape != support.shape:
        raise NTPDataError(f"logits have shape {logits.shape}; the supports have {support.shape}")
    left, sigma, right = np.linalg.svd(logits - logits.mean(axis=1)[:, None], full_matrices=False)
    r = min(support.shape[0], support.shape[1] - 1)
    if sigma[r - 1] <= ZERO * sigma[0]:
        raise NTPDataError(
            f"logits have rank {int((sigma > ZERO * sigma[0]).sum())}; full rank, {r}, is needed, for only then "
            "the nuclear norm is smooth"
        )
    dual = left[:, :r] @ right[:r]
    zero = ZERO * np.abs(dual).max()
    if (dual[~support] > zero).any():
        j, v = np.argwhere(~support & (dual > zero))[0]
        raise NTPDataError(
            f"logits: their polar factor is {dual[j, v]:.2g} for context {j} and token {v} off its support; a "
            "max-margin matrix has none above 0"
        )
    tight = ~support & (dual < -zero)
    return FullRank(left[:, :r], sigma[:r], right[:r].T, dual, tight, ~support & ~tight)


def settled_offsets(optimum: FullRank, references: FeatureReferences) -> Floats:
    """log(π̂_j γ_j / |a_jv|), γ_j the geometric mean of p̂_j on its support: where margins less log(1/λ) settle.

    Returns:
        (m, V); nan on the supports and at free pairs.
    """
    data, support = references.data, references.support
    total = np.where(support, np.exp(references.finite), 0.0).sum(axis=1)
    out = np.full(support.shape, np.nan)
    contexts = np.nonzero(optimum.tight)[0]
    out[optimum.tight] = np.log((data.context_probs / total)[contexts] / -optimum.dual[optimum.tight])
    return out


def second_order_cost(logits: Floats, references: FeatureReferences, *, margins: bool = True) -> float:
    """Q(Λ): the least second-order term of the norm at Λ over the bounded parts that the path can have.

    The bounded part has the log-odds on the supports and `settled_offsets` at tight pairs; free pairs are
    minimised over. Limits of full rank have the least Q of all max-margin matrices (book, thm-optimum-chosen).

    Args:
        logits: Λ in 𝒪, of full rank, (m, V).
        references: of the problem.
        margins: False leaves the offsets at tight pairs out and keeps the log-odds alone.

    Raises:
        NTPDataError: as for `full_rank`.
    """
    optimum = full_rank(logits, references)
    offsets = settled_offsets(optimum, references) if margins else np.zeros(references.support.shape)
    part = np.where(optimum.tight, -offsets, references.finite)
    target = root_of_cost(part[None], optimum.left, optimum.sigma, optimum.right)[0]
    if not optimum.free.any():
        return float(target @ target)
    units = unit_entries(optimum.free)
    columns = root_of_cost(units, optimum.left, optimum.sigma, optimum.right).T
    least = np.linalg.lstsq(columns, -target, rcond=1e-10)[0]
    rest = target + columns @ least
    return float(rest @ rest)


def unit_entries(pairs: Bools) -> Floats:
    """Matrices with a single one, at each of the pairs (m, V) in the order of rows: (n, m, V)."""
    places = np.argwhere(pairs)
    units = np.zeros((len(places), *pairs.shape))
    units[np.arange(len(places)), places[:, 0], places[:, 1]] = 1.0
    return units


def root_of_cost(E: Floats, U: Floats, sigma: Floats, Q: Floats) -> Floats:
    """Vectors, linear in E, whose squares are half the second derivatives of the nuclear norm at U Σ Qᵀ.

    Args:
        E: directions, (n, m, V); their rows are centred here.
        U: (m, r), with r = min(m, V − 1).
        sigma: positive, (r,).
        Q: (V, r), columns of which sum to zero.

    Returns:
        (n, any).
    """
    E = E - E.mean(axis=2)[:, :, None]
    x = U.T @ E @ Q
    above, diagonal = np.triu_indices(len(sigma), 1), np.sqrt(2 * sigma)
    skew = ((x - x.transpose(0, 2, 1)) / np.sqrt(2 * (sigma[:, None] + sigma)))[:, above[0], above[1]]
    rows = (E @ Q - U @ x) / diagonal
    columns = (E.transpose(0, 2, 1) @ U - Q @ x.transpose(0, 2, 1)) / diagonal
    return np.concatenate([skew, rows.reshape(len(E), -1), columns.reshape(len(E), -1)], axis=1)
