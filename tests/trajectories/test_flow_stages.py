"""The two stages of the gradient flow: against each other, their Jacobians, and how they are integrated."""

import tracemalloc

import numpy as np
import pytest
from flow_stages import stages

import ntp_lib as ntp
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks
from ntp_lib.subspaces import dense_space
from ntp_lib.subspaces.data_space import data_space
from ntp_lib.trajectories import flow_integration
from ntp_lib.trajectories.modified_flow import modified_flow
from ntp_lib.trajectories.stepping import FlowBDF, walk


@pytest.mark.parametrize("name", ["random", "incompatible"])
def test_both_stages_agree_where_both_are_accurate(name, random_problem, incompatible):
    """A tolerance of 1e-9 hands over about seven units of log t later than one of 1e-6."""
    data = random_problem(1, m=3, d=4) if name == "random" else incompatible
    references = ntp.references(data)
    log_times = [16.0, 18.0, 20.0, 22.0, 100.0]
    coarse = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-6)
    fine = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-10)
    assert fine.hand_over.log_time > coarse.hand_over.log_time + 5
    both = (coarse.frame["stage"] == 2) & (fine.frame["stage"] == 1)
    assert both.sum() >= 1
    for i in range(5):
        assert np.linalg.norm(coarse.W(i) - fine.W(i)) <= 1e-5 * np.linalg.norm(fine.W(i))
        assert coarse.frame["log_finite_error"][i] == pytest.approx(fine.frame["log_finite_error"][i], abs=1e-3)
    assert coarse.hand_over.slaving_error < 1e-3
    assert fine.hand_over.neglected <= 1e-10


@pytest.mark.parametrize("seed", range(3))
def test_the_second_stage_is_the_first_without_terms_of_order_one_over_t(seed, random_problem):
    early, late = stages(random_problem(seed, m=3, d=4))
    rng = np.random.default_rng(seed)
    rho, s = rng.normal(size=early.space.offset_size), 18.0
    z, _ = late.slaved(s, rho)
    x, y = z * np.exp(-s), rho + s * late.pairs.y_mm
    whole = early.derivative(s, early.state(s, x, y))
    split = early.split(x, y)
    neglected = max(np.abs(split.deviation).max(), np.exp(split.log_total_offset.max()))
    expected = late.derivative(s, rho) + late.pairs.y_mm
    size = np.linalg.norm(expected)
    assert np.linalg.norm(whole[early.space.finite_size :] - expected) <= 20 * neglected * size
    # Stationarity on F to first order; without the offsets' pull, x = 0, the control is of order one.
    forced = np.linalg.norm(early.slope(np.zeros_like(x), y)[0])
    if forced:
        assert np.linalg.norm(early.slope(x, y)[0]) <= 1e3 * neglected * forced


@pytest.mark.parametrize("s", [-3.0, 2.0, 9.0])
def test_jacobians_are_those_of_the_right_hand_sides(s, random_problem):
    early, late = stages(random_problem(0, m=3, d=4))
    rng = np.random.default_rng(0)
    state = early.state(s, rng.normal(size=early.space.finite_size), rng.normal(size=early.space.offset_size))
    rho = rng.normal(size=early.space.offset_size)
    for stage, point in ((early, state), (late, rho)):
        direction = rng.normal(size=point.shape) * np.maximum(np.abs(point), 1.0)
        h = 1e-5
        difference = (stage.derivative(s, point + h * direction) - stage.derivative(s, point - h * direction)) / (
            2 * h
        )
        product = stage.linearise(s, point).jacobian @ direction
        size = np.linalg.norm(difference)
        assert np.linalg.norm(product - difference) <= 1e-6 * size
        assert np.linalg.norm(-product - difference) > 1e-1 * size


@pytest.mark.parametrize("step_size", [None, 0.5])
def test_in_explicit_bases_token_blocks_solve_newtons_equations(step_size, monkeypatch, random_problem):
    """Of the flow, and of that of the modified equation."""
    references = ntp.limits(random_problem(2, m=3, d=4))
    log_times, W, factorised, made = [6.0, 10.0, 18.0, 1000.0], np.ones((5, 4)), SoftmaxBlocks.factorised, []

    def points():
        if step_size is None:
            flow = ntp.gradient_flow(references.data, log_times=log_times, references=references, tolerance=1e-8)
            return [flow.W(i) for i in range(4)]
        options = {"start": 200.0, "times": log_times, "step_size": step_size, "tolerance": 1e-8}
        return [point.W for point in modified_flow(references, W, **options)]

    dense = points()
    monkeypatch.setattr(SoftmaxBlocks, "factorised", lambda *a: made.append(1) or factorised(*a))
    monkeypatch.setattr(dense_space, "BLOCK_UNKNOWNS", 0)
    for found, expected in zip(points(), dense, strict=True):
        assert np.linalg.norm(found - expected) <= 1e-6 * np.linalg.norm(expected)
        assert np.linalg.norm(found - dense[0]) > 1e-3 or expected is dense[0]
    assert made


@pytest.mark.parametrize("name", ["independent", "dependent", "incompatible"])
def test_without_explicit_bases_the_flow_is_the_same(name, monkeypatch, random_problem, incompatible):
    """By token blocks; of dependent contexts F is projected onto by the subspace itself."""
    shapes = {"independent": (2, 3, 4), "dependent": (1, 4, 3)}
    data = incompatible if name == "incompatible" else random_problem(shapes[name][0], m=3, d=shapes[name][1])
    references = ntp.references(data)
    log_times = [-3.0, 2.0, 10.0, 18.0, 20.0, 1000.0][: 6 if references.svm else 4]
    dense = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-7)
    monkeypatch.setattr(flow_integration, "DENSE_UNKNOWNS", 0)
    free = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-7)
    for i in range(len(log_times)):
        assert np.linalg.norm(free.W(i) - dense.W(i)) <= 1e-6 * np.linalg.norm(dense.W(i))
        assert free.frame["log_finite_error"][i] == pytest.approx(dense.frame["log_finite_error"][i], abs=1e-5)
    if references.svm:
        assert free.hand_over.log_time == pytest.approx(dense.hand_over.log_time, abs=1.0)


class Decay:
    """The Jacobian −I, by its action."""

    def factorised(self, c):
        """I − cJ = (1 + c) I."""
        return lambda right: right / (1 + c)


def test_the_integrator_forms_nothing_larger_than_the_state():
    """scipy keeps an n × n identity for a dense Jacobian, here of 3.2 GB."""
    start, found = np.linspace(1, 2, 20_000), []
    tracemalloc.start()
    try:
        solver = FlowBDF(lambda t, y: -y, 0.0, start, 3.0, linearise=lambda *_: Decay(), rtol=1e-6, atol=1e-9)
        walk(solver, [3.0], lambda t, y: found.append(y))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.abs(found[0] - np.exp(-3) * start).max() <= 1e-5
    assert peak < 100 * start.nbytes


def narrow():
    """Three contexts in the plane with a narrow margin, ν = 74.6; a coordinate of Δ is a thousandth of another."""
    rng, probs = np.random.default_rng(16), np.zeros((3, 5))
    for j in range(3):
        support = rng.choice(5, rng.integers(1, 5), replace=False)
        probs[j, support] = rng.dirichlet(np.ones(len(support)))
    return ntp.NTPData(rng.standard_normal((3, 2)), np.full(3, 1 / 3), probs)


@pytest.mark.parametrize("tolerance", [1e-10, 1e-12])
def test_small_tolerances_are_met_where_the_margin_is_narrow(tolerance):
    data = narrow()
    references = ntp.references(data)
    assert np.linalg.norm(references.W_mm) == pytest.approx(74.55, abs=0.01)
    log_times = [0.0, 10.0, 40.0, 1e3]
    coarse = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-8)
    fine = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=tolerance)
    for name in ("norm", "one_minus_cosine", "log_excess"):
        # Local errors of 1e-8 over some two hundred steps.
        assert fine.frame[name].to_numpy() == pytest.approx(coarse.frame[name].to_numpy(), rel=1e-5)
    assert fine.hand_over.neglected <= tolerance
    # The last time is far past the hand-over: t π̂ o has become the multipliers.
    outside = data.probs.toarray() == 0
    expected = np.where(outside, -references.svm.dual, 0.0)
    assert np.abs(fine.multipliers(-1) - expected).max() <= 1e-3 * expected.max()


def test_by_token_blocks_newton_takes_as_many_evaluations_as_by_the_dense_jacobian(monkeypatch):
    """What is left out of the Jacobian costs nothing."""
    data = ntp.synthetic.random(num_contexts=8, dim=10, vocab_size=6, support_size=2, seed=1)
    references = ntp.references(data)
    counts = []

    class Counting(flow_integration.EarlyStage):
        def slope(self, x, y):
            counts[-1] += 1
            return super().slope(x, y)

    def run():
        counts.append(0)
        options = {"tolerance": 1e-4, "progress": False, "stage": Counting}
        points, _ = flow_integration.integrate(references, np.zeros((6, 10)), [0.0, 12.0], **options)
        return points[-1].W

    dense = run()
    monkeypatch.setattr(flow_integration, "DENSE_UNKNOWNS", 0)
    assert np.linalg.norm(run() - dense) <= 1e-3 * np.linalg.norm(dense)
    assert counts[1] <= 1.2 * counts[0]


def test_token_blocks_form_nothing_of_the_size_of_a_jacobian():
    """A state of 3 200 entries would have one of 82 MB."""
    data = ntp.synthetic.random(num_contexts=20, dim=24, vocab_size=80, support_size=3, seed=1)
    references = ntp.references(data)
    tracemalloc.start()
    try:
        space = data_space(references.F, dense_unknowns=0)
        early = flow_integration.EarlyStage(data, references.W_finite, space)
        state = np.concatenate(early.slope(*np.zeros((2, space.finite_size))))
        solved = early.linearise(3.0, state).factorised(0.2)(state)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(state) == 3200
    assert np.isfinite(solved).all()
    assert peak <= 3200**2 * 8 / 10
