"""The matrix law: the threshold law for exchangeable supports, something else for others."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

import ntp_lib as ntp
from ntp_lib.thresholds.matrix_law import _averages, _square_root, matrix_threshold
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


@pytest.fixture
def unsettled(monkeypatch):
    """Few samples are enough, however much the two values differ."""
    monkeypatch.setattr("ntp_lib.thresholds.matrix_law.AGREEMENT", np.inf)


def nearest(support, metric_root, omega, basis):
    """The point of K_S nearest to ω in the metric, by bounded least squares: −Σ x_v e_v, x ≥ 0 off S."""
    off = basis[:, ~support]
    return -off @ lsq_linear(-metric_root @ off, metric_root @ omega, (0, np.inf), method="bvls", tol=1e-14).x


@pytest.mark.parametrize("seed", range(3))
def test_averages_against_projections_and_their_differences(seed):
    rng = np.random.default_rng(seed)
    basis = np.linalg.svd(np.ones((1, 4)))[2][1:]
    supports = SupportLaw(1, 3).draw(8, 4, rng)
    root, metric, covariance = np.empty((3, 3)), *(A @ A.T + np.eye(3) for A in rng.standard_normal((2, 3, 3)))
    root, g = np.linalg.cholesky(metric).T, rng.standard_normal((8, 3))
    left, right = _averages(supports, basis, g, metric, covariance)
    omegas = g @ _square_root(covariance)
    lefts, rights = [], []
    for support, omega in zip(supports, omegas, strict=True):
        residual = omega - nearest(support, root, omega, basis)
        rights.append(np.outer(residual, residual))
        # The projection is piecewise linear: differences are exact but where a piece ends within their reach.
        steps = 1e-6 * np.eye(3)
        ends = [[nearest(support, root, omega + sign * step, basis) for step in steps] for sign in (1, -1)]
        lefts.append(metric @ (np.eye(3) - (np.array(ends[0]) - np.array(ends[1])).T / 2e-6))
    np.testing.assert_allclose(left, np.mean(lefts, axis=0), atol=1e-7)
    np.testing.assert_allclose(right, np.mean(rights, axis=0), atol=1e-9)


def test_the_square_root_of_a_matrix_with_a_kernel():
    """Rounding below zero in the kernel is no obstacle."""
    A = np.random.default_rng(0).standard_normal((4, 2))
    matrix = A @ A.T
    root = _square_root(matrix)
    np.testing.assert_allclose(root @ root, matrix, atol=1e-12)
    np.testing.assert_allclose(root, root.T, atol=1e-12)
    assert np.linalg.eigvalsh(root).min() > -1e-7
    assert np.isfinite(_square_root(-1e-18 * np.eye(2))).all()


def test_exchangeable_supports_rest_at_the_identity():
    found = matrix_threshold(drawn("1-3", 4), samples=1500, burn_in=1, iterations=2)
    for matrix in (found.metric, found.covariance):
        assert np.trace(matrix) == pytest.approx(3, rel=1e-12)
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
        np.testing.assert_allclose(matrix, np.eye(3), atol=0.12)
    assert found.second_value == pytest.approx(found.value, rel=0.03)


def test_whole_vocabularies_among_others_pin_nothing():
    """For two tokens a single one counts a half and both count one: the ratio is 1/(3/4)."""
    found = matrix_threshold(drawn("1-2", 2), samples=2000, burn_in=0, iterations=2)
    assert found.value == pytest.approx(4 / 3, abs=0.04)
    assert found.second_value == pytest.approx(4 / 3, abs=0.06)


def test_the_first_values_are_those_of_the_sample_drawn(unsettled):
    """With P = 1 and V = 2, one-hot supports pin whole signs: shares of the sample, for the first value."""
    found = matrix_threshold(drawn("1", 2), samples=8, burn_in=0, iterations=2)
    shares = [8 / k for k in range(1, 9)]
    means = [(a + b) / 2 for a in shares for b in shares]
    assert min(abs(found.value - mean) for mean in means) < 1e-12


def test_the_same_seed_draws_the_same_and_zero_is_the_default(unsettled):
    options = {"samples": 60, "burn_in": 0, "iterations": 2}
    plain, zero, one = (
        matrix_threshold(drawn("1", 2), **options, **seed) for seed in ({}, {"seed": 0}, {"seed": 1})
    )
    assert plain.value == zero.value
    assert plain.second_value != one.second_value


def test_progress_is_shown_where_asked_for(unsettled, capsys):
    for progress in (False, True):
        matrix_threshold(drawn("1", 2), samples=60, burn_in=1, iterations=2, progress=progress)
        shown = capsys.readouterr().err
        assert ("matrix law: 100%" in shown) == progress
        assert ("3/3" in shown) == progress


@pytest.mark.parametrize(
    "supports",
    [np.zeros((1, 3), dtype=bool), np.ones((1, 3), dtype=bool), np.array([[True, False], [False, False]])],
)
def test_empty_and_only_whole_supports_are_refused(supports):
    with pytest.raises(ntp.NTPDataError, match="no support may be empty, and not all may be the whole vocabulary"):
        matrix_threshold(lambda count, rng: np.resize(supports, (count, supports.shape[1])), samples=5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples is 0; it must be a whole number of at least 1"),
        ({"burn_in": -1}, "burn_in is -1; it must be a whole number of at least 0"),
        ({"iterations": 1}, "iterations is 1; it must be a whole number of at least 2"),
        ({"seed": 0.5}, "seed is 0.5; it must be a whole number of at least 0"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ntp.NTPDataError, match=f"^{message}"):
        matrix_threshold(drawn("1", 3), **options)


def test_an_iteration_that_is_not_at_rest_is_an_error(monkeypatch):
    monkeypatch.setattr("ntp_lib.thresholds.matrix_law.AGREEMENT", 1e-9)
    message = r"^matrix law: its two values \d\.\d{4} and \d\.\d{4} differ after 3 iterations$"
    with pytest.raises(ntp.DidNotConvergeError, match=message):
        matrix_threshold(drawn("zipf:1-2", 4), samples=50, burn_in=1, iterations=2)


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
