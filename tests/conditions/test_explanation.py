"""Certificates of incompatibility, and verdicts in words that name the right contexts and tokens."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.conditions import log_odds_conflict

NAMES = {"vocabulary": ["red", "green", "blue"], "contexts": [("the", "first"), ("the", "second"), ("a", "third")]}


@pytest.fixture
def incompatible():
    """The first two contexts lie on one ray and disagree; the third has nothing to do with it."""
    return ntp.NTPData(
        [[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]],
        np.full(3, 1 / 3),
        [[0.6, 0.4, 0.0], [5 / 6, 1 / 6, 0.0], [0.5, 0.5, 0.0]],
        **NAMES,
    )


@pytest.fixture
def inseparable():
    """After the second context red cannot be kept away; the third has nothing to do with it."""
    return ntp.NTPData(
        [[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]],
        np.full(3, 1 / 3),
        [[0.6, 0.4, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]],
        **NAMES,
    )


def test_certificate_is_what_it_says(incompatible):
    found = ntp.compatibility(incompatible)
    C = found.certificate
    logs = np.log(np.where(incompatible.support, incompatible.next_token_probs, 1.0))
    assert not C[~incompatible.support].any()
    np.testing.assert_allclose(C.sum(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(C.T @ incompatible.embeddings, 0, atol=1e-15)
    assert found.conflict == pytest.approx(abs((C * logs).sum()) / (np.abs(C).sum() / 2), rel=1e-12)
    assert found.verify()


def test_no_decoder_misses_by_less_than_the_conflict(incompatible):
    conflict = ntp.compatibility(incompatible).conflict
    gaps = np.linspace(-3, 3, 60001)  # of logits of red over green, per unit of the ray
    misses = np.maximum(np.abs(gaps - np.log(1.5)), np.abs(2 * gaps - np.log(5)))
    assert misses.min() == pytest.approx(conflict, abs=2e-4)
    assert misses.min() >= conflict


@pytest.mark.parametrize("seed", range(6))
def test_dense_and_sparse_certificates_agree_that_there_is_a_conflict(random_problem, seed, monkeypatch):
    data = random_problem(seed, m=7, d=2, V=5, sizes=(2, 4))
    sparse = ntp.compatibility(data)
    assert not sparse.holds
    assert sparse.verify()
    monkeypatch.setattr(log_odds_conflict, "SPARSE_ENTRIES", 0)
    dense = ntp.compatibility(data)
    assert dense.verify()
    assert np.count_nonzero(sparse.certificate) <= np.count_nonzero(dense.certificate)
    assert sparse.conflict <= dense.residual + 1e-12


def test_a_certificate_that_was_tampered_with_fails(incompatible):
    C = ntp.compatibility(incompatible).certificate
    for j, z in np.argwhere(C):
        broken = C.copy()
        broken[j, z] *= 1.001
        assert log_odds_conflict.conflict(broken, incompatible) == 0
    outside = C.copy()
    outside[0] += [0.1, 0.0, -0.1]
    assert log_odds_conflict.conflict(outside, incompatible) == 0
    assert log_odds_conflict.conflict(np.zeros_like(C), incompatible) == 0


def test_conflict_is_named(incompatible):
    words = ntp.explain(ntp.compatibility(incompatible))
    assert words.startswith("Not compatible: the log-odds of 2 contexts contradict each other.")
    assert "“the first” (67% of the weight)" in words
    assert "“the second” (33% of the weight)" in words
    assert "“red”" in words
    assert "“a third”" not in words
    assert "“blue”" not in words


def test_pairs_that_cannot_be_pushed_away_are_named(inseparable):
    words = ntp.explain(ntp.separability(inseparable))
    assert words.startswith("Not separable: ")
    assert "“the second” (100% of the weight): “red”" in words
    assert "“a third”" not in words
    assert "“blue”" not in words


def test_bounded_pairs_are_named(inseparable):
    words = ntp.explain(ntp.decomposition(inseparable))
    assert "1 of the 4 pairs" in words
    assert "“the second”: “red”, together " in words


def test_what_holds_says_why():
    data = ntp.NTPData([[1.0, 0.0], [0.0, 3.0]], [0.5, 0.5], [[0.6, 0.4, 0.0], [0.0, 0.0, 1.0]])
    assert ntp.compatibility(data).certificate is None
    assert ntp.compatibility(data).verify()
    assert ntp.explain(ntp.compatibility(data)).startswith("Compatible: W_star meets every log-odds to ")
    words = ntp.explain(ntp.separability(data))
    assert "It is tightest for:" in words
    assert "after context 0" in words


def test_undecided_says_what_stopped_it(inseparable):
    undecided = ntp.Separability(inseparable, ntp.Verdict.UNDECIDED, reason="the time was up")
    assert ntp.explain(undecided).endswith("the time was up")


def test_long_lists_are_cut(random_problem):
    data = random_problem(0, m=30, d=2, V=12, sizes=(1, 3))
    lines = ntp.explain(ntp.separability(data)).splitlines()
    assert len(lines) == 7
    assert lines[-1].endswith("more contexts")
    assert " more" in lines[1]
