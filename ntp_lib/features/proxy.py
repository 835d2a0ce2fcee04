"""The centred supports S̃ = S (I − 11ᵀ/V), and whether they have least nuclear norm (book, thm-proxy-criterion)."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from ntp_lib.features.feasible import feasible_dual
from ntp_lib.features.kinds import MergedSupports, kinds
from ntp_lib.features.support_argument import support_of
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result

# Singular values below this, relative to the largest, are zeros.
RANK_TOLERANCE = 1e-10


@result
class ProxyCertificate:
    """What the polar factor U Qᵀ of S̃ = U Σ Qᵀ says about S̃ (book, thm-proxy-criterion).

    Attributes:
        polar: U Qᵀ, (m, V).
        largest_off: its largest entry off the supports.
        exact: True where no entry off the supports is positive, so that no feasible logits have a smaller nuclear
            norm than S̃; False where one is and S̃ has full rank, so that others have; None where one is and the
            criterion decides nothing.
        unique: all entries off the supports are negative, so that S̃ is the only minimiser; False says nothing.
        gap: the least norm is above ‖S̃‖_* (1 − gap), by the multipliers made of the polar factor; rounding where
            `exact`, and far from sharp elsewhere.
    """

    polar: Floats = field(repr=False)
    largest_off: float
    exact: bool | None
    unique: bool
    gap: float


def centred_support(data_or_support: Any) -> Floats:
    """S̃: of every row of S the mean over all tokens is taken away, (m, V).

    Args:
        data_or_support: data, of which only the supports matter, or booleans or zeros and ones, (m, V), dense or
            sparse.

    Raises:
        NTPDataError: an entry that is neither 0 nor 1, a context without a token, fewer than two tokens.

    Example:
        >>> centred_support([[1, 1, 0, 0]]).tolist()
        [[0.5, 0.5, -0.5, -0.5]]
    """
    support = support_of(data_or_support)
    return np.asarray(support - support.mean(axis=1)[:, None])


def proxy_certificate(data_or_support: Any, *, tolerance: float = 1e-9) -> ProxyCertificate:
    """Decide by its polar factor whether S̃ solves the nuclear-norm programme (book, thm-proxy-criterion).

    Full rank means here as many as there are different supports, or one less than there are tokens that differ
    in the supports they occur in: other certificates than the polar factor can be averaged over equal contexts
    and equal tokens, and then none is left.

    Args:
        data_or_support: as in `centred_support`.
        tolerance: what counts as zero beside the largest entry of the polar factor; raised to the rounding that a
            small singular value causes.

    Raises:
        NTPDataError: as in `centred_support`, or no token is off any support.

    Example:
        >>> certificate = proxy_certificate(np.eye(4))
        >>> certificate.exact, certificate.unique
        (True, True)
    """
    tolerance = real_number(tolerance, "tolerance", least=0, below=1)
    support = support_of(data_or_support, proper=True)
    merged = MergedSupports.of(support)
    counts, scale = merged.column_counts, merged.scale
    proxy = scale * (merged.support - (merged.support @ counts / counts.sum())[:, None])
    U, sigma, Qt = np.linalg.svd(proxy, full_matrices=False)
    rank = int((sigma > RANK_TOLERANCE * sigma[0]).sum())
    polar = U[:, :rank] @ Qt[:rank] / scale
    off = polar[~merged.support]
    rounding = np.finfo(float).eps * sum(proxy.shape) * sigma[0] / sigma[rank - 1]
    zero = max(tolerance, float(rounding)) * float(np.abs(polar).max())
    full_rank = rank == min(proxy.shape[0], proxy.shape[1] - 1)
    exact = True if off.max() <= zero else False if full_rank else None
    dual = feasible_dual(polar, merged.support, counts, scale)
    bound = -float((scale**2 * dual)[~merged.support].sum())
    return ProxyCertificate(
        polar=merged.expanded(polar),
        largest_off=float(off.max()),
        exact=exact,
        unique=bool(off.max() < -zero),
        gap=1 - bound / float(sigma.sum()),
    )


def is_ultrametric(data_or_support: Any) -> bool:
    """Whether C_zz' ≥ min(C_zz'', C_z''z') for every three tokens, C = SᵀS (book, thm-ultrametric).

    C counts the contexts that two tokens both follow, copies of a context one by one.

    Args:
        data_or_support: as in `centred_support`.

    Raises:
        NTPDataError: as in `centred_support`.

    Example:
        >>> is_ultrametric([[1, 1, 0, 0], [1, 0, 0, 0]]), is_ultrametric([[1, 1, 0], [0, 1, 1]])
        (True, False)
    """
    support = support_of(data_or_support)
    # Tokens that occur in the same supports satisfy the condition with each other, and are one otherwise.
    columns: Bools = support[:, kinds(support.T)[0]]
    counts = columns.astype(np.float64)
    together = counts.T @ counts
    return all(bool((together >= np.minimum(row[:, None], row)).all()) for row in together)
