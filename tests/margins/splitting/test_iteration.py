"""One step of the splitting by its definition, its fixed point, and when its penalty changes by how much."""

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.margins.splitting import iteration
from ntp_lib.margins.splitting.gram import RowSpace
from ntp_lib.margins.splitting.iteration import LEVEL_STEPS, MORE_LEVEL_STEPS, OVER_RELAXATION, PACE, Splitting
from ntp_lib.margins.splitting.problem import ConeProblem

SEEDS = range(3)


def made(random_problem, seed=0, *, kind=np.asarray, m=5, d=7):
    data = random_problem(seed, m=m, d=d, V=4, sizes=(1, 2))
    return ConeProblem.of(ntp.NTPData(kind(data.embeddings.copy()), data.context_probs, data.next_token_probs))


def with_penalty(problem, penalty, monkeypatch):
    monkeypatch.setattr(RowSpace, "balanced_penalty", penalty)
    return Splitting(problem)


def state(splitting):
    return np.asarray(splitting._point).copy(), np.asarray(splitting._taken).copy()


def linear_half(problem, penalty, T):
    """argmin ½‖W‖² + ρ/2 ‖logits(W) + shifts − T‖² over decoders in the span of the rows, its shifted logits."""
    rows, shifts = np.asarray(problem.rows), np.asarray(problem.shifts)
    W = np.linalg.solve(rows.T @ rows + np.eye(rows.shape[1]) / penalty, rows.T @ (T - shifts)).T
    return rows @ W.T + shifts


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
@pytest.mark.parametrize(("m", "d"), [(5, 7), (9, 3)])
def test_a_step_is_the_over_relaxed_douglas_rachford_step(kind, m, d, random_problem, monkeypatch):
    problem = made(random_problem, kind=kind, m=m, d=d)
    splitting = with_penalty(problem, 0.7, monkeypatch)
    np.testing.assert_array_equal(splitting._point, problem.shifts)
    for step in range(1, 6):
        point, taken = state(splitting)
        projected = point - taken
        moved = linear_half(problem, 0.7, 2 * projected - point)
        splitting.advance(1)
        assert splitting.iterations == step
        np.testing.assert_allclose(splitting._point, point + OVER_RELAXATION * (moved - projected), atol=1e-12)


@pytest.mark.parametrize(("m", "d"), [(5, 7), (7, 5), (11, 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_compiled_passes_take_the_same_steps(seed, m, d, random_problem, monkeypatch):
    """Near the solution the penalty depends on the last digits."""
    pytest.importorskip("numba")
    problem = made(random_problem, seed, m=m, d=d)
    compiled = Splitting(problem)
    monkeypatch.setattr(iteration, "numba_is_wanted", lambda: False)
    plain = Splitting(problem)
    assert (compiled._loops is None, plain._loops) == (False, None)
    for iterations in (1, 7, 20):
        for splitting in (compiled, plain):
            splitting.advance(iterations)
            splitting.rebalance()
        assert compiled.iterations == plain.iterations
        assert compiled.penalty == pytest.approx(plain.penalty, rel=1e-6)
        np.testing.assert_allclose(compiled.dual, plain.dual, atol=1e-7 * np.abs(plain.dual).max())
        np.testing.assert_allclose(compiled._last, plain._last, atol=1e-7 * np.abs(plain._last[0]).max())


@pytest.mark.parametrize("seed", SEEDS)
def test_many_steps_are_single_steps_and_end_at_the_solution(seed, random_problem):
    problem = made(random_problem, seed)
    one, many = Splitting(problem), Splitting(problem)
    many.advance(7)
    for _ in range(7):
        one.advance(1)
    assert one.iterations == many.iterations == 7
    many.advance(3000)
    A = many.dual
    logits = problem.logits(A)
    assert problem.violation(logits) < 1e-8
    assert abs(problem.gap(A, logits)) < 1e-8


@pytest.mark.parametrize(("m", "d"), [(4, 9), (9, 4)])
def test_the_balanced_penalty_is_one_over_the_geometric_mean(m, d, random_problem):
    problem = made(random_problem, m=m, d=d)
    squares = np.linalg.svd(problem.rows, compute_uv=False) ** 2
    expected = 1 / np.sqrt(squares.max() * squares.min())
    assert RowSpace(problem).balanced_penalty == pytest.approx(expected, rel=1e-12)
    assert Splitting(problem).penalty == RowSpace(problem).balanced_penalty


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_rows_of_rank_zero_have_a_penalty_of_one():
    problem = ConeProblem.of(ntp.NTPData(np.zeros((2, 1)), [0.5, 0.5], np.eye(2)))
    assert Splitting(problem).penalty == 1


def test_the_dual_variable_is_what_was_taken_times_the_penalty(random_problem, monkeypatch):
    problem = made(random_problem)
    splitting = with_penalty(problem, 3.0, monkeypatch)
    splitting.advance(11)
    np.testing.assert_allclose(splitting.dual, problem.repaired(-3.0 * state(splitting)[1]), atol=1e-15)


def expected_factor(problem, penalty, before, after):
    """√(disagreement of the halves / movement of the projection), each relative, between a fifth and five."""
    (point, taken), (new_point, new_taken) = before, after
    projected, now = point - taken, new_point - new_taken
    linear = linear_half(problem, penalty, 2 * projected - point)
    size = max(np.linalg.norm(linear), np.linalg.norm(projected))
    disagreement = np.linalg.norm(linear - projected) / size
    movement = np.linalg.norm(now - projected) / np.linalg.norm(new_taken)
    return np.clip(np.sqrt(disagreement / movement), 0.2, 5)


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
@pytest.mark.parametrize("balanced", [0.02, 0.1, 0.5, 1.0, 3.0, 10.0, 300.0])
def test_the_penalty_follows_the_residuals(kind, balanced, random_problem, monkeypatch):
    problem = made(random_problem, kind=kind)
    splitting = with_penalty(problem, balanced, monkeypatch)
    splitting.advance(6)
    before = state(splitting)
    splitting.advance(1)
    after, dual = state(splitting), np.asarray(splitting.dual).copy()
    factor = expected_factor(problem, balanced, before, after)
    splitting.rebalance()
    if 0.5 < factor < 2:
        assert splitting.penalty == balanced
        np.testing.assert_array_equal(state(splitting), after)
        return
    assert splitting.penalty == pytest.approx(factor * balanced, rel=1e-9)
    # The projection and the dual variable stay, the point moves with the penalty.
    point, taken = state(splitting)
    np.testing.assert_allclose(point - taken, after[0] - after[1], atol=1e-12)
    np.testing.assert_allclose(taken, after[1] / factor, rtol=1e-9)
    np.testing.assert_allclose(splitting.dual, dual, rtol=1e-8, atol=1e-14)
    moved = linear_half(problem, splitting.penalty, point - 2 * taken)
    splitting.advance(1)
    np.testing.assert_allclose(splitting._point, point + OVER_RELAXATION * (moved - point + taken), atol=1e-11)


def test_penalties_that_are_far_off_move_by_a_factor_of_five(random_problem, monkeypatch):
    problem = made(random_problem)
    for balanced, factor in ((1e-6, 5), (1e6, 0.2)):
        splitting = with_penalty(problem, balanced, monkeypatch)
        splitting.advance(10)
        splitting.rebalance()
        assert splitting.penalty == pytest.approx(factor * balanced, rel=1e-12)


def test_levels_that_lag_are_given_more_steps(random_problem, monkeypatch):
    monkeypatch.setattr(iteration, "numba_is_wanted", lambda: False)
    splitting = Splitting(made(random_problem))
    steps = []
    project = Splitting.project

    def watched(self, point):
        steps.append(self._level_steps)
        return project(self, point)

    monkeypatch.setattr(Splitting, "project", watched)
    splitting.advance(3)
    for pace, expected in ((np.inf, LEVEL_STEPS), (-1.0, MORE_LEVEL_STEPS)):
        steps.clear()
        monkeypatch.setattr(iteration, "PACE", pace)
        splitting.advance(3)
        assert steps == [expected] * 3


def test_levels_keep_pace_while_row_sums_are_small_beside_the_movement(random_problem):
    splitting = Splitting(made(random_problem))
    splitting.advance(2)
    movement = np.abs(splitting._point - splitting._last[0]).max()
    assert movement > 0
    for share, kept in ((0.9 * PACE, True), (1.1 * PACE, False)):
        splitting._taken = np.zeros((5, 4))
        splitting._taken[3, :2] = np.array([1.5, -2.5]) * share * movement
        assert splitting._levels_keep_pace() == kept


@pytest.mark.parametrize("numba", [False, True])
def test_levels_stop_at_their_roots(numba, random_problem, monkeypatch):
    """Whatever the number of steps allowed, beyond the few that the root takes; one step misses it."""
    if numba:
        pytest.importorskip("numba")
    monkeypatch.setattr(iteration, "numba_is_wanted", lambda: numba)
    monkeypatch.setattr(iteration, "PACE", -1.0)
    problem = ConeProblem.of(random_problem(0, m=12, d=20, V=6, sizes=(1, 2)))
    left = []
    for steps in (1, 20, 10**9):
        monkeypatch.setattr(iteration, "MORE_LEVEL_STEPS", steps)
        splitting = Splitting(problem)
        splitting.advance(1)
        left.append(np.abs(splitting._taken.sum(axis=1)).max())
    assert max(left[1:]) < 1e-14
    assert left[0] > 1e-3
