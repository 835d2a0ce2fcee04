"""The matrix law: the threshold law for exchangeable supports, something else for others."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.matrix_law import matrix_threshold
from ntp_lib.thresholds.support_laws import SupportLaw


def drawn(text, vocab_size):
    return lambda count, rng: SupportLaw.parse(text).draw(count, vocab_size, rng)


def test_exchangeable_supports_give_the_threshold_law():
    found = matrix_threshold(drawn("1-2", 4), samples=1500, burn_in=4, iterations=10)
    # Noise of P and Q, about 3 % an entry here, moves the value in second order only.
    assert abs(found.value - ntp.threshold(vocab_size=4, support_size=[1, 2])) < 4 * found.standard_error + 0.01


def test_two_tokens_give_two_whatever_their_weights():
    found = matrix_threshold(drawn("zipf:1", 2), samples=2000, burn_in=0, iterations=4)
    assert found.value == pytest.approx(2.0, abs=0.06)
    assert np.allclose(found.metric, 1.0)


def test_one_iteration_on_the_identity_is_the_codimension():
    """Without any fitting the first value is (V − 1)/mean(|S| − 1 + a), for any supports."""
    found = matrix_threshold(drawn("3", 6), samples=4000, burn_in=0, iterations=2)
    assert found.value == pytest.approx(ntp.threshold(vocab_size=6, support_size=3), rel=0.02)


def test_bad_input_is_named():
    with pytest.raises(ntp.NTPDataError, match="empty"):
        matrix_threshold(lambda count, rng: np.zeros((count, 3), dtype=bool), samples=5)
    with pytest.raises(ntp.NTPDataError, match="iterations"):
        matrix_threshold(drawn("1", 3), iterations=1)


def test_an_iteration_that_is_not_at_rest_is_an_error(monkeypatch):
    monkeypatch.setattr("ntp_lib.thresholds.matrix_law.AGREEMENT", 1e-9)
    with pytest.raises(ntp.DidNotConvergeError, match="its two values"):
        matrix_threshold(drawn("zipf:1-2", 4), samples=50, burn_in=0, iterations=2)


def test_the_standard_error_is_that_of_a_mean():
    """Of two values it is half their difference. The values of a run follow from three means over it."""
    runs = {"samples": 3000, "seed": 3}
    law = drawn("2", 4)
    first = matrix_threshold(law, burn_in=0, iterations=2, **runs)
    second = matrix_threshold(law, burn_in=1, iterations=2, **runs)
    three = matrix_threshold(law, burn_in=0, iterations=3, **runs)
    last = 3 * three.value - 2 * first.value
    middle = 2 * second.value - last
    assert second.standard_error == pytest.approx(abs(last - middle) / 2, rel=1e-6)
    assert second.standard_error > 0
