"""Certificates of contexts of very unequal lengths, as the splitting alone finds them."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins import separability as module
from ntp_lib.margins.separability_verdict import _at_margin_one


@pytest.mark.parametrize("factor", [1.0, 1e6, 1e-9, 1e200])
def test_a_certificate_is_for_the_embeddings_as_given(factor, monkeypatch):
    monkeypatch.setattr(module, "FALLBACK_NONZEROS", 0)
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((12, 2)) * np.where(np.arange(12) % 2, 1.0, factor)[:, None]
    data = ntp.NTPData(rows, np.full(12, 1 / 12), np.eye(3)[rng.integers(0, 3, 12)])
    found = ntp.separability(data)
    assert found.status is ntp.Verdict.NOT_SEPARABLE
    assert found.verify()
    # Rows of the long contexts carry entries as much smaller.
    weights = found.certificate * np.linalg.norm(rows / np.abs(rows).max(), axis=1)[:, None]
    moments = found.certificate.T @ (rows / np.abs(rows).max())
    assert np.abs(moments).max() <= 1e-12 * np.abs(weights).max()


@pytest.mark.parametrize("exponent", [0, 300, -300])
def test_a_direction_is_scaled_to_the_least_margin_of_contexts_that_have_one(exponent):
    """Margins 6, 3 and none; the last context ties everything."""
    rows = np.ldexp(np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), exponent)
    data = ntp.NTPData(rows, np.full(3, 1 / 3), [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    W = np.array([[3.0, -3.0, 0.0], [0.0, 0.0, 0.0]])
    assert _at_margin_one(data, W) == pytest.approx(np.ldexp(W / 3, -exponent), rel=1e-14)
    assert _at_margin_one(data, -W) is None
