"""The training loop's gradient against the one that is measured, and how small a residual it still sees."""

import mpmath
import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.data import ntp_data
from ntp_lib.loss.slope import UNSHIFTED_NORM, Slope
from ntp_lib.loss.split import split_softmax
from ntp_lib.trajectories.initialisation import lecun

SEEDS = range(4)


def one_context_each(probs):
    """Contexts on separate axes: the columns of a gradient are the weighted residuals of single contexts."""
    m = len(probs)
    return ntp.NTPData(np.eye(m), np.full(m, 1 / m), probs)


def exact_residuals(logits, data):
    """π̂_j (softmax(ℓ_j) − p̂_j) with 400 digits, (m, V)."""
    rows = []
    with mpmath.workdps(400):
        for j, row in enumerate(logits.tolist()):
            powers = [mpmath.exp(mpmath.mpf(value)) for value in row]
            weight, total = mpmath.mpf(float(data.context_probs[j])), mpmath.fsum(powers)
            probs = data.next_token_probs[j].tolist()
            rows.append([float(weight * (x / total - mpmath.mpf(p))) for x, p in zip(powers, probs, strict=True)])
    return np.array(rows)


def split_gradient(W, data):
    """∇CE from the split softmax, another way to the same residuals."""
    (block,) = data.blocks()
    residual = split_softmax(block.embeddings @ W.T, block).residual()
    return -(residual * block.context_probs[:, None]).T @ block.embeddings


@pytest.mark.parametrize("size", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 3), (2, 4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_slope_is_the_gradient(seed, sizes, size, random_problem):
    data = random_problem(seed, sizes=sizes)
    W = size * lecun(data, seed=seed)
    expected = split_gradient(W, data)
    # Logits of this size are rounded by so much, and the sum weighs what follows with probabilities.
    rounding = np.finfo(float).eps * (1 + np.abs(data.embeddings @ W.T).max()) * np.abs(data.embeddings).max()
    assert np.abs(Slope(data)(W) - expected).max() <= 8 * rounding
    assert np.abs(ntp.gradient(W, data) - expected).max() <= 8 * rounding
    assert np.abs(Slope(data)(1.001 * W) - expected).max() > 8 * rounding, "control: another decoder"


@pytest.mark.parametrize("distance", [10.0, 50.0, 150.0, 300.0])
def test_one_hot_residuals_are_relatively_accurate_however_small(distance):
    data = one_context_each([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    logits = distance * np.array([[1.0, 0.0, -0.5], [-1.25, 0.0, -1.0]])
    expected = exact_residuals(logits, data)
    found = Slope(data)(np.ascontiguousarray(logits.T)).T
    # Few roundings each, none of them amplified; the entries go down to e^-450.
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)
    np.testing.assert_allclose(found, split_gradient(logits.T, data).T, rtol=1e-13, atol=0)
    naive = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - data.next_token_probs
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(naive / 2, expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("distance", [10.0, 50.0, 150.0, 400.0])
def test_soft_residuals_are_accurate_off_the_support_and_to_rounding_on_it(distance):
    data = one_context_each([[0.25, 0.75, 0.0, 0.0], [0.0, 0.5, 0.25, 0.25]])
    logits = np.log(np.where(data.support, data.next_token_probs, 1.0)) - distance * ~data.support * [
        1,
        1,
        1.0,
        1.5,
    ]
    expected = exact_residuals(logits, data)
    found = Slope(data)(np.ascontiguousarray(logits.T)).T
    off = ~data.support
    # Logits of this size are rounded by 1e-13, which their exponentials pass on.
    np.testing.assert_allclose(found[off], expected[off], rtol=1e-15 * (10 + distance), atol=0)
    assert 0 < expected[off].min() < np.exp(-distance)
    assert np.abs(found - expected)[data.support].max() <= 4 * np.finfo(float).eps
    assert np.abs(1.01 * found - expected)[off].max() > 0.005 * expected[off].max(), "control"


@pytest.mark.parametrize("size", [1.0, 0.99, 1.01, 100.0, 1e6])
def test_the_shift_of_large_logits_changes_nothing(size):
    """On either side of the norm at which rows begin to be shifted."""
    data = one_context_each([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    logits = np.array([[0.6, 0.0, 0.0], [0.0, -0.8, -0.8]]) * UNSHIFTED_NORM / np.sqrt(1.64) * size
    for rows in (logits, -logits):
        found = Slope(data)(np.ascontiguousarray(rows.T)).T
        expected = exact_residuals(rows, data)
        # Below the smallest normal number nothing is relatively accurate.
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("block_entries", [1, 20, 2**22])
def test_blocks_change_nothing(block_entries, random_problem, monkeypatch):
    data = random_problem(2)
    W = lecun(data, seed=2)
    expected = ntp.gradient(W, data)
    monkeypatch.setattr(ntp_data, "BLOCK_ENTRIES", block_entries)
    slope = Slope(ntp.NTPData(data.embeddings, data.context_probs, data.probs))
    assert np.abs(slope(W) - expected).max() <= 1e-14 * np.abs(data.embeddings).max()


def test_calls_do_not_disturb_one_another(random_problem):
    data = random_problem(0)
    slope = Slope(data)
    W = lecun(data)
    first = slope(W)
    kept = first.copy()
    slope(2 * W)
    assert np.array_equal(first, kept)
    assert np.array_equal(slope(W), kept)


def test_decoders_that_are_not_finite_give_no_finite_gradient(random_problem):
    data = random_problem(0)
    W = lecun(data)
    W[0, 0] = np.nan
    assert not np.isfinite(Slope(data)(W)).all()
