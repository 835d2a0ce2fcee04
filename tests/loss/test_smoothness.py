"""L = ½ λ_max(Σ π̂ h̄ h̄ᵀ) bounds every Hessian of the loss, and is attained in the limit."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.loss.cross_entropy import SMALLEST_ROOT


def hessian(W, data):
    """Σ_j π̂_j (diag q_j − q_j q_jᵀ) ⊗ h̄_j h̄_jᵀ as a (Vd, Vd) matrix."""
    total = np.zeros((W.size, W.size))
    for weight, h in zip(data.context_probs, data.embeddings, strict=True):
        q = np.exp(W @ h - (W @ h).max())
        q /= q.sum()
        total += weight * np.kron(np.diag(q) - np.outer(q, q), np.outer(h, h))
    return total


@pytest.mark.parametrize("seed", range(6))
def test_no_hessian_exceeds_the_constant(seed, random_problem):
    data = random_problem(seed)
    rng = np.random.default_rng(seed)
    for size in (0.0, 0.3, 1.0, 5.0):
        W = size * rng.standard_normal((data.vocab_size, data.dim))
        assert np.linalg.eigvalsh(hessian(W, data)).max() <= ntp.smoothness(data) * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_constant_is_attained_where_two_tokens_share_all_mass(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    logits = np.array([0.0, 0.0, -60.0, -60.0, -60.0])
    W = np.linalg.lstsq(data.embeddings, np.tile(logits, (3, 1)), rcond=None)[0].T
    top = np.linalg.eigvalsh(hessian(W, data)).max()
    assert top == pytest.approx(ntp.smoothness(data), rel=1e-10)
    assert top > 0.99 * ntp.smoothness(data), "a constant one per cent smaller would be wrong"


@pytest.mark.parametrize("seed", range(4))
def test_the_hessian_is_the_derivative_of_the_gradient(seed, random_problem):
    """Ties the hand-written Hessian above to the library's gradient."""
    data = random_problem(seed)
    rng = np.random.default_rng(seed)
    W, X = rng.standard_normal((2, data.vocab_size, data.dim))
    change = (ntp.gradient(W + 1e-5 * X, data) - ntp.gradient(W - 1e-5 * X, data)) / 2e-5
    expected = (hessian(W, data) @ X.ravel()).reshape(W.shape)
    # Truncation of order step², rounding of order 1e-16 / step.
    assert np.abs(change - expected).max() <= 1e-8
    assert np.abs(1.01 * change - expected).max() > 1e-8


@pytest.mark.parametrize("scale", [1e-170, 1e160, 1e300])
def test_embeddings_without_a_square_have_no_smoothness(scale):
    toy = ntp.synthetic.toy_2d()
    with pytest.raises(ntp.NTPDataError, match="hardly a number of float64; rescale them"):
        ntp.smoothness(ntp.NTPData(toy.embeddings * scale, toy.context_probs, toy.probs))


@pytest.mark.parametrize("factor", [0.7, 1.5])
def test_squares_that_are_no_steps_are_refused(factor):
    """SMALLEST_ROOT² is the least square that is a step size, and so is its inverse."""
    for edge in (SMALLEST_ROOT, 1 / SMALLEST_ROOT):
        data = ntp.NTPData([[factor * edge]], [1.0], [[1.0, 0.0]])
        if (factor > 1) is (edge < 1):
            assert ntp.smoothness(data) > 0
        else:
            limits = rf"rescale them to between {SMALLEST_ROOT:g} and {1 / SMALLEST_ROOT:g}".replace("+", r"\+")
            with pytest.raises(ntp.NTPDataError, match=limits):
                ntp.smoothness(data)
