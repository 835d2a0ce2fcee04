"""Faces from the closed form against the splitting and an interior-point solver; when they are not tried."""

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.margins.splitting import independent as module
from ntp_lib.margins.splitting import slacks
from ntp_lib.margins.splitting import solve as solve_module
from ntp_lib.margins.splitting.independent import solution_of_independent_rows, worth_it
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.solve import Answer, solve


def drawn(seed):
    """A problem with m ≤ d: unequal lengths; every third nearly parallel contexts, every fourth off centre."""
    rng = np.random.default_rng(seed)
    m = int(rng.integers(2, 25))
    d, V = int(rng.integers(m, 2 * m + 2)), int(rng.integers(2, 10))
    rows = rng.standard_normal((m, d)) * np.exp(rng.standard_normal((m, 1)))
    if seed % 3 == 0:
        rows[1] = rows[0] + 1e-2 * rng.standard_normal(d)
    if seed % 4 == 0:
        rows += 2 * rng.standard_normal(d)
    support = np.zeros((m, V))
    for row in support:
        row[rng.choice(V, int(rng.integers(1, V)), replace=False)] = 1
    return ntp.NTPData(rows, np.full(m, 1 / m), support / support.sum(axis=1, keepdims=True))


@pytest.fixture
def splitting_only(monkeypatch):
    monkeypatch.setattr(solve_module, "solution_of_independent_rows", lambda problem, *, tolerance: (None, 0))


@pytest.mark.parametrize("seed", range(24))
def test_a_few_faces_end_where_the_splitting_does(seed, splitting_only):
    data = drawn(seed)
    problem = ConeProblem.of(data)
    A, faces = solution_of_independent_rows(problem, tolerance=1e-9)
    assert 1 <= faces <= module.MAX_FACES / 2
    logits = problem.logits(A)
    assert problem.violation(logits) <= 1e-9
    assert abs(problem.gap(A, logits)) <= 1e-9
    W, reference = (A / problem.lengths).T @ data.embeddings, ntp.ntp_svm(data, tolerance=1e-9)
    np.testing.assert_allclose(W, reference.W, atol=1e-6 * np.abs(W).max())


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_an_interior_point_solver_agrees(seed):
    data = drawn(seed)
    found, reference = ntp.ntp_svm(data), ntp.ntp_svm(data, solver="cvxpy")
    assert (found.solver, found.verify()) == ("structured", True)
    assert found.iterations <= module.MAX_FACES
    np.testing.assert_allclose(found.W, reference.W, atol=1e-5 * np.abs(found.W).max())


def test_orthogonal_embeddings_need_one_face():
    data = drawn(1)
    m = data.num_contexts
    data = ntp.NTPData(np.diag(np.linspace(1, 3, m)), data.context_probs, data.next_token_probs)
    assert solution_of_independent_rows(ConeProblem.of(data), tolerance=1e-12)[1] == 1


@pytest.mark.parametrize("few", [0, 10**6])
def test_both_ways_to_solve_a_face_end_at_the_same_solution(few, monkeypatch):
    data = drawn(7)
    expected = solution_of_independent_rows(ConeProblem.of(data), tolerance=1e-11)
    monkeypatch.setattr(slacks, "FEW", few)
    found = solution_of_independent_rows(ConeProblem.of(data), tolerance=1e-11)
    assert found[1] == expected[1] > 1
    np.testing.assert_allclose(found[0], expected[0], atol=1e-11)


def test_more_contexts_than_dimensions_go_to_the_splitting(random_problem):
    assert solution_of_independent_rows(ConeProblem.of(random_problem(0, m=6, d=5)), tolerance=1e-9) == (None, 0)


def test_contexts_that_are_nearly_dependent_go_to_the_splitting(monkeypatch):
    problem = ConeProblem.of(drawn(3))
    assert solution_of_independent_rows(problem, tolerance=1e-9)[0] is not None
    monkeypatch.setattr(module, "MAX_CONDITION", 10.0)
    assert solution_of_independent_rows(problem, tolerance=1e-9) == (None, 0)


def test_faces_that_do_not_settle_are_given_up_and_the_splitting_takes_over(monkeypatch):
    data = drawn(7)
    expected = ntp.ntp_svm(data)
    assert expected.iterations > 1
    monkeypatch.setattr(module, "MAX_FACES", expected.iterations - 1)
    assert solution_of_independent_rows(ConeProblem.of(data), tolerance=1e-9) == (None, expected.iterations - 1)
    found = ntp.ntp_svm(data)
    assert found.iterations >= 20
    np.testing.assert_allclose(found.W, expected.W, atol=1e-6 * np.abs(found.W).max())


def test_a_face_that_is_not_definite_ends_the_search(monkeypatch):
    problem = ConeProblem.of(drawn(7))
    monkeypatch.setattr(slacks.IndependentRows, "face", lambda self, inactive: None)
    assert solution_of_independent_rows(problem, tolerance=1e-9) == (None, 1)


def test_what_rounding_leaves_is_solved_for_again(monkeypatch):
    """The Gram matrix of contexts around a distant mean holds half the digits; refinement brings them back."""
    data = drawn(5)
    rows = data.embeddings + 1e3
    problem = ConeProblem.of(ntp.NTPData(rows, data.context_probs, data.next_token_probs))
    gaps = []
    for refinements in (0, 2):
        monkeypatch.setattr(module, "REFINEMENTS", refinements)
        A, _ = solution_of_independent_rows(problem, tolerance=1e-6)
        gaps.append(abs(problem.gap(A, problem.logits(A))))
    assert gaps[1] < 1e-2 * gaps[0]
    assert gaps[1] < 1e-10


def test_what_misses_the_tolerance_is_not_returned():
    data = drawn(5)
    problem = ConeProblem.of(ntp.NTPData(data.embeddings + 1e3, data.context_probs, data.next_token_probs))
    assert solution_of_independent_rows(problem, tolerance=1e-12)[0] is None


@pytest.mark.parametrize(("numba", "constant"), [(False, "WORTH"), (True, "WORTH_IF_COMPILED")])
def test_the_cost_of_a_face_and_of_iterations_is_counted_by_hand(numba, constant, monkeypatch):
    monkeypatch.setattr(module, "numba_is_wanted", lambda: numba)
    for name in ("TOKEN_OVERHEAD", "FACE_OVERHEAD", "ITERATION_OVERHEAD", "ENTRY_OVERHEAD"):
        monkeypatch.setattr(module, name, 0)
    monkeypatch.setattr(module, "FEW", 0)
    sizes = np.array([3, 1, 0])
    # Blocks of three and one, four rows of halves times themselves, the mean slack; or one system.
    by_token, dense, iteration = 2 * (27 + 1) + 4 * 16 + 64, 64 / 3, 2 * 16 * 3
    for few, face in ((0, by_token), (4, dense)):
        monkeypatch.setattr(module, "FEW", few)
        equal = face * module.USUAL_FACES / module.USUAL_ITERATIONS / iteration
        for ratio, worth in ((1.01, True), (0.99, False)):
            monkeypatch.setattr(module, constant, ratio * equal)
            assert worth_it(sizes, 4) == worth
            assert worth_it(sizes, 4, generously=1.02)


def test_what_is_not_worth_it_goes_to_the_splitting(monkeypatch):
    monkeypatch.setattr(module, "worth_it", lambda sizes, m, *, generously=1: False)
    assert solution_of_independent_rows(ConeProblem.of(drawn(7)), tolerance=1e-9) == (None, 0)


def test_tensors_go_the_same_way():
    data = drawn(7)
    tensors = ntp.NTPData(torch.tensor(data.embeddings), data.context_probs, torch.tensor(data.next_token_probs))
    found, expected = solve(tensors), solve(data)
    assert found.answer is expected.answer is Answer.SOLUTION
    assert found.iterations == expected.iterations <= module.MAX_FACES
    assert isinstance(found.dual, torch.Tensor)
    np.testing.assert_allclose(found.dual.numpy(), expected.dual, atol=1e-14)


def test_the_gram_matrix_is_not_inverted_where_faces_would_be_dear(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "worth_it", lambda sizes, m, *, generously=1: asked.append((sizes, generously)))
    monkeypatch.setattr(slacks.IndependentRows, "factorised", None)
    problem = ConeProblem.of(drawn(7))
    assert solution_of_independent_rows(problem, tolerance=1e-9) == (None, 0)
    ((sizes, generously),) = asked
    np.testing.assert_allclose(sizes, module.LIKELY * (~problem.support).sum(axis=0))
    assert generously == 2


def test_the_gram_matrix_is_not_inverted_where_many_pairs_are_inactive(monkeypatch):
    answers = [True, False]
    monkeypatch.setattr(module, "worth_it", lambda sizes, m, *, generously=1: answers.pop(0))
    factorised = slacks.IndependentRows.factorised
    monkeypatch.setattr(slacks.IndependentRows, "factorised", None)
    problem = ConeProblem.of(drawn(7))
    assert solution_of_independent_rows(problem, tolerance=1e-9) == (None, 0)
    assert answers == []
    monkeypatch.setattr(slacks.IndependentRows, "factorised", factorised)
    monkeypatch.setattr(module, "worth_it", lambda sizes, m, *, generously=1: True)
    assert solution_of_independent_rows(problem, tolerance=1e-9)[0] is not None


def test_where_the_exchange_goes_round_the_splitting_answers():
    """Four contexts of which the faces 1234, 14 and 12 follow each other (book, ex-exchange-cycle)."""
    rows = np.array([[2.0, 1, 0, 1], [0, 1, 1, 1], [4, 0, 0, 1], [4, -1, 1, 0]])
    data = ntp.NTPData(rows, np.full(4, 0.25), np.tile([1.0, 0.0], (4, 1)))
    assert solution_of_independent_rows(ConeProblem.of(data), tolerance=1e-9) == (None, module.MAX_FACES)
    found = ntp.ntp_svm(data)
    assert found.verify()
    assert found.W[0] - found.W[1] == pytest.approx(np.array([4, 5, 7, 6]) / 18, abs=1e-9)
