"""Logits so large that rounding leaves every deviation from their mean negative."""

import numpy as np
import pytest
import scipy.special

import ntp_lib as ntp
from ntp_lib.loss.split import split_softmax


@pytest.fixture(scope="module")
def block():
    """A hundred contexts with supports of three tokens of four, whose probabilities sum to nearly one."""
    rng = np.random.default_rng(0)
    probs = np.column_stack([rng.dirichlet(np.ones(3), size=100), np.zeros(100)])
    data = ntp.NTPData(rng.standard_normal((100, 2)), np.full(100, 0.01), probs)
    (found,) = data.blocks()
    return found


@pytest.mark.parametrize("size", [1e20, -1e20, 1e25])
def test_the_partition_is_that_of_the_deviations(block, size):
    rng = np.random.default_rng(1)
    logits = size * (1 + rng.integers(3, size=(100, 1))) + np.zeros((100, 4))
    split = split_softmax(logits, block)
    expected = [
        scipy.special.logsumexp(row[mask], b=p[mask])
        for row, mask, p in zip(split.deviation, block.support, block.probs, strict=True)
    ]
    below = np.where(block.support, split.deviation, -np.inf).max(axis=1) < -1
    assert below.sum() >= 2, "the rare case is there"
    assert split.log_partition == pytest.approx(np.array(expected), rel=1e-12)
    # Equal logits leave the probabilities of the support.
    inside = (split.deviation - split.log_partition[:, None])[block.support]
    assert np.abs(inside).max() <= 1e-9
