"""The splitting against the definitions of its parts, its two answers, and both array libraries."""

import numpy as np
import pytest
import scipy.optimize
import torch

import ntp_lib as ntp
from ntp_lib.margins import certificates
from ntp_lib.margins.splitting import active_set, iteration, positive_definite
from ntp_lib.margins.splitting import problem as problem_module
from ntp_lib.margins.splitting import solve as module
from ntp_lib.margins.splitting.face import Face
from ntp_lib.margins.splitting.gram import RowSpace
from ntp_lib.margins.splitting.iteration import OVER_RELAXATION, Splitting
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.solve import Answer


def water_level(x, support):
    """The root of Σ_S (x − c) + Σ_off (x − c)₊ by bracketing."""

    def poured(c):
        return (x[support] - c).sum() + np.maximum(x[~support] - c, 0).sum()

    return scipy.optimize.brentq(poured, x.min() - 1, x.max() + 1, xtol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_projection_is_a_clip_at_the_water_level(seed, random_problem):
    data = random_problem(seed, m=6, V=7)
    problem = ConeProblem.of(data)
    splitting = Splitting(problem)
    point = np.random.default_rng(seed).standard_normal((6, 7))
    taken = splitting.project(point)
    for j, support in enumerate(data.support_mask):
        c = water_level(point[j], support)
        expected = np.where(support, point[j] - c, np.maximum(point[j] - c, 0))
        np.testing.assert_allclose(taken[j], expected, atol=1e-13)
        # Moreau: what is left lies in the cone, what was taken in its polar, and the two are orthogonal.
        assert abs((point[j] - taken[j]) @ taken[j]) < 1e-12


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (30, 3)])
def test_half_step_is_the_relaxed_proximal_step(shape, random_problem):
    m, d = shape
    problem = ConeProblem.of(random_problem(1, m=m, d=d, V=4))
    penalty, T = 0.7, np.random.default_rng(0).standard_normal((m, 4))
    G = problem.rows @ problem.rows.T
    P = G @ np.linalg.inv(G + np.eye(m) / penalty)
    moved = P @ (T - problem.shifts) + problem.shifts
    expected = OVER_RELAXATION * (moved - T / 2)
    half_step = RowSpace(problem).half_step(penalty, OVER_RELAXATION)
    np.testing.assert_allclose(half_step.apply(T), expected, atol=1e-12)


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
@pytest.mark.parametrize("shape", [(4, 9), (9, 6), (30, 3)])
def test_the_gram_matrix_and_the_singular_values_give_the_same_step(shape, kind, random_problem, monkeypatch):
    m, d = shape
    data = random_problem(1, m=m, d=d, V=4)
    data = ntp.NTPData(kind(data.embeddings.copy()), data.context_probs, data.next_token_probs)
    T = kind(np.random.default_rng(0).standard_normal((m, 4)))
    by_gram = RowSpace(ConeProblem.of(data)).half_step(0.7, OVER_RELAXATION).apply(T)
    monkeypatch.setattr(problem_module, "DOUBTFUL", np.inf)
    problem = ConeProblem.of(data)
    by_values = RowSpace(problem).half_step(0.7, OVER_RELAXATION).apply(T)
    assert not problem.full_rank
    np.testing.assert_allclose(by_gram, by_values, atol=1e-13)


@pytest.mark.parametrize("seed", range(4))
def test_face_solves_its_optimality_conditions(seed, random_problem):
    data = random_problem(seed, m=8, d=9, V=6)
    problem = ConeProblem.of(data)
    active = ~problem.support & (np.random.default_rng(seed).random((8, 6)) < 0.2)
    face = Face.of(problem, active)
    A, levels, left_over = face.solve(np.zeros((8, 6)), problem.shifts)
    on_face = problem.support | active
    left = problem.logits(A) + problem.shifts - levels
    assert np.abs(left[on_face]).max() < 1e-9 * (1 + np.abs(A).max())
    assert np.abs(A.sum(axis=1)).max() < 1e-9 * (1 + np.abs(A).max())
    assert left_over < 1e-9
    assert not A[~on_face].any()
    # Control: the conditions of a larger face do not hold.
    assert np.abs(left[~on_face]).max() > 1e-3


def test_a_face_that_is_not_definite_is_reported():
    matrix = np.diag([1.0, -1.0])
    for kind in (matrix, torch.tensor(matrix)):
        assert positive_definite.inverse(kind) is None
        assert positive_definite.solver(kind) is None


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_positive_definite_matrices_are_inverted(kind):
    root = np.random.default_rng(0).standard_normal((5, 5))
    matrix = root @ root.T + np.eye(5)
    given = matrix.copy() if kind == "numpy" else torch.tensor(matrix)
    np.testing.assert_allclose(np.asarray(positive_definite.inverse(given)) @ matrix, np.eye(5), atol=1e-12)
    solution = positive_definite.solver(given)(given @ given[:, :1])
    np.testing.assert_allclose(np.asarray(solution), matrix[:, :1], atol=1e-12)


THRESHOLD = {"num_contexts": 80, "dim": 30, "vocab_size": 20, "support_size": 3}


@pytest.mark.parametrize(
    "shape",
    [
        {"num_contexts": 20, "dim": 25, "vocab_size": 8, "support_size": 3},
        {"num_contexts": 40, "dim": 25, "vocab_size": 8, "support_size": 3},
        {"num_contexts": 40, "dim": 25, "vocab_size": 8, "support_size": 1},
        THRESHOLD,
    ],
)
def test_a_solution_is_sharp(shape):
    data = ntp.synthetic.random(num_sequences=5000, seed=0, **shape)
    found = ntp.ntp_svm(data, tolerance=1e-10)
    assert found.solver == "structured"
    assert found.margin >= 1 - 1e-10
    assert found.spread <= 1e-10
    assert found.dual_violation <= 1e-12
    assert abs(found.gap) <= 1e-10


@pytest.mark.parametrize(("num_contexts", "seed"), [(95, 0), (92, 1), (91, 2), (90, 3), (300, 0)])
def test_past_the_threshold_a_certificate_appears(num_contexts, seed):
    data = ntp.synthetic.random(**THRESHOLD | {"num_contexts": num_contexts}, num_sequences=5000, seed=seed)
    outcome = module.solve(data)
    assert outcome.answer is Answer.CERTIFICATE
    A = certificates.repaired_certificate(outcome.dual, data)
    assert certificates.certificate_margin(A, data) < 1e-10
    assert ntp.separability(data, solver="highs").holds is False


def test_a_separable_problem_yields_no_certificate():
    """Near the threshold every dual iterate is projected onto Aᵀ·rows = 0; what is left of it must be refused."""
    problem = ConeProblem.of(ntp.synthetic.random(**THRESHOLD, num_sequences=5000, seed=0))
    splitting = Splitting(problem)
    for _ in range(30):
        splitting.advance(20)
        A, faces = active_set.refined_certificate(problem, splitting.dual, tolerance=module.CERTIFICATE_TOLERANCE)
        assert A is None
        assert 1 <= faces <= active_set.MAX_CERTIFICATE_STEPS


# With one Newton step a time the levels of these two one-hot contexts can alternate for ever.
NEARLY_PARALLEL = [
    [-1.45141214, 1.16777114, -0.05934799, 0.07172216],
    [-1.36908244, 1.18163484, -0.07350318, 0.12674894],
]


def test_levels_that_lag_do_not_cycle():
    data = ntp.NTPData(NEARLY_PARALLEL, [0.5, 0.5], np.eye(6)[[3, 0]])
    assert module.solve(data).answer is Answer.SOLUTION
    found = ntp.ntp_svm(data)
    assert found.solver == "structured"
    np.testing.assert_allclose(found.W, ntp.ntp_svm(data, solver="cvxpy").W, atol=1e-6)


def test_lagging_levels_would_cycle(monkeypatch):
    problem = ConeProblem.of(ntp.NTPData(NEARLY_PARALLEL, [0.5, 0.5], np.eye(6)[[3, 0]]))
    splitting = Splitting(problem)
    splitting.advance(5)
    monkeypatch.setattr(iteration, "PACE", np.inf)
    splitting.advance(15)
    splitting.rebalance()
    splitting.advance(1000)
    assert problem.violation(problem.logits(splitting.dual)) > 0.1


def test_without_sharpening_the_iteration_alone_converges(monkeypatch):
    data = ntp.synthetic.random()
    monkeypatch.setattr(module, "MAX_FACE_CONTEXTS", 0)
    monkeypatch.setattr(module, "solution_of_independent_rows", lambda problem, *, tolerance: (None, 0))
    alone = module.solve(data)
    monkeypatch.undo()
    W, sharp = alone.dual.T @ data.embeddings, ntp.ntp_svm(data).W
    assert alone.answer is Answer.SOLUTION
    assert 1e-12 < np.linalg.norm(W - sharp) / np.linalg.norm(sharp) < 1e-6


def test_the_limits_leave_the_question_open(monkeypatch):
    data = ntp.synthetic.random(**THRESHOLD, num_sequences=5000, seed=0)
    assert module.solve(data, time_limit=0).answer is Answer.UNDECIDED
    monkeypatch.setattr(module, "MAX_ITERATIONS", 40)
    assert module.solve(data).answer is Answer.UNDECIDED


@pytest.mark.parametrize("shape", [{"num_contexts": 20}, {"num_contexts": 36}])
def test_tensors_go_in_and_come_out(shape):
    data = ntp.synthetic.random(**{"dim": 30, "vocab_size": 8, "support_size": 3} | shape, num_sequences=5000)
    tensors = ntp.NTPData(torch.tensor(data.embeddings), data.context_probs, torch.tensor(data.next_token_probs))
    found, expected = ntp.ntp_svm(tensors), ntp.ntp_svm(data)
    assert isinstance(found.W, torch.Tensor)
    assert isinstance(found.dual, torch.Tensor)
    assert found.W.device.type == "cpu"
    assert found.solver == expected.solver == "structured"
    assert found.status is expected.status
    np.testing.assert_allclose(found.W.numpy(), expected.W, atol=1e-9)


def test_references_of_tensors_are_arrays():
    data = ntp.synthetic.toy_2d()
    tensors = ntp.NTPData(torch.tensor(data.embeddings), data.context_probs, data.next_token_probs)
    np.testing.assert_allclose(ntp.references(tensors).W_mm, ntp.references(data).W_mm, atol=1e-12)
    assert isinstance(ntp.references(tensors).W_mm, np.ndarray)
    assert ntp.train(tensors, steps=3).frame.shape[0] > 1


def test_supports_are_never_densified_as_floats(random_problem):
    mask = random_problem(0, m=5, V=6).support_mask
    assert mask.dtype == bool
    assert (mask == (random_problem(0, m=5, V=6).next_token_probs > 0)).all()
