"""The NTP-SVM against a least-distance programme written from its definition, and its symmetries."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

import ntp_lib as ntp
from ntp_lib.margins.solution import SolveStatus

SEEDS = range(8)
SHAPES = [(3, 4, 4), (5, 3, 4), (4, 2, 5), (6, 6, 3)]
both_solvers = pytest.mark.parametrize("solver", ["structured", "cvxpy"])


def least_norm_decoder(data):
    """min ‖W‖ with anchored (6a), (6b): null space of (6a), then Lawson and Hanson's least-distance programme.

    With z = N y, N a basis of the null space, min ‖y‖ with G y ≥ 1 is solved by one nonnegative least-squares fit
    of (0, …, 0, 1) by the columns of (Gᵀ; 1ᵀ). Returns None where the constraints contradict each other.
    """
    equal, above = [np.zeros(data.vocab_size * data.dim)], []
    for j in range(data.num_contexts):
        tokens = np.flatnonzero(data.next_token_probs[j])
        for token in range(data.vocab_size):
            row = np.zeros((data.vocab_size, data.dim))
            row[tokens[0]] += data.embeddings[j]
            row[token] -= data.embeddings[j]
            (equal if token in tokens else above).append(row.ravel())
    N = scipy.linalg.null_space(np.array(equal))
    G = np.array(above) @ N
    matrix = np.vstack([G.T, np.ones(len(G))])
    target = np.append(np.zeros(N.shape[1]), 1.0)
    weights, distance = scipy.optimize.nnls(matrix, target, maxiter=100 * len(G))
    if distance < 1e-9:
        return None
    residual = matrix @ weights - target
    return (N @ (-residual[:-1] / residual[-1])).reshape(data.vocab_size, data.dim)


def least_norm_decoder_by_slsqp(data):
    """The same programme handed to a sequential quadratic solver, in all of R^{V×d}."""
    equal, above = [], []
    for j in range(data.num_contexts):
        inside = np.flatnonzero(data.support[j])
        outside = np.flatnonzero(~data.support[j])
        equal += [(inside[0], z, data.embeddings[j]) for z in inside[1:]]
        above += [(inside[0], v, data.embeddings[j]) for v in outside]
    shape = (data.vocab_size, data.dim)

    def differences(pairs):
        return lambda w: np.array([(w.reshape(shape)[a] - w.reshape(shape)[b]) @ h for a, b, h in pairs])

    constraints = [{"type": "ineq", "fun": lambda w: differences(above)(w) - 1}]
    if equal:
        constraints.append({"type": "eq", "fun": differences(equal)})
    found = scipy.optimize.minimize(
        lambda w: (w @ w / 2, w), np.zeros(shape[0] * shape[1]), jac=True, method="SLSQP",
        constraints=constraints, options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    # 8: no descent left at the rounding of the objective; the caller compares the point in any case.
    assert found.status in (0, 8), found.message
    return found.x.reshape(shape)


def separable_problem(random_problem, seed, shape):
    """The first separable problem of a shape from a seed on."""
    m, d, V = shape
    for attempt in range(100):
        data = random_problem(1000 * attempt + seed, m=m, d=d, V=V, sizes=(1, max(1, V - 2)))
        if least_norm_decoder(data) is not None:
            return data
    raise AssertionError("no separable problem found")


def assert_close(found, expected, relative=1e-6):
    assert np.linalg.norm(found - expected) <= relative * np.linalg.norm(expected)


def with_embeddings(data, embeddings):
    return ntp.NTPData(embeddings, data.context_probs, data.next_token_probs)


@both_solvers
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_solution_agrees_with_the_definition(seed, shape, solver, random_problem):
    data = separable_problem(random_problem, seed, shape)
    found = ntp.ntp_svm(data, solver=solver)
    expected = least_norm_decoder(data)
    # A relative gap of 1e-7 leaves ‖W − W^mm‖ ≤ 3e-4 ‖W‖ in the worst case; the polish is exact to rounding.
    assert_close(found.W, expected)
    with pytest.raises(AssertionError):
        assert_close(1.001 * found.W, expected)
    assert found.status is SolveStatus.OPTIMAL
    assert found.margin == pytest.approx(1, abs=1e-7)
    assert abs(found.gap) <= 1e-7
    assert found.spread <= 1e-7


@pytest.mark.parametrize("seed", SEEDS)
def test_solution_agrees_with_a_sequential_quadratic_solver(seed, random_problem):
    data = separable_problem(random_problem, seed, (4, 3, 4))
    assert_close(ntp.ntp_svm(data).W, least_norm_decoder_by_slsqp(data), 1e-5)


@pytest.mark.parametrize("seed", range(30))
def test_solvers_agree_and_refuse_together(seed, random_problem):
    """Problems around the threshold: either both solvers agree to 1e-6, or both attach a certificate."""
    data = random_problem(seed, m=7, d=4, V=5, sizes=(1, 3))
    expected = least_norm_decoder(data)
    for solver in ("structured", "cvxpy"):
        if expected is None:
            with pytest.raises(ntp.NotSeparableError):
                ntp.ntp_svm(data, solver=solver)
        else:
            assert_close(ntp.ntp_svm(data, solver=solver).W, expected)


def test_the_solvers_agree_on_the_paper_s_experiment():
    data = ntp.synthetic.random(num_contexts=20, dim=24, vocab_size=8, support_size=4, num_sequences=500)
    structured, reference = ntp.ntp_svm(data), ntp.ntp_svm(data, solver="cvxpy")
    assert structured.solver == "structured"
    assert reference.solver == "cvxpy (Clarabel)"
    assert_close(structured.W, reference.W)


@pytest.mark.parametrize("seed", SEEDS)
def test_solution_turns_with_the_embeddings(seed, random_problem):
    data = separable_problem(random_problem, seed, (4, 3, 4))
    rotation = scipy.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
    W = ntp.ntp_svm(data).W
    assert_close(ntp.ntp_svm(with_embeddings(data, data.embeddings @ rotation.T)).W, W @ rotation.T)
    sheared = data.embeddings @ (rotation.T + 0.3 * np.eye(3))
    with pytest.raises(AssertionError):
        assert_close(least_norm_decoder(with_embeddings(data, sheared)), W @ (rotation.T + 0.3 * np.eye(3)))


@pytest.mark.parametrize("seed", SEEDS)
def test_solution_permutes_with_the_tokens_and_ignores_the_order_of_contexts(seed, random_problem):
    data = separable_problem(random_problem, seed, (4, 3, 4))
    rng = np.random.default_rng(seed)
    tokens, contexts = np.roll(np.arange(4), 1), rng.permutation(4)
    probs = data.next_token_probs[contexts][:, tokens]
    permuted = ntp.NTPData(data.embeddings[contexts], data.context_probs[contexts], probs)
    W = ntp.ntp_svm(data).W
    assert_close(ntp.ntp_svm(permuted).W, W[tokens])
    with pytest.raises(AssertionError):
        assert_close(ntp.ntp_svm(permuted).W, W)


@both_solvers
@pytest.mark.parametrize("scale", [1e-8, 1e-3, 7.0, 1e5, 1e8])
def test_solution_shrinks_as_embeddings_grow(scale, solver):
    data = ntp.synthetic.toy_2d()
    found = ntp.ntp_svm(with_embeddings(data, scale * data.embeddings), solver=solver)
    # Far from unit length the solution is accurate to its gap rather than polished.
    assert_close(found.W * scale, ntp.ntp_svm(data).W, 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_probabilities_do_not_matter_beyond_their_supports(seed, random_problem):
    data = separable_problem(random_problem, seed, (4, 3, 4))
    rng = np.random.default_rng(seed)
    probs = data.support * rng.uniform(0.1, 1, data.support.shape)
    other = ntp.NTPData(data.embeddings, rng.dirichlet(np.full(4, 5.0)), probs / probs.sum(axis=1, keepdims=True))
    assert_close(ntp.ntp_svm(other).W, ntp.ntp_svm(data).W)
    # Control: one token more in the support of a context ties two logits that were a margin apart.
    wider = probs + np.where(
        (np.arange(4) == 0)[:, None] & (np.cumsum(probs == 0, axis=1) == 1) & (probs == 0), 1, 0
    )
    wider = ntp.NTPData(data.embeddings, data.context_probs, wider / wider.sum(axis=1, keepdims=True))
    expected = least_norm_decoder(wider)
    assert expected is None or np.linalg.norm(expected - ntp.ntp_svm(data).W) > 1e-3


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_the_solution_sum_to_zero(seed, random_problem):
    """W^mm lies in the data space: a common row changes no margin and costs norm."""
    W = ntp.ntp_svm(separable_problem(random_problem, seed, (4, 3, 4))).W
    assert np.abs(W.sum(axis=0)).max() <= 1e-10 * np.linalg.norm(W)


@pytest.mark.parametrize("seed", SEEDS)
def test_weak_duality(seed, random_problem):
    """Every feasible A bounds ½‖W^mm‖² from below, every feasible W from above; one infeasible A does not."""
    data = separable_problem(random_problem, seed, (4, 3, 4))
    found = ntp.ntp_svm(data)
    optimum = np.linalg.norm(found.W) ** 2 / 2
    rng = np.random.default_rng(seed)

    def value(A):
        off = np.where(data.support, 0.0, A)
        return -off.sum() - np.linalg.norm(A.T @ data.embeddings) ** 2 / 2

    for size in (0.01, 0.1, 1.0):
        raw = size * rng.standard_normal(data.support.shape)
        A = found.dual + np.where(data.support, raw, 0.0)
        A = np.where(data.support, A, np.minimum(found.dual + raw, 0.0))
        A = A - np.where(data.support, (A.sum(axis=1) / data.support.sum(axis=1))[:, None], 0.0)
        assert value(A) <= optimum * (1 + 1e-9)
    assert value(found.dual) == pytest.approx(optimum, rel=1e-6)
    unbalanced = found.dual - 0.1 * (~data.support) / optimum
    assert value(unbalanced) != pytest.approx(value(found.dual), rel=1e-6)
    assert_close(found.dual.T @ data.embeddings, found.W)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gap_bounds_the_distance_from_the_solution(seed, random_problem):
    """‖W − W^mm‖² ≤ gap · ‖W‖² for feasible W."""
    data = separable_problem(random_problem, seed, (4, 3, 4))
    found, expected = ntp.ntp_svm(data), least_norm_decoder(data)
    F, rng = ntp.subspace(data), np.random.default_rng(seed)
    for _ in range(5):
        W = found.W + 0.1 * F.project_complement(rng.standard_normal(found.W.shape))
        W = W / min(1.0, ntp.margin(W, data))
        other = dataclasses.replace(found, W=W)
        assert other.margin >= 1 - 1e-9
        assert other.gap > 1e-6
        assert np.linalg.norm(W - expected) ** 2 <= 2 * other.gap * np.linalg.norm(W) ** 2 * (1 + 1e-6)
