"""Where two small classes coincide, and what cross-entropy with weight decay does with them."""

import numpy as np
import pytest

from ntp_lib.contrastive.classes import class_gram
from ntp_lib.contrastive.decay import decay_cosines
from ntp_lib.contrastive.minority import collapse_ratio, limiting_cosine, limiting_slack, minority_face
from ntp_lib.errors import NTPDataError


@pytest.mark.parametrize(("tau", "small"), [(1.0, 2), (2.0, 2), (1.0, 3)])
def test_small_classes_coincide_beyond_the_ratio_and_not_before(tau, small):
    ratio = collapse_ratio(tau, small=small)
    below, above = int(0.8 * ratio), int(1.2 * ratio)
    for R, together in ((below, False), (above, True)):
        found = class_gram((R * small, R * small, small, small), tau, tolerance=1e-11)
        apart = 1 - found.cosines[2, 3]
        assert (apart < 1e-5) == together
        face = minority_face(R, tau, small=small)
        assert (face.slack > 0) == together
        if together:
            assert face.cosine == pytest.approx(found.cosines[0, 1], abs=1e-7)


def test_slack_is_the_multiplier_of_the_face():
    found = class_gram((400, 400, 2, 2), 1.0, tolerance=1e-11)
    slack = 200**2 * (found.prices[2] - found.slope[2, 3]) * found.excess
    # Multipliers are known to the gap of 1e-11 over the distance of the classes from the face.
    assert minority_face(200, 1.0).slack == pytest.approx(slack, rel=1e-3)


@pytest.mark.parametrize("tau", [0.5, 1.0, 4.0])
def test_slack_tends_to_its_limit(tau):
    assert limiting_slack(tau) > 0
    assert minority_face(1e11, tau).slack == pytest.approx(limiting_slack(tau), rel=1e-6)


def test_the_limit_of_the_slack_is_finite_for_the_longest_features():
    assert limiting_slack(300.0) == pytest.approx(np.exp(600.0) / 16, rel=1e-12)


def test_equal_sizes_do_not_coincide():
    assert minority_face(1.0, 1.0).slack < 0


@pytest.mark.parametrize(("num_large", "num_small", "tau"), [(3, 2, 1.0), (4, 3, 1.0), (3, 4, 2.5), (2, 3, 1.0)])
def test_small_classes_among_more_large_ones(num_large, num_small, tau):
    R = 2_000
    found = class_gram([2 * R] * num_large + [2] * num_small, tau, tolerance=1e-11)
    # Derived for R → ∞; the next term is of the order of 1/R.
    assert limiting_cosine(num_large, tau) == pytest.approx(found.cosines[-1, -2], abs=0.01)


def test_bad_input_is_named():
    with pytest.raises(NTPDataError, match=r"ratio is 0\.5"):
        minority_face(0.5, 1.0)
    with pytest.raises(NTPDataError, match=r"^small is"):
        minority_face(2.0, 1.0, small=1)
    with pytest.raises(NTPDataError, match=r"^ratio is"):
        minority_face(1e13, 1.0)
    with pytest.raises(NTPDataError, match=r"^num_large is"):
        limiting_cosine(1, 1.0)
    with pytest.raises(NTPDataError, match="do not begin to coincide"):
        collapse_ratio(60.0)


def test_decay_cosines_are_those_of_the_centred_supports():
    sizes = [7, 4, 2]
    support = np.repeat(np.eye(3), sizes, axis=0)
    left, sigma, right = np.linalg.svd(support - 1 / 3, full_matrices=False)
    rows = (left * np.sqrt(sigma))[:, :2][[0, 7, 11]]
    words = (right.T * np.sqrt(sigma))[:, :2]
    for found, vectors in zip(decay_cosines(sizes), (rows, words), strict=True):
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        np.testing.assert_allclose(found, units @ units.T, atol=1e-12)


@pytest.mark.parametrize("ratio", [1, 4, 16, 100])
def test_decay_cosines_of_two_large_and_two_small_classes(ratio):
    q = np.sqrt(2 / (ratio + 1))
    contexts, words = decay_cosines([2 * ratio, 2 * ratio, 2, 2])
    assert contexts[2, 3] == pytest.approx((q - 2) / (q + 2), abs=1e-12)
    assert words[2, 3] == pytest.approx((1 / q - 2) / (1 / q + 2), abs=1e-12)
