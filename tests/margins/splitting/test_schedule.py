"""When the solver sharpens, rebalances and gives up, what it hands on, and what it hands back."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.splitting import solve as module
from ntp_lib.margins.splitting.iteration import Splitting
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.solve import Answer

# Neither solved nor refuted within a few hundred iterations.
HARD = ntp.synthetic.random(num_contexts=80, dim=30, vocab_size=20, support_size=3, num_sequences=5000, seed=0)
EASY = ntp.synthetic.random(num_contexts=6, dim=9, vocab_size=5, support_size=2, num_sequences=500, seed=0)
ONE_HOT = {5: np.eye(4)[[0, 1, 2, 3, 0]], 6: np.eye(4)[[0, 1, 2, 3, 0, 1]]}
IMPOSSIBLE = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[4 / 15, 11 / 15, 0.0], [1.0, 0.0, 0.0]])


class Watch:
    """Records what the solver asks for, with answers of its own; every try takes three faces."""

    def __init__(self, monkeypatch, *, affordable=1e9, certificate=None, solution=None):
        self.iterations, self.searches, self.balances, self.solutions = 0, [], [], []
        advance, rebalance = Splitting.advance, Splitting.rebalance

        def advancing(splitting, count):
            advance(splitting, count)
            self.iterations = splitting.iterations

        def rebalancing(splitting):
            self.balances.append(splitting.iterations)
            rebalance(splitting)

        def certify(problem, A, *, tolerance):
            self.searches.append((self.iterations, tolerance))
            return (A if certificate else None), 2

        def sharpen(problem, A, *, tolerance, free_steps):
            self.solutions.append((self.iterations, tolerance, free_steps))
            return (A if solution else None), 3

        monkeypatch.setattr(Splitting, "advance", advancing)
        monkeypatch.setattr(Splitting, "rebalance", rebalancing)
        monkeypatch.setattr(module, "refined_certificate", certify)
        monkeypatch.setattr(module, "refined_solution", sharpen)
        monkeypatch.setattr(module, "_affordable_faces", lambda problem, A, iterations: affordable)
        monkeypatch.setattr(module, "OUT_OF_SIGHT", np.inf)


@pytest.fixture
def splitting_only(monkeypatch):
    """Independent contexts go to the splitting like all others."""
    monkeypatch.setattr(module, "solution_of_independent_rows", lambda problem, *, tolerance: (None, 0))


def test_attempts_become_rarer_as_iterations_grow(monkeypatch):
    """At the first check past 20, 30, 60, 90, 150, 240 and 360; the penalty past 20, 50, 110, 200 and 320."""
    monkeypatch.setattr(module, "MAX_ITERATIONS", 400)
    watch = Watch(monkeypatch, affordable=9.0)
    outcome = module.solve(HARD)
    assert [n for n, *_ in watch.solutions] == [20, 40, 60, 100, 160, 240, 360]
    assert watch.balances == [20, 60, 120, 200, 320]
    assert watch.iterations == 400
    assert outcome.answer is Answer.UNDECIDED
    assert outcome.iterations == 400 + 3 * 7 + 2 * len(watch.searches)
    assert {free for *_, free in watch.solutions} == {2}, "a quarter of what can be afforded"


@pytest.mark.parametrize(("tolerance", "sharp"), [(1e-7, 1e-10), (1e-13, 1e-13)])
def test_sharpening_goes_at_least_as_far_as_asked(tolerance, sharp, monkeypatch):
    monkeypatch.setattr(module, "MAX_ITERATIONS", 40)
    watch = Watch(monkeypatch)
    module.solve(HARD, tolerance=tolerance)
    assert [found for _, found, _ in watch.solutions] == [sharp, sharp]


@pytest.mark.parametrize(("affordable", "tries"), [(3.99, 0), (4.0, 2)])
def test_a_search_begins_where_several_faces_are_affordable(affordable, tries, monkeypatch):
    monkeypatch.setattr(module, "MAX_ITERATIONS", 40)
    watch = Watch(monkeypatch, affordable=affordable)
    assert module.solve(HARD).answer is Answer.UNDECIDED
    assert len(watch.solutions) == tries


@pytest.mark.usefixtures("splitting_only")
@pytest.mark.parametrize(("affordable", "tries"), [(0.99, 0), (1.0, 1)])
def test_what_is_solved_is_sharpened_where_one_face_is_affordable(affordable, tries, monkeypatch):
    watch = Watch(monkeypatch, affordable=affordable)
    outcome = module.solve(EASY, tolerance=1e-4)
    assert outcome.answer is Answer.SOLUTION
    assert len([n for n, *_ in watch.solutions if n == watch.iterations]) == tries
    assert outcome.iterations == watch.iterations + 3 * len(watch.solutions) + 2 * len(watch.searches)


def test_the_first_sharp_solution_ends_the_search(monkeypatch):
    watch = Watch(monkeypatch, solution=True)
    outcome = module.solve(HARD)
    assert outcome.answer is Answer.SOLUTION
    assert outcome.iterations == 20 + 3 + 2 * len(watch.searches)
    lengths = np.linalg.norm(HARD.embeddings, axis=1)[:, None]
    splitting = Splitting(ConeProblem.of(HARD))
    splitting.advance(20)
    np.testing.assert_allclose(outcome.dual, splitting.dual / lengths, rtol=1e-12, atol=1e-16)


def test_a_certificate_is_looked_for_where_the_excluded_margin_falls(monkeypatch):
    watch = Watch(monkeypatch, certificate=True)
    outcome = module.solve(IMPOSSIBLE)
    assert outcome.answer is Answer.CERTIFICATE
    ((iterations, tolerance),) = watch.searches
    assert tolerance == module.CERTIFICATE_TOLERANCE
    assert outcome.iterations == iterations + 2 + 3 * len(watch.solutions)


@pytest.mark.parametrize(
    ("iterations", "gap", "rows", "tried"),
    [
        (20, -10.1, (6, 5), True),
        (40, -10.1, (6, 5), True),
        (80, -np.inf, (6, 5), True),
        (60, -10.1, (6, 5), False),
        (100, -10.1, (6, 5), False),
        (20, -10.0, (6, 5), False),
        (20, np.inf, (6, 5), False),
        (20, -10.1, (5, 5), False),
    ],
)
def test_a_certificate_is_tried_early_where_the_dual_value_ran_away(iterations, gap, rows, tried, monkeypatch):
    watch = Watch(monkeypatch, certificate=True)
    monkeypatch.setattr(ConeProblem, "gap", lambda self, A, logits: gap)
    data = ntp.NTPData(
        np.random.default_rng(0).standard_normal(rows), np.full(rows[0], 1 / rows[0]), ONE_HOT[rows[0]]
    )
    A = np.ones(data.next_token_probs.shape)
    found, faces = module._early_certificate(ConeProblem.of(data), A, A, iterations)
    assert (found is not None, faces) == ((True, 2) if tried else (False, 0))
    assert watch.searches == ([(0, module.CERTIFICATE_TOLERANCE)] if tried else [])


def test_no_early_certificate_is_tried_where_a_face_does_not_fit(monkeypatch):
    watch = Watch(monkeypatch, certificate=True)
    monkeypatch.setattr(ConeProblem, "gap", lambda self, A, logits: -np.inf)
    problem, A = ConeProblem.of(IMPOSSIBLE), np.ones((2, 3))
    for most, tries in ((1, 0), (2, 1)):
        monkeypatch.setattr(module, "MAX_FACE_CONTEXTS", most)
        module._early_certificate(problem, A, A, 20)
        assert len(watch.searches) == tries


def search(**changes):
    return module._Search(**{"tolerance": 1e-9, "free_steps": 5, "diverging": True} | changes)


@pytest.mark.parametrize(
    ("violation", "gap", "diverging", "certified", "sharpened"),
    [
        (0.5, 0.0, True, True, True),
        (0.0, 0.5, True, True, True),
        (0.0, -0.5, True, True, True),
        (0.4, 0.4, True, False, True),
        (0.4, -0.4, True, False, True),
        (0.5, 0.5, False, False, True),
        (0.9, 0.5, True, True, True),
        (0.91, 0.0, True, True, False),
        (0.91, 0.0, False, False, False),
    ],
)
def test_a_margin_in_sight_decides_what_is_tried(violation, gap, diverging, certified, sharpened, monkeypatch):
    problem = ConeProblem.of(EASY)
    A, logits = np.zeros((6, 5)), np.ones((6, 5))
    out_of_sight = module.OUT_OF_SIGHT
    watch = Watch(monkeypatch)
    monkeypatch.setattr(module, "OUT_OF_SIGHT", out_of_sight)
    monkeypatch.setattr(ConeProblem, "violation", lambda self, given: violation if given is logits else None)
    monkeypatch.setattr(ConeProblem, "gap", lambda self, a, given: gap if (a is A and given is logits) else None)
    answer, found, faces = module._refine(problem, A, logits, search(diverging=diverging))
    assert (len(watch.searches), len(watch.solutions)) == (certified, sharpened)
    assert faces == 2 * certified + 3 * sharpened
    assert found is None
    assert answer is (Answer.SOLUTION if sharpened else Answer.UNDECIDED)
    if sharpened:
        assert watch.solutions == [(0, 1e-9, 5)]


def test_a_certificate_found_comes_before_a_solution(monkeypatch):
    watch = Watch(monkeypatch, certificate=True, solution=True)
    problem = ConeProblem.of(EASY)
    A = problem.repaired(np.random.default_rng(0).standard_normal((6, 5)))
    answer, found, faces = module._refine(problem, A, 100 * problem.logits(A), search())
    assert (answer, faces, watch.solutions) == (Answer.CERTIFICATE, 2, [])
    assert found is A


@pytest.mark.parametrize("unit_lengths", [False, True])
def test_the_dual_variable_belongs_to_the_lengths_asked_for(unit_lengths):
    lengths = np.linalg.norm(EASY.embeddings, axis=1)[:, None]
    rows = EASY.embeddings / lengths if unit_lengths else EASY.embeddings
    outcome = module.solve(EASY, unit_lengths=unit_lengths)
    assert outcome.answer is Answer.SOLUTION
    W, off = outcome.dual.T @ rows, ~EASY.support_mask
    # The conditions of (6): margins of one, equal logits in support, signs, row sums, and equal values.
    assert ntp.margin(W, ntp.NTPData(rows, EASY.context_probs, EASY.next_token_probs)) == pytest.approx(
        1, abs=1e-9
    )
    logits = rows @ W.T
    assert max(np.ptp(row[inside]) for row, inside in zip(logits, ~off, strict=True)) < 1e-9
    assert outcome.dual[off].max() <= 0
    assert np.abs(outcome.dual.sum(axis=1)).max() < 1e-9
    assert -outcome.dual[off].sum() == pytest.approx(np.sum(W**2), rel=1e-9)


@pytest.mark.usefixtures("splitting_only")
def test_tolerances_bound_violation_and_gap(monkeypatch):
    """Without sharpening: what is handed back meets the tolerance, and one check earlier did not."""
    monkeypatch.setattr(module, "MAX_FACE_CONTEXTS", 0)
    problem, iterations = ConeProblem.of(EASY), []
    for tolerance in (1e-2, 1e-5, 1e-7):
        outcome = module.solve(EASY, tolerance=tolerance)
        A = outcome.dual * problem.lengths
        logits = problem.logits(A)
        assert outcome.answer is Answer.SOLUTION
        assert problem.violation(logits) <= tolerance
        assert abs(problem.gap(A, logits)) <= tolerance
        iterations.append(outcome.iterations)
        assert outcome.iterations % module.CHECK_EVERY == 0
    assert iterations == sorted(set(iterations))
    np.testing.assert_array_equal(module.solve(EASY).dual, outcome.dual, err_msg="1e-7 is the default")
