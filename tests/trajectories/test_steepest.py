"""Steepest descent in other norms: lengths, directions, momentum, schedules, and gradients of size 1e-200."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.loss.slope import Slope
from ntp_lib.margins.norms import NORMS
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.optimisers import METHODS, STEEPEST, make_step, steepest_descent, step_sizes

ONE_HOT = ntp.synthetic.clusters(num_classes=4, dim=6, per_class=5)


def far_out(loss):
    """A decoder with about this loss, along the max-margin direction."""
    W_mm = ntp.ntp_svm(ONE_HOT).W
    return -np.log(loss) * W_mm


def test_step_sizes_fall_like_a_power():
    sizes = step_sizes(0.3, 0.5)
    assert [next(sizes) for _ in range(4)] == pytest.approx([0.3, 0.3 / 2**0.5, 0.3 / 3**0.5, 0.15])
    constant = step_sizes(0.3)
    assert [next(constant) for _ in range(3)] == [0.3, 0.3, 0.3]


@pytest.mark.parametrize("name", NORMS)
def test_a_step_has_its_length_and_attains_the_dual_norm(name, random_problem):
    data, norm = random_problem(0), NORMS[name]
    W = lecun(data)
    step = steepest_descent(Slope(data), norm=norm, step_size=0.1, step_decay=0.5)
    for k in range(1, 6):
        after, slope = step(W), ntp.gradient(W, data)
        assert norm.size(after - W) == pytest.approx(0.1 / k**0.5, rel=1e-10)
        assert -np.sum((after - W) * slope) == pytest.approx(0.1 / k**0.5 * norm.dual(slope), rel=1e-10)
        W = after
    plain = W - 0.1 * ntp.gradient(W, data)
    assert norm.size(plain - W) != pytest.approx(0.1, rel=1e-2), "control: a plain step has another length"


def test_momentum_averages_the_gradients(random_problem):
    data, W = random_problem(0), lecun(random_problem(0))
    step = steepest_descent(Slope(data), norm=NORMS["max"], step_size=0.1, momentum=0.5)
    average = np.zeros_like(W)
    for _ in range(5):
        average = 0.5 * average + 0.5 * ntp.gradient(W, data)
        expected = W - 0.1 * np.sign(average)
        W = step(W)
        assert np.abs(W - expected).max() <= 1e-14


@pytest.mark.parametrize("method", ["ngd", "adam", *STEEPEST])
@pytest.mark.parametrize("loss", [1e-30, 1e-200])
def test_directions_do_not_depend_on_the_size_of_the_gradient(method, loss):
    """A normalised method sees only the direction; on one-hot labels that is accurate down to 1e-300."""
    W = far_out(loss)
    expected = make_step(method, lambda W: Slope(ONE_HOT)(W) * 2.0**500, step_size=0.1, epsilon=0.0)
    step = make_step(method, Slope(ONE_HOT), step_size=0.1, epsilon=0.0)
    found = step(W) - W
    assert np.isfinite(found).all()
    # W is of size 1e2 to 1e3, so a difference of two of them is known to 1e-13.
    assert np.abs(found - (expected(W) - W)).max() <= 1e-11
    assert np.abs(found).max() > 1e-3


@pytest.mark.parametrize("loss", [1e-30, 1e-200])
def test_the_true_class_balances_the_others(loss):
    W = far_out(loss)
    slope = Slope(ONE_HOT)(W)
    assert 0 < np.abs(slope).max() < 1e3 * loss
    assert np.abs(slope.sum(axis=0)).max() <= 1e-12 * np.abs(slope).max()
    logits = ONE_HOT.embeddings @ W.T
    shifted = np.exp(logits - logits.max(axis=1)[:, None])
    naive = (shifted / shifted.sum(axis=1)[:, None] - ONE_HOT.next_token_probs) / ONE_HOT.num_contexts
    naive = naive.T @ ONE_HOT.embeddings
    assert np.abs(naive.sum(axis=0)).max() > 1e-3 * np.abs(naive).max(), "control: softmax − one-hot loses it"


def test_a_gradient_of_zero_stops_every_method():
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0]])
    W = np.array([[1e4], [-1e4]])
    for method in METHODS:
        step = make_step(method, Slope(data), step_size=0.1, epsilon=0.0)
        assert np.array_equal(step(W), W)


@pytest.mark.parametrize("method", STEEPEST)
def test_train_knows_the_methods(method):
    trace = ntp.train(ONE_HOT, method=method, step_size=0.1, step_decay=0.5, steps=200, W0=np.zeros((4, 6)))
    assert trace.frame["excess_loss"].iloc[-1] < 0.2 * trace.frame["excess_loss"].iloc[0]
    assert trace.frame["margin"].iloc[-1] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "lion"}, "unknown method 'lion'"),
        ({"step_decay": 1.5}, "step_decay is 1.5"),
        ({"momentum": 1.0}, "momentum is 1.0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 1.5}, "batch_size is 1.5"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.train(ONE_HOT, steps=2, **options)


def test_the_first_gradient_is_weighed_like_the_others():
    """M_1 = β(1−β)g_0 + (1−β)g_1: without the factor 1−β at the start, g_0 would weigh ten times as much."""
    data, W = ONE_HOT, lecun(ONE_HOT)
    advance = steepest_descent(Slope(data), norm=NORMS["frobenius"], step_size=0.3, momentum=0.9)
    g_0 = ntp.gradient(W, data)
    W_1 = W - 0.3 * g_0 / np.linalg.norm(g_0)
    g_1 = ntp.gradient(W_1, data)
    M_1 = 0.9 * 0.1 * g_0 + 0.1 * g_1
    W_2 = W_1 - 0.3 * M_1 / np.linalg.norm(M_1)
    assert advance(advance(W)) == pytest.approx(W_2, rel=1e-12)
    wrong = 0.9 * g_0 + 0.1 * g_1
    assert np.abs(W_1 - 0.3 * wrong / np.linalg.norm(wrong) - W_2).max() > 1e-3


@pytest.mark.parametrize("method", STEEPEST)
def test_the_decay_of_steps_reaches_every_method(method, random_problem):
    data, size = random_problem(0), NORMS[STEEPEST[method][0]].size
    first = lecun(data)
    step = make_step(method, Slope(data), step_size=0.1, step_decay=0.5)
    second = step(first)
    assert size(second - first) == pytest.approx(0.1, rel=1e-10)
    assert size(step(second) - second) == pytest.approx(0.1 / 2**0.5, rel=1e-10)
