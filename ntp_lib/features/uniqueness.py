"""Whether the logits of least nuclear norm are one point (book, prop-unique-certificate)."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from ntp_lib.errors import NTPDataError
from ntp_lib.features.kinds import kinds
from ntp_lib.features.nuclear_margin import NuclearMargin
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.results import result

# What a gap of g leaves of errors in the multipliers, as a multiple of √g, and the least that is assumed.
ERROR, LEAST_ERROR = 10.0, 1e-6
# Entries of the equations held at a time, and the most unknowns taken: the factor is square.
BLOCK_ENTRIES, MAX_UNKNOWNS = 2**24, 4000


@result
class Uniqueness:
    """The linear map M ↦ ties and tight margins of U M Qᵀ, on symmetric (r × r) matrices M.

    U and Q are singular vectors of the multipliers A for singular values of one. Every minimiser is U M Qᵀ with
    M ⪰ 0, keeps the ties, and has margin one where a_jv < 0. So if the map is injective there is one minimiser
    (book, prop-unique-certificate). The numbers are computed in floating point: evidence, no proof.

    Attributes:
        rank: r; no minimiser has a larger rank.
        null_dim: dimension of the matrices M that the map cannot see; the minimisers may form a set of that
            dimension, and not of a larger one.
        conditioning: least singular value of the map over its largest; near 0 where `null_dim` is not 0.
    """

    rank: int
    null_dim: int
    conditioning: float

    @property
    def unique(self) -> bool:
        """Whether the map is injective."""
        return self.null_dim == 0


def unique_margin(margin: NuclearMargin) -> Uniqueness:
    """Look for directions in which a minimiser could be moved.

    One context and one token of each kind are looked at: all minimisers have equal rows and columns within a kind
    (book, thm-nuclear-collapse). What is within ten times the root of the gap of zero or of one counts as that, so
    that a multiplier which may be zero proves nothing.

    Args:
        margin: what `nuclear_margin` returns; solve to a gap of 1e-8 or less.

    Raises:
        NTPDataError: something else, or one with so large a rank that the map has more than 4000 unknowns.

    Example:
        >>> from ntp_lib import synthetic
        >>> from ntp_lib.features.nuclear_margin import nuclear_margin
        >>> unique_margin(nuclear_margin(synthetic.toy_2d())).unique
        True
    """
    if not isinstance(margin, NuclearMargin):
        raise NTPDataError(f"margin is {type(margin).__name__}; it must be what nuclear_margin returns")
    error = max(LEAST_ERROR, ERROR * float(np.sqrt(max(margin.gap, 0.0))))
    support, A = margin.data.support_mask, np.asarray(margin.dual)
    left, sigma, right = np.linalg.svd(A, full_matrices=False)
    rank = int((sigma > 1 - error).sum())
    unknowns = rank * (rank + 1) // 2
    if unknowns > MAX_UNKNOWNS:
        raise NTPDataError(
            f"margin: {rank} singular values of its multipliers are one, so that the map has {unknowns} unknowns; "
            f"at most {MAX_UNKNOWNS} are taken"
        )
    rows, columns = kinds(support)[0], kinds(support.T)[0]
    places = np.ix_(rows, columns)
    tight = support | (-error * np.abs(A).max() > A)
    values = _singular_values(left[rows, :rank], right[:rank, columns].T, support[places], tight[places])
    null_dim = int((values <= error * values[0]).sum())
    return Uniqueness(rank, null_dim, float(values[-1] / values[0]))


def _singular_values(U: Floats, Q: Floats, support: Bools, tight: Bools) -> Floats:
    """Of the map on symmetric matrices, falling, as many as it has unknowns.

    Args:
        U: (r, k) of the contexts.
        Q: (c, k) of the tokens.
        support: (r, c).
        tight: pairs whose difference from the mean over their support is fixed, (r, c).
    """
    means = support @ Q / support.sum(axis=1)[:, None]
    upper = np.triu_indices(U.shape[1])
    # In the orthonormal basis of symmetric matrices an entry off the diagonal has weight √½ twice.
    weights = np.where(upper[0] == upper[1], 0.5, np.sqrt(0.5))
    factor = np.zeros((0, len(weights)))
    contexts, tokens = np.nonzero(tight)
    step = max(1, BLOCK_ENTRIES // len(weights))
    for start in range(0, len(contexts), step):
        j, v = contexts[start : start + step], tokens[start : start + step]
        u, q = U[j], Q[v] - means[j]
        block = weights * (u[:, upper[0]] * q[:, upper[1]] + u[:, upper[1]] * q[:, upper[0]])
        factor = scipy.linalg.qr(np.vstack([factor, block]), mode="r", check_finite=False)[0][: len(weights)]
    values = np.zeros(len(weights))
    found = np.linalg.svd(factor, compute_uv=False)
    values[: len(found)] = found
    return values
