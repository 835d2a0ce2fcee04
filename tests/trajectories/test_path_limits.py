"""How the path is walked, where it ends, and what each refusal says; the minimiser W = 0."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories import regularization, ridge
from ntp_lib.trajectories.ridge import RidgeSolver

TOY = ntp.synthetic.toy_2d()


def recording_solver(smoothness):
    """A solver that notes the penalties it was asked for, and from where."""
    asked = []

    def solve(penalty, start):
        asked.append((start.penalty, penalty))
        return SimpleNamespace(penalty=penalty)

    return SimpleNamespace(smoothness=smoothness, solve=solve), asked


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (1.0, 1e-3, [1e-1, 1e-2, 1e-3]),
        (1.0, 0.5, [0.5]),
        (1.0, 1.0, [1.0]),
        (1.0, 1e-1, [1e-1]),
        (1.0, 0.01 / 4, [(1 / 400) ** (1 / 3), (1 / 400) ** (2 / 3), 1 / 400]),
        (1e-4, 1e-2, [1e-3, 1e-2]),
        (1.0, 50.0, [50.0]),
    ],
)
def test_penalties_fall_by_ten_at_a_time(start, end, expected):
    """As few steps as that allows, of equal ratios; above the smoothness, here 2, there is one."""
    solver, asked = recording_solver(2.0)
    found = regularization._at_penalty(solver, end, SimpleNamespace(penalty=start))
    assert [penalty for _, penalty in asked] == pytest.approx(expected, rel=1e-12)
    assert [before for before, _ in asked] == pytest.approx([start, *expected[:-1]], rel=1e-12)
    assert found.penalty == pytest.approx(end, rel=1e-12)


@pytest.fixture(scope="module")
def inseparable():
    """Of smoothness about two, so that 1e-14 times it is not 1e-14."""
    return ntp.NTPData([[2.0], [-4.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


def test_a_radius_out_of_reach_says_how_far_the_path_goes(inseparable):
    L = ntp.smoothness(inseparable)
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        ntp.regularization_path(inseparable, radii=[100.0])
    least = f"{1e-14 * L:.3g}"
    assert least != "1e-14"
    opening, largest = str(refusal.value).split("; ")
    assert opening == f"radius 100 needs a penalty below {least}, past the resolution of float64"
    reached = float(largest.removeprefix("the largest radius reached is "))
    limit = ntp.regularization_path(inseparable, penalties=[1e-10]).frame["radius"][0]
    assert reached == pytest.approx(limit, rel=1e-5)


def test_a_radius_too_small_says_which_is_possible():
    with pytest.raises(ntp.NTPDataError) as refusal:
        ntp.regularization_path(TOY, radii=[1e-300])
    L = ntp.smoothness(TOY)
    least = np.linalg.norm(ntp.gradient(np.zeros((5, 2)), TOY)) / (1e100 * L)
    assert str(refusal.value) == (
        f"radius 1e-300 is too small: it needs a penalty above {1e100 * L:.3g}; for these data it must be at "
        f"least {least:.3g}"
    )
    for factor in (1.001, 1.3, 2.0):
        found = ntp.regularization_path(TOY, radii=[factor * least])
        assert found.frame["radius"][0] == pytest.approx(factor * least, rel=1e-9)
    with pytest.raises(ntp.NTPDataError, match="is too small"):
        ntp.regularization_path(TOY, radii=[0.999 * least])


def test_a_radius_not_reached_in_time_is_an_error(monkeypatch):
    monkeypatch.setattr(regularization, "MAX_RADIUS_STEPS", 1)
    with pytest.raises(ntp.DidNotConvergeError, match=r"^radius 30 was not reached in 1 steps; \d\.\d+ was$"):
        ntp.regularization_path(TOY, radii=[30.0])


def test_penalties_out_of_range_are_refused_with_the_range():
    data = ntp.NTPData(2 * TOY.embeddings, TOY.context_probs, TOY.probs)
    L = ntp.smoothness(data)
    between = f"for these data, of smoothness {L:.3g}, it must lie between {1e-30 * L:.3g} and {1e100 * L:.3g}"
    with pytest.raises(ntp.NTPDataError) as refusal:
        ntp.regularization_path(data, penalties=[1.0, 1e-31])
    assert str(refusal.value) == f"penalties[1] is 1e-31; {between}"
    with pytest.raises(ntp.NTPDataError) as refusal:
        ntp.regularization_path(data, penalties=[1e102, 1.0])
    assert str(refusal.value) == f"penalties[0] is 1e+102; {between}"


@pytest.fixture(scope="module")
def balanced():
    """Opposite contexts followed by the same tokens: the slope vanishes at W = 0."""
    return ntp.NTPData([[1.0], [-1.0]], [0.5, 0.5], [[0.75, 0.25, 0.0], [0.75, 0.25, 0.0]])


def test_zero_can_be_the_minimiser(balanced):
    path = ntp.regularization_path(balanced, penalties=[10.0, 0.1, 1e-3])
    for point in path.points:
        assert np.abs(point.W).max() <= 1e-15
        assert point.radius == pytest.approx(0.0, abs=1e-15)
    assert path.frame["excess_loss"].to_numpy() == pytest.approx(np.log(3) - balanced.entropy, rel=1e-12)
    with pytest.raises(ntp.DidNotConvergeError, match="W = 0 minimises the loss with every penalty: no other"):
        ntp.regularization_path(balanced, radii=[1.0])


def test_a_minimiser_of_zero_stands_still(balanced):
    point = RidgeSolver(ntp.references(balanced)).solve(7.0)
    assert not point.W.any()
    assert (point.speed, point.residual, point.radius) == (0.0, 0.0, 0.0)
    assert not point.tangent.any()


@pytest.fixture(scope="module")
def solver():
    return RidgeSolver(ntp.references(TOY))


def test_speed_and_tangent_are_derivatives_in_the_logarithm_of_the_penalty(solver):
    h = 1e-4
    for penalty in (1e-4, 1e-1, 10.0):
        here = solver.solve(penalty)
        above, below = (solver.solve(penalty * np.exp(sign * h), here) for sign in (1, -1))
        assert here.speed == pytest.approx((above.radius - below.radius) / (2 * h), rel=1e-5)
        turn = (above.complement - below.complement) / (2 * h)
        assert np.linalg.norm(here.tangent - turn) <= 1e-5 * np.linalg.norm(turn)
        parts = solver.references.W_finite + here.finite + here.complement
        assert np.abs(here.W - parts).max() <= 1e-12


@pytest.mark.parametrize("factor", [1.0, 1e-2])
def test_newton_begins_at_the_point_that_is_given(solver, factor):
    """Up to and including the smoothness, in parts that are measured from W°."""
    penalty = factor * solver.smoothness
    start = solver.solve(penalty)
    parts, value, _ = solver._beginning(solver.references.W_finite, penalty, start)
    assert parts[0] == pytest.approx(start.finite, abs=1e-14)
    assert parts[1] == pytest.approx(start.complement, abs=1e-14)
    expected = ntp.cross_entropy(start.W, TOY) - TOY.entropy + penalty * start.radius**2 / 2
    assert value == pytest.approx(expected, rel=1e-9)


def test_above_the_smoothness_newton_begins_at_the_decoder_in_proportion(solver):
    penalty = 4 * solver.smoothness
    start = solver.solve(2 * solver.smoothness)
    parts, value, _ = solver._beginning(np.zeros_like(start.W), penalty, start)
    assert parts[0] + parts[1] == pytest.approx(start.W / 2, abs=1e-14)
    assert solver.references.F.project(parts[0]) == pytest.approx(parts[0], abs=1e-14)
    expected = ntp.cross_entropy(start.W / 2, TOY) - TOY.entropy + penalty * start.radius**2 / 8
    assert value == pytest.approx(expected, rel=1e-9)


def test_refusals_of_the_solver_give_the_numbers(solver, monkeypatch):
    monkeypatch.setattr(ridge, "MAX_NEWTON_STEPS", 2)
    with pytest.raises(
        ntp.DidNotConvergeError,
        match=r"^λ = 1\.000e-04: the optimality residual is still \d\.\de[+-]\d\d after 2 steps$",
    ):
        solver.solve(1e-4)
    monkeypatch.setattr(ridge.SoftmaxBlocks, "factorised", lambda *_: None)
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        solver.solve(1e-3)
    assert str(refusal.value) == (
        "λ = 1.000e-03 is lost in the rounding of a Hessian of size 3.3e-01; ask for larger penalties or scale "
        "the embeddings down"
    )


def test_near_the_threshold_the_rounding_of_a_long_decoder_is_the_end():
    """‖W‖ is 30 000 and the logits are small: their rounding leaves a slope of 5e-9 λ‖W‖."""
    data = ntp.synthetic.random(num_contexts=6, dim=4, vocab_size=4, support_size=2, seed=5)
    path = ntp.regularization_path(data, penalties=[1e-6, 1e-11, 1e-12])
    assert path.frame["radius"].iloc[-1] > 4e4
    for i in (1, 2):
        W = path.W(i)
        rounding = np.finfo(float).eps * np.linalg.norm(W) * np.linalg.norm(data.embeddings, axis=1).max() ** 2
        slope = ntp.gradient(W, data) + path.frame["penalty"][i] * W
        assert np.linalg.norm(slope) <= rounding
        # A penalty 1 % off moves the minimiser by more than the rounding hides.
        assert np.linalg.norm(slope + 0.01 * path.frame["penalty"][i] * W) > rounding


def test_rounding_excuses_no_slope_while_steps_go_on(solver):
    W = np.ones((5, 2)) / np.sqrt(10)
    slope = 1e-13 * W
    assert solver._is_stationary(1e-7, slope, 1e-13 * W, W, rounding=2e-13)
    assert not solver._is_stationary(1e-7, slope, 1e-13 * W, W, rounding=0.5e-13)
    assert not solver._is_stationary(1e-7, slope, 1e-11 * W, W, rounding=2e-13)


def test_more_unknowns_than_a_dense_hessian_could_hold():
    """2400 unknowns: a Hessian of 46 MB, where the blocks take less than a tenth; stationary by the definition."""
    data = ntp.synthetic.random(num_contexts=20, dim=25, vocab_size=120, support_size=3, seed=0)
    references = ntp.references(data)
    tracemalloc.start()
    path = ntp.regularization_path(data, penalties=[1e-2, 1e-4], references=references)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= (120 * 20) ** 2 * 8 / 10
    for i, penalty in enumerate([1e-2, 1e-4]):
        W = path.W(i)
        slope = ntp.gradient(W, data) + penalty * W
        assert np.linalg.norm(slope) <= 1e-9 * penalty * np.linalg.norm(W)
        assert np.linalg.norm(slope + 1e-6 * penalty * W) > 1e-9 * penalty * np.linalg.norm(W)
