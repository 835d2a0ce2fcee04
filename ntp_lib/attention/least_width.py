"""The least number of nested features at which data are separable, by bisection (book, capacity)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ntp_lib.attention.features import whitened
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.margins.separability import separability
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import whole_number


@dataclass(frozen=True)
class LeastWidth:
    """Two ends between which the least width lies, each with a certificate.

    Attributes:
        refuted: a number of features with which the data are not separable; 0 needs no certificate.
        certified: a number with which they are.
    """

    refuted: int
    certified: int

    @property
    def resolved(self) -> bool:
        """Whether the ends are neighbours, so that `certified` is the least width."""
        return self.certified == self.refuted + 1


def least_width(
    features: Floats, data_of: Callable[[Floats], NTPData], *, low: int = 0, time_limit: float = 60.0
) -> LeastWidth:
    """Bisect for the least m for which the first m features separate the supports.

    More of the same features never hurt, so that one change of the verdict is all there is. Features are whitened
    first, which changes no verdict.

    Args:
        features: (n, M); with all M of them the data must be separable.
        data_of: makes the data from features, (n, m).
        low: where to begin, below M; it is not taken for refuted but tried where the search ends at it.
        time_limit: seconds for one verdict; one that is not reached ends the search.

    Raises:
        NTPDataError: no verdict, or a refutation, with all features; low out of range.
    """
    features = real_array(features, "features", "(n, M)")
    if features.ndim != 2 or not features.size:
        raise NTPDataError(f"features has shape {features.shape}; (n, M) is needed")
    most = features.shape[1]
    low = whole_number(low, "low", most=most - 1)

    def verdict(width: int) -> bool | None:
        return separability(data_of(whitened(features[:, :width])), time_limit=time_limit).holds

    if verdict(most) is not True:
        raise NTPDataError(f"with all {most} features separability is not certified; more features are needed")
    refuted, certified, tried = low, most, low == 0
    while certified - refuted > 1 or not tried:
        middle = (refuted + certified) // 2 if certified - refuted > 1 else low
        found = verdict(middle)
        if found is None:
            return LeastWidth(refuted if tried else 0, certified)
        if found:
            certified = middle
            # The start was too high: what is below it is open again.
            refuted, tried = (0, True) if middle == low else (refuted, tried)
        else:
            refuted, tried = middle, True
    return LeastWidth(refuted, certified)
