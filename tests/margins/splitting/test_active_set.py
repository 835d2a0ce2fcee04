"""Newton's method on the face: what it returns, after how many faces, and when it gives up."""

from functools import cache

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.splitting import active_set as module
from ntp_lib.margins.splitting.active_set import refined_certificate, refined_solution
from ntp_lib.margins.splitting.face import Face
from ntp_lib.margins.splitting.iteration import Splitting
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.solve import solve

SEEDS = range(4)
OPPOSED = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])


def data_of(seed):
    return ntp.synthetic.random(
        num_contexts=12, dim=15, vocab_size=6, support_size=2, num_sequences=2000, seed=seed
    )


def made(seed):
    return ConeProblem.of(data_of(seed))


@cache
def solution(seed):
    """The dual variable of unit rows, by the whole solver."""
    data = data_of(seed)
    return solve(data).dual * np.linalg.norm(data.embeddings, axis=1)[:, None]


@pytest.fixture
def faces(monkeypatch):
    """The active pairs of every face that is solved."""
    seen, of = [], Face.of
    monkeypatch.setattr(Face, "of", lambda problem, active: seen.append(np.array(active)) or of(problem, active))
    return seen


@pytest.mark.parametrize("seed", SEEDS)
def test_from_the_right_pairs_one_face_is_enough(seed, faces):
    problem, exact = made(seed), solution(seed)
    faces.clear()
    active = ~problem.support & (exact < -1e-9 * np.abs(exact).max())
    rough = np.where(active | problem.support, exact * 1.3, 0.0)
    found, steps = refined_solution(problem, rough, tolerance=1e-12)
    assert steps == len(faces) == 1
    np.testing.assert_array_equal(faces[0], active)
    np.testing.assert_allclose(found, exact, atol=1e-7)
    logits = problem.logits(found)
    assert problem.violation(logits) <= 1e-12
    assert abs(problem.gap(found, logits)) <= 1e-12
    np.testing.assert_allclose(problem.repaired(found), found, atol=1e-15)


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_left_out_are_taken_in_and_wrong_ones_dropped(seed, faces):
    problem, exact = made(seed), solution(seed)
    faces.clear()
    right = ~problem.support & (exact < -1e-9 * np.abs(exact).max())
    guess = right.copy()
    for wanted in (True, False):
        j, v = np.argwhere((right == wanted) & ~problem.support)[seed]
        guess[j, v] = not wanted
    rough = problem.repaired(np.where(guess, -1.0, 0.0))
    found, steps = refined_solution(problem, rough, tolerance=1e-12, free_steps=10)
    assert steps == len(faces) > 1
    np.testing.assert_array_equal(faces[0], guess)
    np.testing.assert_array_equal(faces[-1], right)
    np.testing.assert_allclose(found, exact, atol=1e-7)


def test_the_next_face_keeps_what_has_the_right_sign_and_adds_what_is_violated(faces):
    problem = made(1)
    rng = np.random.default_rng(1)
    guess = ~problem.support & (rng.random(problem.support.shape) < 0.7)
    rough = problem.repaired(np.where(guess, -1.0, 0.0))
    refined_solution(problem, rough, tolerance=1e-12, free_steps=10)
    A, levels, _ = Face.of(problem, guess).solve(rough, problem.shifts)
    slack = problem.logits(problem.repaired(A)) + problem.shifts - levels
    # No entry is so near zero that rounding decides.
    assert np.abs(A[guess]).min() > 1e-6
    assert np.abs(slack[~guess & ~problem.support]).min() > 1e-6
    expected = (guess & (A < 0)) | (~guess & ~problem.support & (slack > 0))
    assert (guess & (A > 0)).any()
    assert (expected & ~guess).any()
    np.testing.assert_array_equal(faces[1], expected)


def run_with(problem, violations, monkeypatch, *, gap=1.0, growth=1, **options):
    """Steps taken where the violations are as given, and whether a solution was returned."""
    left = iter(violations)
    monkeypatch.setattr(ConeProblem, "violation", lambda self, logits: next(left))
    monkeypatch.setattr(ConeProblem, "gap", lambda self, A, logits: gap)
    monkeypatch.setattr(module, "MAX_GROWTH", np.inf)
    A = problem.repaired(np.where(problem.support, 0, -1.0))
    found, steps = refined_solution(problem, A, tolerance=1e-3, **options)
    return found is not None, steps


@pytest.mark.parametrize(
    ("violations", "options", "expected"),
    [
        ([1.0, 0.5, 0.25, 0.12, 0.061], {}, (False, 5)),
        ([1.1], {}, (False, 1)),
        ([1.1, 0.56], {"free_steps": 1}, (False, 2)),
        ([9.0, 9.0, 9.0, 1.0, 0.6], {"free_steps": 3}, (False, 5)),
        ([np.nan], {}, (False, 1)),
        ([1e-3], {"gap": 1e-3}, (True, 1)),
        ([1e-3], {"gap": -1e-3}, (True, 1)),
        ([0.5, 1e-3], {"gap": 1e-3}, (True, 2)),
        ([1e-3, 1e-3], {"gap": -2e-3}, (False, 2)),
        ([2e-3, 2e-3], {"gap": 0.0}, (False, 2)),
        ([1.0] * 99, {"free_steps": 99}, (False, module.MAX_SOLUTION_STEPS)),
    ],
)
def test_a_step_that_does_not_halve_the_violation_ends_the_search(violations, options, expected, monkeypatch):
    """The first face counts as near while it violates no more than half of what is farthest, 2."""
    assert run_with(made(0), violations, monkeypatch, **options) == expected


def test_a_guess_that_grows_too_much_has_run_away(monkeypatch, faces):
    problem = made(0)
    rough = np.zeros(problem.support.shape)
    first = problem.support.shape[1]
    monkeypatch.setattr(module, "MAX_GROWTH", np.inf)
    monkeypatch.setattr(module, "MAX_SOLUTION_STEPS", 2)
    refined_solution(problem, rough, tolerance=1e-12, free_steps=99)
    grown = int(faces[1].sum())
    assert grown > first
    for growth, steps in ((grown / first, 2), (grown / first - 1e-9, 1)):
        faces.clear()
        monkeypatch.setattr(module, "MAX_GROWTH", growth)
        assert refined_solution(problem, rough, tolerance=1e-12, free_steps=99) == (None, steps)
        assert len(faces) == steps


@pytest.mark.parametrize("refine", [refined_solution, refined_certificate])
def test_a_face_that_cannot_be_factorised_ends_the_search(refine, monkeypatch):
    problem = made(0)
    monkeypatch.setattr(Face, "of", lambda problem, active: None)
    A = problem.repaired(np.where(problem.support, 0, -1.0))
    assert refine(problem, A, tolerance=1.0) == (None, 1)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_certificate_excludes_every_margin(size):
    problem = ConeProblem.of(OPPOSED)
    splitting = Splitting(problem)
    splitting.advance(200)
    found, steps = refined_certificate(problem, size * splitting.dual, tolerance=1e-13)
    assert 1 <= steps <= module.MAX_CERTIFICATE_STEPS
    assert problem.excluded_margin(found) <= 1e-13
    assert found[~problem.support].max() <= 0
    assert np.abs(found.sum(axis=1)).max() < 1e-14
    assert 1e-2 < np.abs(found).max() < 2, "of the size of what was given, divided by its largest entry"


def test_what_is_left_of_a_face_without_a_certificate_is_refused():
    problem = made(0)
    A = problem.repaired(np.where(problem.support, 0, -1.0))
    assert refined_certificate(problem, A, tolerance=np.inf) == (None, 1)


class FakeFace:
    """A face whose projection is what the test says."""

    def __init__(self, answers):
        self.given, self.shifts, self.answers = [], [], iter(answers)

    def solve(self, A, shifts):
        self.given.append(A)
        self.shifts.append(shifts)
        return next(self.answers), None, 0.0


def certify(problem, A, answers, monkeypatch, *, margin=0.0):
    face = FakeFace(answers)
    monkeypatch.setattr(Face, "of", lambda given, active: face)
    monkeypatch.setattr(ConeProblem, "excluded_margin", lambda self, A: margin)
    found, steps = refined_certificate(problem, A, tolerance=1e-3)
    return face, found, steps


def test_pairs_whose_sign_turns_are_dropped_until_none_does(monkeypatch):
    problem = made(0)
    A = problem.repaired(np.where(problem.support, 0, -1.0))
    j, v = np.argwhere(~problem.support)[0]
    wrong = A.copy()
    wrong[j, v] = 0.25
    face, found, steps = certify(problem, 8 * A, [wrong, 4 * A], monkeypatch)
    assert steps == 2
    np.testing.assert_allclose(face.given[0], A / np.abs(A).max(), rtol=1e-14)
    repaired = problem.repaired(wrong)
    np.testing.assert_allclose(face.given[1], repaired / np.abs(repaired).max(), rtol=1e-14)
    assert not np.any(face.shifts)
    np.testing.assert_allclose(found, 4 * A, atol=1e-13)
    assert certify(problem, A, [wrong] * 9, monkeypatch)[1:] == (None, module.MAX_CERTIFICATE_STEPS)


@pytest.mark.parametrize(("margin", "taken"), [(1e-3, True), (1.001e-3, False)])
def test_a_certificate_must_exclude_the_margin_asked_for(margin, taken, monkeypatch):
    problem = made(0)
    A = problem.repaired(np.where(problem.support, 0, -1.0))
    _, found, steps = certify(problem, A, [A], monkeypatch, margin=margin)
    assert (found is not None, steps) == (taken, 1)


@pytest.mark.parametrize(("size", "taken"), [(1.01, True), (0.99, False)])
def test_what_shrinks_to_nothing_is_none(size, taken, monkeypatch):
    problem = made(0)
    A = problem.repaired(np.where(problem.support, 0, -1.0))
    small = size * module.COLLAPSED * A / np.abs(A).max()
    assert (certify(problem, A, [small], monkeypatch)[1] is not None) == taken
