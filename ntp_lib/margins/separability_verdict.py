"""Verdicts on NTP-separability: a direction or a certificate, checked against the data without a solver."""

from __future__ import annotations

import enum
from dataclasses import field

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NotSeparableError
from ntp_lib.margins import certificates
from ntp_lib.margins.few_tokens.pair_count import frequent_pair
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.multipliers import Multipliers, laid_out
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.scaling import scaled_rows


class Verdict(enum.Enum):
    """What `separability` found."""

    SEPARABLE = "a direction satisfies (6a) and (6b)"
    NOT_SEPARABLE = (
        f"a certificate excludes every margin above {certificates.EXCLUDED_MARGIN:g} per unit of ‖W‖ and of "
        "embedding length"
    )
    UNDECIDED = "neither a direction nor a certificate was found within the limits"


@result
class Separability:
    """Outcome of `separability`.

    Attributes:
        data: the problem.
        status: separable, not separable, or undecided; `status.value` explains it.
        direction: W^d with (6a) and least margin 1, (V, d), when separable; of another length where float64's
            range does not reach margin 1.
        certificate: A, (m, V), when not: rows sum to zero, A ≤ 0 off support, Aᵀ·embeddings = 0 up to rounding.
            A NumPy array up to 2^24 entries, a SciPy CSR array beyond.
        reason: what stopped an undecided search, and what it found out about the margin.
        margin_bounds: where undecided, the margins between which the largest one lies, per unit of ‖W‖ and of
            embedding length: that of the best direction found (−inf without one), and the least that is excluded.
    """

    data: NTPData = field(repr=False)
    status: Verdict
    direction: Floats | None = field(default=None, repr=False)
    certificate: Multipliers | None = field(default=None, repr=False)
    reason: str = ""
    margin_bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def holds(self) -> bool | None:
        """True, False, or None when undecided."""
        return None if self.status is Verdict.UNDECIDED else self.status is Verdict.SEPARABLE

    @property
    def excluded_margin(self) -> float:
        """Per unit of ‖W‖ and of embedding length; the certificate excludes every larger one; else inf."""
        if self.certificate is None:
            return float("inf")
        return certificates.certificate_margin(self.certificate, self.data)

    def verify(self) -> bool:
        """Check the direction or the certificate against the data, without the solver; False when undecided.

        A direction must keep a margin of 1e-9 per unit of ‖W‖ and of embedding length, with ties exact to 1e-7 of
        the margin; where it does not, the embeddings must be independent in exact arithmetic (Lemma 1). A
        certificate must exclude all margins above 1e-13; its contexts must not be independent in exact arithmetic.
        """
        if self.direction is not None:
            return certificates.direction_holds(self.direction, self.data)
        if self.certificate is not None:
            return certificates.certificate_holds(self.certificate, self.data)
        return False


def accepted(data: NTPData, direction: Floats) -> Separability | None:
    """The verdict of a direction, (V, d), of any length; None where it does not hold."""
    scaled = _at_margin_one(data, direction)
    if scaled is None:
        return None
    found = Separability(data, Verdict.SEPARABLE, direction=scaled)
    return found if found.verify() else None


def _at_margin_one(data: NTPData, direction: Floats) -> Floats | None:
    """The direction over its least margin, where float64 holds that; None without a positive margin."""
    rows, _, exponents = scaled_rows(data)
    margins = context_margins(direction, data, rows)[0]
    if not margins.min() > 0:
        return None
    if not exponents.any():
        return np.asarray(direction / margins.min())
    fractions, powers = np.frexp(margins)
    powers = np.where(np.isfinite(margins), powers + exponents, np.iinfo(np.int32).max)
    least = np.lexsort((fractions, powers))[0]
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(direction / fractions[least], -int(powers[least]))
    peak = float(np.abs(scaled).max())
    return np.asarray(scaled if np.finfo(float).tiny / np.finfo(float).eps < peak < np.inf else direction)


def excluded(data: NTPData, certificate: Multipliers) -> Separability:
    """The verdict of a certificate A, (m, V), or undecided with what it excludes nonetheless."""
    found = Separability(data, Verdict.NOT_SEPARABLE, certificate=laid_out(certificate, data))
    if found.verify():
        return found
    return undecided(
        data,
        f"margins above {found.excluded_margin:.1e} per unit of ‖W‖ and of embedding length are excluded, "
        "smaller ones are not: some embeddings are nearly dependent but not exactly so",
    )


def undecided(data: NTPData, reason: str, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Separability:
    """Undecided, with what is known about the margin and about the dimension that two tokens need."""
    known = []
    if np.isfinite(bounds[1]):
        known.append(f"no margin is above {bounds[1]:.1e} per unit of ‖W‖ and of embedding length")
    if bounds[0] > 0:
        known.append(f"one of {bounds[0]:.1e} was found, too small beside rounding")
    pair = frequent_pair(data)
    if pair is not None and pair.dimension > data.dim:
        known.append(f"by Cover's count the two most frequent tokens alone need about {pair.dimension} dimensions")
    return Separability(data, Verdict.UNDECIDED, reason="; ".join([reason, *known]), margin_bounds=bounds)


def certified_error(verdict: Separability, consequence: str) -> NotSeparableError:
    """The error for data that are not separable, with the certificate, for the caller to raise.

    Args:
        verdict: not separable.
        consequence: what cannot be had therefore.

    Raises:
        DidNotConvergeError: the verdict has no certificate.
    """
    if verdict.certificate is None:
        raise DidNotConvergeError(f"no W^mm and no certificate against one were found, so {consequence}")
    return NotSeparableError(
        f"the data are not NTP-separable, so {consequence}; the certificate attached excludes every margin above "
        f"{verdict.excluded_margin:.1e} per unit of ‖W‖ and of embedding length",
        verdict.certificate,
    )
