"""W* and W° against equations and a minimiser written from their definitions."""

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

import ntp_lib as ntp

SEEDS = range(6)


def violation(W, data):
    """Largest violation of (4), token by token."""
    worst = 0.0
    for j in range(data.num_contexts):
        tokens = np.flatnonzero(data.next_token_probs[j])
        for z in tokens:
            for other in tokens:
                wanted = np.log(data.next_token_probs[j, z]) - np.log(data.next_token_probs[j, other])
                worst = max(worst, abs((W[z] - W[other]) @ data.embeddings[j] - wanted))
    return worst


def basis_by_definition(data):
    """An orthonormal basis of F as columns of V·d entries, and the generators it comes from."""
    rows = [np.zeros(data.vocab_size * data.dim)]
    for j in range(data.num_contexts):
        tokens = np.flatnonzero(data.next_token_probs[j])
        for z in tokens[1:]:
            row = np.zeros((data.vocab_size, data.dim))
            row[tokens[0]], row[z] = data.embeddings[j], -data.embeddings[j]
            rows.append(row.ravel() / max(np.linalg.norm(data.embeddings[j]), 1e-300))
    return scipy.linalg.orth(np.array(rows).T)


def loss_and_slope(W, data):
    """CE_F and its gradient (12), one context at a time."""
    loss, slope = 0.0, np.zeros_like(W)
    for j in range(data.num_contexts):
        inside = data.next_token_probs[j] > 0
        p = data.next_token_probs[j, inside]
        logits = W[inside] @ data.embeddings[j]
        log_q = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
        loss -= data.context_probs[j] * (p @ log_q)
        slope[inside] += data.context_probs[j] * np.outer(np.exp(log_q) - p, data.embeddings[j])
    return loss, slope


def minimiser_by_scipy(data):
    basis = basis_by_definition(data)
    shape = (data.vocab_size, data.dim)

    def objective(x):
        loss, slope = loss_and_slope((basis @ x).reshape(shape), data)
        return loss, basis.T @ slope.ravel()

    found = scipy.optimize.minimize(
        objective, np.zeros(basis.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000}
    )
    return (basis @ found.x).reshape(shape)


def assert_is_W_star(W, data):
    assert violation(W, data) <= 1e-9
    basis = basis_by_definition(data)
    assert np.abs(W.ravel() - basis @ (basis.T @ W.ravel())).max() <= 1e-10 * (1 + np.abs(W).max())


@pytest.mark.parametrize("shape", [(4, 4, 5), (3, 7, 4), (1, 1, 6), (5, 5, 2)])
@pytest.mark.parametrize("seed", SEEDS)
def test_independent_embeddings_are_compatible(seed, shape, random_problem):
    """Lemma 1, d ≥ m."""
    m, d, V = shape
    data = random_problem(seed, m=m, d=d, V=V)
    found = ntp.compatibility(data)
    assert found.holds is True
    assert found.residual <= found.tolerance
    assert_is_W_star(found.W_star, data)
    with pytest.raises(AssertionError):
        assert_is_W_star(found.W_star + 0.01, data)
    assert np.array_equal(found.W_finite, found.W_star)
    # CE_F attains the entropy exactly at W* (Lemma 4(1)).
    assert ntp.cross_entropy_in_support(found.W_star, data) == pytest.approx(data.entropy, rel=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_W_star_is_the_solution_of_least_norm(seed, random_problem):
    """All solutions of (4) are W* + F⊥, so W* is orthogonal to the differences of solutions."""
    data = random_problem(seed, m=4, d=6)
    found = ntp.compatibility(data)
    rows, targets = [np.zeros(data.vocab_size * data.dim)], [0.0]
    for j in range(data.num_contexts):
        tokens = np.flatnonzero(data.next_token_probs[j])
        for z in tokens[1:]:
            row = np.zeros((data.vocab_size, data.dim))
            row[z], row[tokens[0]] = data.embeddings[j], -data.embeddings[j]
            rows.append(row.ravel())
            targets.append(np.log(data.next_token_probs[j, z] / data.next_token_probs[j, tokens[0]]))
    expected = np.linalg.lstsq(np.array(rows), np.array(targets), rcond=None)[0].reshape(found.W_star.shape)
    assert np.abs(found.W_star - expected).max() <= 1e-10 * (1 + np.abs(expected).max())


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_shared_equations_can_be_compatible_below_d_equal_m():
    """d = 1 < m = 2, two contexts that share no pair of tokens: (4) is solvable (errata, item 2)."""
    data = ntp.NTPData([[1.0], [1.0]], [0.5, 0.5], [[0.7, 0.3, 0.0], [0.0, 0.2, 0.8]])
    found = ntp.compatibility(data)
    assert found.holds
    assert_is_W_star(found.W_star, data)


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
@pytest.mark.parametrize("seed", SEEDS)
def test_conflicting_contexts_are_named(seed):
    """Context 2 points the other way with the same log-odds; context 0 shares no pair with either."""
    p = np.random.default_rng(seed).uniform(0.05, 0.4)
    probs = [[0.0, 0.0, 0.3, 0.7], [p, 1 - p, 0.0, 0.0], [p, 1 - p, 0.0, 0.0]]
    data = ntp.NTPData([[1.0], [1.0], [-1.0]], np.full(3, 1 / 3), probs)
    found = ntp.compatibility(data)
    assert found.holds is False
    assert found.W_star is None
    wanted = abs(np.log(p / (1 - p)))
    # The least-squares compromise between ±wanted is zero.
    assert found.residuals == pytest.approx([0, wanted, wanted], abs=1e-12)
    assert found.residual == pytest.approx(violation(found.W_least_squares, data), rel=1e-12)
    agreeing = ntp.NTPData([[1.0], [1.0], [2.0]], data.context_probs, [*probs[:2], _sharpened(p)])
    assert ntp.compatibility(agreeing).holds, "control: twice the embedding with twice the log-odds"


def _sharpened(p):
    odds = (p / (1 - p)) ** 2
    return [odds / (1 + odds), 1 / (1 + odds), 0.0, 0.0]


@pytest.mark.parametrize("shape", [(6, 1, 3), (8, 2, 4), (10, 3, 4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_W_finite_minimises_the_in_support_loss(seed, shape, random_problem):
    m, d, V = shape
    data = random_problem(seed, m=m, d=d, V=V, sizes=(2, V))
    found = ntp.compatibility(data)
    assert not found.holds
    W = found.W_finite
    basis = basis_by_definition(data)
    assert_stationary(W, data)
    with pytest.raises(AssertionError):
        assert_stationary(1.01 * W, data)
    assert np.abs(W.ravel() - basis @ (basis.T @ W.ravel())).max() <= 1e-10 * (1 + np.abs(W).max())
    expected = minimiser_by_scipy(data)
    # BFGS stops at slopes of 1e-9 or at the rounding of the loss, 1e-16: errors of about 1e-7 / √curvature.
    assert loss_and_slope(W, data)[0] <= loss_and_slope(expected, data)[0] + 1e-14
    assert np.abs(W - expected).max() <= 1e-4 * (1 + np.abs(expected).max())


def assert_stationary(W, data):
    basis = basis_by_definition(data)
    assert np.linalg.norm(basis.T @ loss_and_slope(W, data)[1].ravel()) <= 1e-10


@pytest.mark.parametrize("floor", [1e-3, 1e-6, 1e-12, 1e-15])
@pytest.mark.parametrize("seed", [0, 40, 94, 97, 132, 234, 394, 702, 2764, 3966])
def test_W_finite_of_lopsided_data(seed, floor):
    """Tiny probabilities, very short contexts and fits far out; most of these seeds once stopped too early."""
    rng = np.random.default_rng(seed)
    m, d, V = rng.integers(3, 9), rng.integers(1, 3), rng.integers(3, 6)
    probs = np.zeros((m, V))
    for j in range(m):
        support = rng.choice(V, rng.integers(1, V + 1), replace=False)
        drawn = rng.dirichlet(np.full(len(support), 10 ** rng.uniform(-1.2, 0.5)))
        probs[j, support] = np.maximum(drawn, floor)
    probs /= probs.sum(axis=1, keepdims=True)
    data = ntp.NTPData(rng.standard_normal((m, d)), np.full(m, 1 / m), probs)
    assert_stationary(ntp.compatibility(data).W_finite, data)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_W_finite_shrinks_as_embeddings_grow(scale, random_problem):
    data = random_problem(0, m=8, d=2, V=4, sizes=(2, 4))
    scaled = ntp.NTPData(scale * data.embeddings, data.context_probs, data.next_token_probs)
    W = ntp.compatibility(data).W_finite
    assert np.abs(scale * ntp.compatibility(scaled).W_finite - W).max() <= 1e-8 * np.abs(W).max()


@pytest.mark.parametrize("seed", SEEDS)
def test_W_finite_is_W_star_when_compatible_whatever_is_asked(seed, random_problem):
    """The minimiser of CE_F by another method agrees with the solution of linear equations."""
    data = random_problem(seed, m=3, d=3, V=4)
    W = ntp.compatibility(data).W_finite
    assert np.abs(W - minimiser_by_scipy(data)).max() <= 1e-4 * (1 + np.abs(W).max())


@pytest.mark.parametrize("probability", [1e-6, 1e-12, 1e-100, 1e-300])
def test_extreme_probabilities_are_met(probability):
    data = ntp.NTPData(
        [[1.0, 0.5], [-1.0, 1.0]], [0.5, 0.5], [[probability, 1 - probability, 0.0], [0.5, 0.25, 0.25]]
    )
    found = ntp.compatibility(data)
    assert found.holds
    assert violation(found.W_star, data) <= 1e-12 * abs(np.log(probability))


@pytest.mark.parametrize("angle", [1e-2, 1e-4, 1e-6])
def test_nearly_parallel_embeddings_are_still_compatible(angle, random_problem):
    base = random_problem(0, m=2, d=3, V=4, sizes=(3, 3))
    embeddings = [[1.0, 0.0, 0.0], [1.0, angle, 0.0]]
    data = ntp.NTPData(embeddings, base.context_probs, base.next_token_probs)
    found = ntp.compatibility(data)
    assert found.holds
    # W* has entries of about 1 / angle, each rounded.
    assert violation(found.W_star, data) <= 1e-14 / angle


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_parallel_embeddings_with_other_odds_are_not_compatible():
    """The control of nearly parallel ones, and of zero embeddings."""
    for embeddings in (np.ones((2, 3)), np.zeros((2, 3))):
        assert not ntp.compatibility(ntp.NTPData(embeddings, [0.5, 0.5], [[0.5, 0.5], [0.4, 0.6]])).holds


def test_one_hot_labels_are_compatible_with_zero(random_problem):
    found = ntp.compatibility(random_problem(0, m=20, d=1, sizes=(1, 1)))
    assert found.holds
    assert not found.W_star.any()
