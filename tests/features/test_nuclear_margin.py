"""The nuclear-norm programme: certificates, known solutions, symmetry, refusals."""

import dataclasses

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features.feasible import feasible_dual, feasible_logits
from ntp_lib.features.nuclear_margin import kinds, nuclear_margin, nuclear_norm


def on_basis(probs):
    probs = np.asarray(probs, dtype=float)
    return ntp.NTPData(np.eye(len(probs)), np.full(len(probs), 1 / len(probs)), probs)


@pytest.mark.parametrize("V", [3, 6])
def test_one_hot_labels_give_the_simplex(V):
    """L = I − 11ᵀ/V with norm V − 1 (book, ex-nuclear-simplex)."""
    solution = nuclear_margin(on_basis(np.eye(V)))
    assert solution.norm == pytest.approx(V - 1, rel=1e-6)
    np.testing.assert_allclose(solution.logits, np.eye(V) - 1 / V, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_solutions_are_feasible_and_certified(seed, random_problem):
    solution = nuclear_margin(random_problem(seed, m=5, V=5))
    assert solution.margin == pytest.approx(1, abs=1e-12)
    assert solution.spread == 0
    assert solution.dual_violation <= 1e-9
    assert np.abs(solution.logits.sum(axis=1)).max() <= 1e-12
    assert -1e-12 <= solution.gap <= 1e-6
    assert np.linalg.norm(solution.dual, ord=2) == pytest.approx(1, abs=1e-9)
    other = dataclasses.replace(solution, W=solution.W + 0.01 * np.ones_like(solution.W))
    assert other.gap > 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_merging_equal_kinds_loses_nothing(seed, random_problem):
    """thm-nuclear-collapse: with every entry free, equal supports get equal rows all the same."""
    single = random_problem(seed, m=3, V=5, sizes=(1, 3))
    data = on_basis(np.repeat(np.asarray(single.next_token_probs), 2, axis=0))
    merged, free = nuclear_margin(data), nuclear_margin(data, merge=False)
    assert free.norm == pytest.approx(merged.norm, rel=1e-6)
    np.testing.assert_allclose(free.logits[::2], free.logits[1::2], atol=1e-4)
    assert np.abs(free.logits[0] - free.logits[2]).max() > 1e-2 or (data.support[0] == data.support[2]).all()
    # Two copies of every context cost the root of two (ex-nuclear-copies).
    assert merged.norm == pytest.approx(np.sqrt(2) * nuclear_margin(single).norm, rel=1e-6)


def test_kinds_of_different_numbers_weigh_by_their_numbers():
    """Contexts once, twice and three times, and tokens that always occur together."""
    patterns = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0], [1, 1, 0, 0, 0, 1]], dtype=float)
    probs = np.repeat(patterns / patterns.sum(axis=1, keepdims=True), [1, 2, 3], axis=0)
    merged, free = nuclear_margin(on_basis(probs)), nuclear_margin(on_basis(probs), merge=False)
    assert merged.norm == pytest.approx(free.norm, rel=1e-6)
    np.testing.assert_allclose(merged.logits, free.logits, atol=1e-3)
    assert max(merged.gap, free.gap) <= 1e-6


def test_kinds_name_a_first_row_of_each():
    support = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
    first, kind = kinds(support)
    assert sorted(first) == [0, 1, 3]
    np.testing.assert_array_equal(support[first][kind], support)
    assert kind[0] == kind[2]


def test_the_nuclear_norm_is_the_sum_of_singular_values():
    assert nuclear_norm(np.diag([3.0, -4.0])) == pytest.approx(7)


@pytest.mark.parametrize("seed", range(3))
def test_logits_near_a_solution_are_made_feasible(seed, random_problem):
    """Of every row the mean over the support is the level below which the others lie; one factor for all rows."""
    support = random_problem(seed, m=5, V=6, sizes=(1, 5)).support
    given = np.random.default_rng(seed).standard_normal((5, 6)) - 3 * ~support
    made = feasible_logits(given, support)
    assert np.abs(made.sum(axis=1)).max() <= 1e-12
    depths, made_depths = [], []
    for row, new, inside in zip(given, made, support, strict=True):
        assert np.ptp(new[inside]) == 0
        depths += (row[inside].mean() - row[~inside]).tolist()
        made_depths += (new[inside][0] - new[~inside]).tolist()
    assert min(made_depths) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(made_depths, np.array(depths) / min(depths), rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_multipliers_near_a_solution_are_made_feasible(seed, random_problem):
    """What is positive off a support goes, and what rows then miss is spread evenly over their supports."""
    support = random_problem(seed, m=5, V=6, sizes=(1, 5)).support
    given = np.random.default_rng(seed).standard_normal((5, 6))
    made = feasible_dual(given, support)
    assert np.abs(made.sum(axis=1)).max() <= 1e-12
    assert np.linalg.svd(made)[1][0] == pytest.approx(1, rel=1e-12)
    (j, v), *_ = np.argwhere(~support & (given < 0))
    factor = made[j, v] / given[j, v]
    assert factor > 0
    np.testing.assert_allclose(made[~support], factor * np.minimum(given[~support], 0), atol=1e-12)
    for row, new, inside in zip(given, made, support, strict=True):
        assert np.ptp(new[inside] - factor * row[inside]) <= 1e-12


def test_a_gap_as_large_as_the_tolerance_is_accepted():
    data = ntp.synthetic.toy_2d()
    gap = nuclear_margin(data, solver="conic").gap
    assert 0 < gap < 1e-7
    assert nuclear_margin(data, solver="conic", tolerance=gap).gap == gap


def test_a_solver_that_fails_is_reported(monkeypatch):
    import cvxpy as cp

    def fail(self, **options):
        raise cp.SolverError("out of luck")

    monkeypatch.setattr(cp.Problem, "solve", fail)
    with pytest.raises(ntp.DidNotConvergeError, match=r"^the nuclear-norm programme was not solved: out of luck$"):
        nuclear_margin(ntp.synthetic.toy_2d(), solver="conic")
    monkeypatch.setattr(cp.Problem, "solve", lambda self, **options: None)
    with pytest.raises(ntp.DidNotConvergeError, match=r"^the nuclear-norm programme was not solved: status None$"):
        nuclear_margin(ntp.synthetic.toy_2d(), solver="conic")


def test_a_solution_that_may_be_inaccurate_is_judged_by_its_gap(monkeypatch):
    import warnings

    import cvxpy as cp

    solve = cp.Problem.solve

    def doubtful(self, **options):
        warnings.warn("Solution may be inaccurate.", UserWarning, stacklevel=2)
        return solve(self, **options)

    monkeypatch.setattr(cp.Problem, "solve", doubtful)
    assert nuclear_margin(ntp.synthetic.toy_2d(), solver="conic").gap <= 1e-6


def test_probabilities_and_embeddings_do_not_matter():
    data = ntp.synthetic.toy_2d()
    uniform = data.support / data.support.sum(axis=1, keepdims=True)
    other = ntp.NTPData(np.eye(3), [0.5, 0.3, 0.2], uniform)
    assert nuclear_margin(other).norm == pytest.approx(nuclear_margin(data).norm, rel=1e-12)


def test_refusals(random_problem):
    with pytest.raises(ntp.NTPDataError, match="whole vocabulary"):
        nuclear_margin(on_basis([[0.5, 0.5], [0.1, 0.9]]))
    for tolerance in (2, 1, 0, -1.0):
        message = f"^tolerance is {tolerance}; it must be a finite number above 0 and below 1"
        with pytest.raises(ntp.NTPDataError, match=message):
            nuclear_margin(ntp.synthetic.toy_2d(), tolerance=tolerance)
    message = r"^the nuclear-norm programme ended with gap \d\.\de-\d\d, asked for 1\.0e-10$"
    with pytest.raises(ntp.DidNotConvergeError, match=message):
        nuclear_margin(random_problem(0, m=6, V=8, sizes=(2, 4)), tolerance=1e-10, max_steps=2)
    with pytest.raises(ntp.NTPDataError, match=r"^unknown solver 'scs'; valid: splitting, conic$"):
        nuclear_margin(ntp.synthetic.toy_2d(), solver="scs")
    with pytest.raises(ntp.NTPDataError, match=r"^max_steps is 0; it must be a whole number of at least 1$"):
        nuclear_margin(ntp.synthetic.toy_2d(), max_steps=0)
