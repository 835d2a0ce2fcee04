"""Weighted residuals of given logits: the values, and their accuracy on supports of one token."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.loss.residuals import Residuals

ONE_TOKEN = ntp.NTPData(
    [[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]],
    [0.5, 0.3, 0.2],
    [[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0]],
)


def filled(residuals, logits):
    out = np.empty_like(logits)
    residuals.between(logits, out)()
    return out


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_residuals_are_softmax_minus_probabilities(scale):
    """Both ways, unshifted and shifted."""
    rng, block = np.random.default_rng(0), next(ONE_TOKEN.blocks())
    logits = scale * rng.normal(size=(3, 3))
    q = np.exp(logits - logits.max(axis=0))
    expected = (q / q.sum(axis=0) - block.probs.T) * block.context_probs
    assert np.abs(filled(Residuals(block), logits) - expected).max() <= 1e-15
    assert np.abs(filled(Residuals(block, factor=3.0), logits) - 3 * expected).max() <= 3e-15
    assert np.abs(filled(Residuals(block), logits[:, ::-1].copy()) - expected).max() > 1e-3, (
        "control: other logits"
    )


def test_several_decoders_at_once_are_each_as_alone():
    rng, residuals = np.random.default_rng(1), Residuals(next(ONE_TOKEN.blocks()))
    stack = rng.normal(size=(4, 3, 3))
    together = filled(residuals, stack)
    for logits, found in zip(stack, together, strict=True):
        np.testing.assert_allclose(found, filled(residuals, logits.copy()), rtol=1e-14, atol=1e-17)


def test_a_support_of_one_token_does_not_cancel():
    logits = np.zeros((3, 3))
    logits[0, 0] = 80.0
    found = filled(Residuals(next(ONE_TOKEN.blocks())), logits)[:, 0]
    small = 0.5 * np.exp(-80.0)
    np.testing.assert_allclose(found, [-2 * small, small, small], rtol=1e-13)
    assert 1 / (1 + 2 * np.exp(-80.0)) - 1 == 0, "control: the plain difference is zero"
