"""A few tokens can prove that no decoder separates all of them."""

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.margins import few_tokens
from ntp_lib.margins.few_tokens import refutation


def one_hot(seed, *, m, d, V):
    """Contexts in general position, one token after each; token 0 after a third of them, token 1 after another."""
    rng = np.random.default_rng(seed)
    tokens = np.where(rng.random(m) < 2 / 3, rng.integers(0, 2, m), rng.integers(0, V, m))
    probs = sp.csr_array((np.ones(m), tokens, np.arange(m + 1)), shape=(m, V))
    return ntp.NTPData(rng.standard_normal((m, d)), np.full(m, 1 / m), probs)


@pytest.mark.parametrize("seed", range(3))
def test_the_certificate_is_one_of_the_whole_problem(seed):
    data = one_hot(seed, m=80, d=2, V=10)
    found = refutation(data, time_limit=60)
    assert found.holds is False
    assert found.verify()
    A = found.certificate
    # Row sums, signs, and Aᵀ·embeddings = 0, all relative to the largest multiplier.
    assert np.abs(A.sum(axis=1)).max() <= 1e-12 * np.abs(A).max()
    assert A[~data.support_mask].max() <= 0
    assert np.abs(A.T @ data.embeddings).max() <= 1e-9 * np.abs(A).max()
    assert set(np.flatnonzero(np.abs(A).max(axis=0))) <= {0, 1}
    assert ntp.separability(data).holds is False


def test_separable_data_are_not_refuted():
    data = ntp.synthetic.clusters(num_classes=4, dim=4, per_class=20, noise=0.01)
    assert ntp.separability(data).holds is True
    assert refutation(data, time_limit=60) is None


def test_equal_embeddings_are_not_warned_of_again(recwarn):
    data = one_hot(0, m=80, d=2, V=10)
    rows = np.repeat(data.embeddings[:40], 2, axis=0)
    with pytest.warns(ntp.NTPDataWarning):
        twins = ntp.NTPData(rows, data.context_probs, data.probs)
    recwarn.clear()
    assert refutation(twins, time_limit=60).holds is False
    assert not recwarn.list


def test_nothing_is_tried_where_few_contexts_are_left():
    assert refutation(one_hot(0, m=80, d=60, V=10), time_limit=60) is None


def test_certificates_that_would_not_fit_are_not_laid_out(monkeypatch):
    data = one_hot(0, m=80, d=2, V=10)
    monkeypatch.setattr(few_tokens, "MAX_PAIRS", 80 * 10 - 1)
    assert refutation(data, time_limit=60) is None


def test_no_time_is_no_proof():
    assert refutation(one_hot(0, m=80, d=2, V=10), time_limit=0) is None
