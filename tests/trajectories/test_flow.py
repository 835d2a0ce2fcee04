"""The gradient flow against an exact solution, gradient descent and the theorems."""

import numpy as np
import pytest
from scipy.special import lambertw

import ntp_lib as ntp
from ntp_lib.subspaces import data_space as data_space_module

SEEDS = range(3)


@pytest.mark.parametrize("start", [-1.0, 0.0, 2.0])
def test_one_context_and_two_tokens_follow_the_exact_solution(start):
    """θ = W_1 − W_2 solves θ' = 2/(1 + e^θ), so θ + e^θ = 2t + θ_0 + e^{θ_0}: θ = c − W(e^c), Lambert's W."""
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0]])
    log_times = np.array([-20.0, -3.0, 0.0, 1.0, 4.0, 10.0, 18.0, 40.0, 1e3, 1e5])
    flow = ntp.gradient_flow(data, log_times=log_times, W0=[[start / 2], [-start / 2]])
    gaps = np.array([(flow.W(i)[0] - flow.W(i)[1])[0] for i in range(len(log_times))])
    early = log_times < 6
    c = 2 * np.exp(log_times[early]) + start + np.exp(start)
    # Tolerance 1e-6 per step, over some hundred steps.
    assert gaps[early] == pytest.approx(c - lambertw(np.exp(c)).real, abs=1e-4)
    assert gaps[early] != pytest.approx(c / 2 - lambertw(np.exp(c / 2)).real, abs=1e-2)
    # Late: θ = log(2t + c_0 − θ), by fixed-point iteration in log 2t, whose factor is e^{−θ}.
    late, theta = np.log(2) + log_times[~early], np.log(2) + log_times[~early]
    for _ in range(20):
        theta = late + np.log1p((start + np.exp(start) - theta) * np.exp(-late))
    assert gaps[~early] == pytest.approx(theta, abs=1e-5)
    assert flow.hand_over.log_time < 20


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_descent_with_a_small_step_follows_the_flow(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    references = ntp.references(data)
    step = 0.02
    steps = 8_000
    descent = ntp.train(data, step_size=step, steps=steps, references=references, num_records=5, seed=seed)
    log_times = np.log(step * descent.frame["step"].to_numpy()[1:])
    flow = ntp.gradient_flow(data, log_times=log_times, references=references, seed=seed)
    size = np.linalg.norm(descent.W)
    assert np.linalg.norm(flow.W(-1) - descent.W) <= 2e-4 * size
    for name in ("norm", "cosine", "margin", "excess_loss"):
        # Euler's method is off by η times curvature; what remains of it shrinks as the run goes on.
        assert flow.frame[name].to_numpy()[-1] == pytest.approx(descent.frame[name].iloc[-1], rel=1e-3)
    # Control: the same decoder at the wrong unit of time, k instead of kη.
    wrong = ntp.gradient_flow(data, log_times=[np.log(steps)], references=references, seed=seed)
    assert np.linalg.norm(wrong.W(0) - descent.W) > 0.1 * size


def test_the_flow_restarts_from_its_own_points(random_problem):
    data = random_problem(1, m=3, d=4)
    references = ntp.references(data)
    whole = ntp.gradient_flow(data, log_times=np.log([3.0, 3.0 + 50.0, 3.0 + 5e9]), references=references)
    rest = ntp.gradient_flow(data, log_times=np.log([50.0, 5e9]), references=references, W0=whole.W(0))
    for i in range(2):
        assert np.linalg.norm(rest.W(i) - whole.W(i + 1)) <= 1e-4 * np.linalg.norm(whole.W(i + 1))
    other = ntp.gradient_flow(data, log_times=np.log([50.0, 5e9]), references=references)
    assert np.linalg.norm(other.W(0) - whole.W(1)) > 1e-3 * np.linalg.norm(whole.W(1))


@pytest.mark.parametrize("seed", SEEDS)
def test_limits_of_theorem_2(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    rng = np.random.default_rng(seed)
    flow = ntp.gradient_flow(data, log_times=[-5, 0, 5, 10, 15, 20, 40, 400], W0=rng.normal(size=(5, 4)))
    frame = flow.frame
    assert (np.diff(frame["log_excess"]) < 0).all()
    assert frame["log_excess"].iloc[-1] == pytest.approx(-400 + np.log(flow.multipliers(-1).sum()), rel=1e-9)
    # An O(1/t) part in F: t‖P_F W − W*‖ has a limit, never zero unless F itself is.
    scaled = frame["log_finite_error"].to_numpy() + frame["log_time"].to_numpy()
    if flow.references.F.dim:
        assert scaled[-3:] == pytest.approx(scaled[-1], abs=0.1)
    assert frame["one_minus_cosine"].iloc[-1] < 1e-3
    assert frame["cosine"].to_numpy() == pytest.approx(1 - frame["one_minus_cosine"].to_numpy(), abs=1e-12)
    assert frame["cosine_corrected"].to_numpy() == pytest.approx(
        1 - frame["one_minus_cosine_corrected"].to_numpy(), abs=1e-12
    )
    assert frame["margin"].iloc[-1] == pytest.approx(400, rel=0.1)


def test_excess_and_finite_error_agree_with_the_decoder(random_problem):
    data = random_problem(2, m=3, d=4)
    flow = ntp.gradient_flow(data, log_times=[0, 8, 14, 20, 25])
    for i in range(5):
        excess = ntp.excess_loss(flow.W(i), data)
        assert flow.frame["excess_loss"][i] == pytest.approx(excess, rel=1e-5, abs=0)
        finite = flow.references.F.project(flow.W(i)) - flow.references.W_finite
        assert flow.frame["finite_error"][i] == pytest.approx(np.linalg.norm(finite), rel=1e-5, abs=1e-13)


def test_what_the_data_cannot_see_stays(random_problem):
    data = random_problem(0, m=2, d=5)
    rng = np.random.default_rng(0)
    W0 = rng.normal(size=(5, 5))
    flow = ntp.gradient_flow(data, log_times=[-10, 5, 15, 60], W0=W0)
    rows = data_space_module.row_space(data.embeddings)
    blind = np.eye(5) - rows @ rows.T
    for i in range(4):
        assert np.abs((flow.W(i) - W0) @ blind).max() <= 1e-12
        assert np.abs((flow.W(i) - W0).sum(axis=0)).max() <= 1e-11
    assert np.abs((flow.W(3) - W0) @ rows).max() > 1


def test_incompatible_data_settle_at_the_minimiser_on_F(incompatible):
    flow = ntp.gradient_flow(incompatible, log_times=[10.0, 20.0, 1000.0])
    assert flow.frame["finite_error"].iloc[1] < 1e-7
    assert flow.frame["excess_loss"].iloc[-1] == pytest.approx(0.0145574, rel=1e-5)
    assert flow.frame["log_excess"].iloc[-1] == pytest.approx(-1000, abs=5)
    assert flow.frame["one_minus_cosine"].iloc[-1] < 1e-5
    stars = flow.references.compatibility.W_least_squares
    assert np.linalg.norm(flow.references.F.project(flow.W(2)) - stars) > 0.1


def test_at_the_beginning_the_flow_is_a_step_of_gradient_descent(random_problem):
    data = random_problem(0, m=3, d=4)
    W0 = np.random.default_rng(1).normal(size=(5, 4))
    flow = ntp.gradient_flow(data, log_times=[-800.0, -40.0, -12.0], W0=W0)
    assert np.abs(flow.W(0) - W0).max() <= 1e-12  # s W^mm is taken out and put back
    t = np.exp(-12.0)
    step = flow.W(2) - W0
    assert np.linalg.norm(step + t * ntp.gradient(W0, data)) <= 10 * t**2
    assert np.linalg.norm(step - t * ntp.gradient(W0, data)) > 1e-2 * t


@pytest.mark.parametrize(("scale", "far"), [(1.0, 300.0), (1000.0, 1.0), (0.001, 1.0)])
def test_far_starts_and_other_units_change_nothing_in_the_end(scale, far):
    toy = ntp.synthetic.toy_2d()
    data = ntp.NTPData(scale * toy.embeddings, toy.context_probs, toy.next_token_probs)
    W0 = far * np.random.default_rng(0).normal(size=(5, 2))
    flow = ntp.gradient_flow(data, log_times=[-30.0, 0.0, 10.0, 1e5], W0=W0)
    assert flow.frame["one_minus_cosine"].iloc[-1] < 1e-6
    assert (np.diff(flow.frame["log_excess"]) <= 0).all()
    outside = data.probs.toarray() == 0
    expected = np.where(outside, -flow.references.svm.dual, 0.0)
    assert np.abs(flow.multipliers(-1) - expected).max() <= 1e-5 * expected.max()


@pytest.fixture(scope="module")
def inseparable():
    return ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


def test_without_a_margin_the_flow_runs_as_far_as_rounding_allows(inseparable):
    flow = ntp.gradient_flow(inseparable, log_times=[0.0, 10.0, 30.0])
    assert np.linalg.norm(ntp.gradient(flow.W(2), inseparable)) < 1e-10
    assert np.linalg.norm(ntp.gradient(flow.W(0), inseparable)) > 1e-3
    assert np.isnan(flow.frame["one_minus_cosine"]).all()
    assert flow.hand_over is None
    with pytest.raises(ntp.NotSeparableError, match=r"up to 30, not 31") as caught:
        ntp.gradient_flow(inseparable, log_times=[0.0, 31.0])
    assert caught.value.certificate is not None


def test_the_second_order_of_the_beginning(random_problem):
    """W(t) = W_0 − t g + ½t² ∇²CE(W_0) g + O(t³), up to where the integrator starts."""
    data = random_problem(0, m=3, d=4)
    W0 = np.random.default_rng(1).normal(size=(5, 4))
    t, g, h = 1e-4 / ntp.smoothness(data), ntp.gradient(W0, data), 1e-5
    flow = ntp.gradient_flow(data, log_times=[np.log(t)], W0=W0)
    second = t**2 / 2 * (ntp.gradient(W0 + h * g, data) - ntp.gradient(W0 - h * g, data)) / (2 * h)
    assert np.linalg.norm(flow.W(0) - (W0 - t * g + second)) <= 1e-3 * np.linalg.norm(second)
