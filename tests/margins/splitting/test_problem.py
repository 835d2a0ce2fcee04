"""The constraints as arrays, against their definitions: rows, shifts, ranks, violations, gaps, margins."""

import warnings

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.margins.splitting.problem import ConeProblem

SEEDS = range(4)
KINDS = [np.asarray, torch.tensor]


def problem_of(data, kind=np.asarray, **options):
    taken = ntp.NTPData(kind(np.array(data.embeddings)), data.context_probs, data.next_token_probs)
    return ConeProblem.of(taken, **options)


def scaled(data):
    """Contexts of quite different lengths."""
    lengths = np.geomspace(0.1, 20, data.num_contexts)[:, None]
    return ntp.NTPData(lengths * data.embeddings, data.context_probs, data.next_token_probs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_parts_are_those_of_the_data(kind, random_problem):
    data = scaled(random_problem(0, m=5))
    problem = problem_of(data, kind)
    lengths = np.linalg.norm(data.embeddings, axis=1)[:, None]
    assert isinstance(problem.rows, type(kind([1.0])))
    np.testing.assert_allclose(problem.lengths, lengths, rtol=1e-14)
    np.testing.assert_allclose(problem.rows, data.embeddings / lengths, rtol=1e-13)
    np.testing.assert_array_equal(problem.support, data.support)
    np.testing.assert_allclose(problem.shifts, np.where(data.support, 0, 1 / lengths), rtol=1e-14)
    np.testing.assert_array_equal(problem.floor, np.where(data.support, -np.inf, 0))
    np.testing.assert_array_equal(problem.support_sizes, data.support_sizes[:, None])


def test_unit_lengths_change_the_shifts_alone(random_problem):
    data = scaled(random_problem(0, m=5))
    unit, plain = problem_of(data, unit_lengths=True), problem_of(data)
    np.testing.assert_array_equal(unit.rows, plain.rows)
    np.testing.assert_array_equal(unit.lengths, np.ones((5, 1)))
    np.testing.assert_array_equal(unit.shifts, ~data.support * 1.0)


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("m", "d", "rank"), [(4, 9, 4), (9, 4, 4), (8, 6, 3), (3, 5, 0)])
def test_factors_are_cut_at_the_numerical_rank(kind, m, d, rank, random_problem):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((m, rank)) @ rng.standard_normal((rank, d))
    data = ntp.NTPData(rows, np.full(m, 1 / m), np.eye(m))
    problem = problem_of(data, kind)
    U, squares = (np.asarray(part) for part in problem.factors)
    assert (U.shape, squares.shape) == ((m, rank), (rank,))
    assert (np.diff(squares) <= 0).all()
    np.testing.assert_allclose(U.T @ U, np.eye(rank), atol=1e-13)
    G = np.asarray(problem.rows @ problem.rows.T)
    np.testing.assert_allclose(U * squares @ U.T, G, atol=1e-13)


def repaired_by_definition(A, support):
    """Positive entries off the support are taken away; what a row lacks of zero its support shares equally."""
    found = np.array(A)
    for j, row in enumerate(found):
        row[~support[j]] = np.minimum(row[~support[j]], 0)
        row[support[j]] -= row.sum() / support[j].sum()
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_repaired_multipliers_have_signs_and_row_sums(kind, seed, random_problem):
    data = random_problem(seed, m=6)
    problem, A = problem_of(data, kind), np.random.default_rng(seed).standard_normal((6, 5))
    found = np.asarray(problem.repaired(kind(A)))
    np.testing.assert_allclose(found, repaired_by_definition(A, data.support), atol=1e-14)
    assert np.abs(found.sum(axis=1)).max() < 1e-14
    assert found[~data.support].max() <= 0
    np.testing.assert_allclose(np.asarray(problem.repaired(kind(found))), found, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_the_decoder(kind, random_problem):
    data = scaled(random_problem(1, m=6))
    problem, A = problem_of(data, kind), np.random.default_rng(1).standard_normal((6, 5))
    unit = data.embeddings / np.linalg.norm(data.embeddings, axis=1)[:, None]
    np.testing.assert_allclose(problem.logits(kind(A)), unit @ (A.T @ unit).T, atol=1e-13)


def violation_by_definition(W, data):
    """The largest spread in support and the largest shortfall of a margin of one, of W on the embeddings."""
    found = []
    for j, support in enumerate(data.support):
        logits = W @ data.embeddings[j]
        inside, outside = logits[support], logits[~support]
        found += [inside.max() - inside.min(), *(1 - (inside.min() - outside))]
    return max(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(1, 1), (1, None), (2, 3), (5, 5)])
@pytest.mark.parametrize("seed", SEEDS)
def test_violations_are_in_units_of_the_margin(kind, sizes, seed, random_problem):
    data = scaled(random_problem(seed, m=6, sizes=sizes))
    problem = problem_of(data, kind)
    for size in (0.01, 1.0, 30.0):
        W = size * np.random.default_rng(seed).standard_normal((5, 3))
        logits = np.asarray(problem.rows) @ W.T
        assert problem.violation(kind(logits)) == pytest.approx(violation_by_definition(W, data), rel=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gap_is_that_of_the_primal_and_the_dual_value(kind, random_problem):
    """½‖W‖² against min over W of ½‖W‖² − Σ a_jv (ℓ_jv + shift_jv), relative to the primal value."""
    data = random_problem(2, m=3, d=4)
    problem = problem_of(data, kind)
    A = repaired_by_definition(np.random.default_rng(2).standard_normal((3, 5)), data.support)
    W = A.T @ np.asarray(problem.rows)
    primal = (W**2).sum() / 2
    dual = -(A * np.asarray(problem.shifts)).sum() - primal
    found = problem.gap(kind(A), problem.logits(kind(A)))
    assert found == pytest.approx((primal - dual) / primal, rel=1e-12)
    nothing = kind(np.zeros((3, 5)))
    assert problem.gap(nothing, nothing) == problem.excluded_margin(nothing) == np.inf


def test_at_the_solution_there_is_no_gap_and_no_violation(random_problem):
    data = random_problem(2, m=3, d=4)
    solution, problem = ntp.ntp_svm(data), problem_of(data)
    A = solution.dual * np.linalg.norm(data.embeddings, axis=1)[:, None]
    logits = problem.logits(A)
    np.testing.assert_allclose(A.T @ problem.rows, solution.W, atol=1e-9)
    assert abs(problem.gap(A, logits)) < 1e-8
    assert problem.violation(logits) < 1e-8
    assert problem.gap(2 * A, 2 * logits) == pytest.approx(1, rel=1e-7), "2(4q − 2q)/4q"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_unit_decoder_has_more_than_the_excluded_margin(kind, seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    problem, rng = problem_of(data, kind), np.random.default_rng(seed)
    A = repaired_by_definition(rng.standard_normal((3, 5)), data.support)
    found = problem.excluded_margin(kind(A))
    rows = np.asarray(problem.rows)
    assert found == pytest.approx(np.linalg.norm(A.T @ rows) / -A[~data.support].sum(), rel=1e-12)
    unit = ntp.NTPData(rows, data.context_probs, data.next_token_probs)
    best = ntp.ntp_svm(unit).W
    assert 1 / np.linalg.norm(best) <= found


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
@pytest.mark.parametrize(("m", "d"), [(4, 9), (9, 4), (5, 5)])
def test_extreme_singular_values_come_from_the_smaller_gram_matrix(kind, m, d, random_problem):
    data = random_problem(2, m=m, d=d, V=3)
    problem = ConeProblem.of(ntp.NTPData(kind(data.embeddings.copy()), data.context_probs, data.next_token_probs))
    singular = np.linalg.svd(np.asarray(problem.rows), compute_uv=False)
    assert problem.small_gram.shape == (min(m, d),) * 2
    assert problem.full_rank
    assert problem.extreme_squares == pytest.approx((singular[0] ** 2, singular[-1] ** 2), rel=1e-9)
    assert "factors" not in vars(problem), "no singular values are needed"


def test_a_rank_in_doubt_is_decided_by_singular_values(random_problem):
    data = random_problem(2, m=4, d=9, V=3)
    rows = data.embeddings.copy()
    for distance, rank in ((1e-6, 4), (0.0, 3)):
        rows[1] = rows[0] + distance * data.embeddings[1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ntp.NTPDataWarning)
            problem = ConeProblem.of(ntp.NTPData(rows, data.context_probs, data.next_token_probs))
        assert not problem.full_rank
        assert not problem.independent
        singular = np.linalg.svd(problem.rows, compute_uv=False)[:rank]
        assert problem.factors[1].shape == (rank,)
        assert problem.extreme_squares == pytest.approx((singular[0] ** 2, singular[-1] ** 2), rel=1e-6)


@pytest.mark.parametrize(("m", "d", "independent"), [(4, 9, True), (5, 5, True), (9, 4, False)])
def test_more_contexts_than_dimensions_are_dependent(m, d, independent, random_problem):
    assert ConeProblem.of(random_problem(2, m=m, d=d, V=3)).independent == independent
