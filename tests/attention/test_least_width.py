"""Bisection for the least width: against every width, from any start, and what is refused."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.attention import least_width as module
from ntp_lib.attention.least_width import LeastWidth, least_width
from ntp_lib.errors import NTPDataError

rng = np.random.default_rng(5)
FEATURES = rng.standard_normal((14, 12))
PROBS = np.eye(4)[rng.integers(4, size=14)]


def data_of(H):
    return ntp.NTPData(H, np.full(len(H), 1 / len(H)), PROBS)


LEAST = next(m for m in range(1, 13) if ntp.separability(data_of(FEATURES[:, :m])).holds)


@pytest.mark.parametrize("low", [0, 1, LEAST - 1, LEAST, LEAST + 2, 11])
def test_the_least_width_is_found_from_any_start(low):
    assert 1 < LEAST < 10
    found = least_width(FEATURES, data_of, low=low)
    assert found == LeastWidth(LEAST - 1, LEAST)
    assert found.resolved


class Verdict:
    def __init__(self, holds):
        self.holds = holds


@pytest.mark.parametrize(("low", "refuted"), [(0, 4), (4, 4), (3, 3), (6, 0)])
def test_a_width_without_a_verdict_ends_the_search_between_certificates(monkeypatch, low, refuted):
    def separability(data, time_limit):
        return Verdict(None if 5 <= data.dim <= 7 else data.dim > 7)

    monkeypatch.setattr(module, "separability", separability)
    found = least_width(FEATURES, data_of, low=low)
    assert not found.resolved
    assert (found.refuted <= 4, found.certified >= 8) == (True, True)
    assert found.refuted in (0, refuted, 4)


def test_bad_input_is_named():
    with pytest.raises(NTPDataError, match="low is 12"):
        least_width(FEATURES, data_of, low=12)
    with pytest.raises(NTPDataError, match="features has shape"):
        least_width(np.ones(3), data_of)
    with pytest.raises(NTPDataError, match="with all 2 features"):
        least_width(FEATURES[:, :2], data_of)
