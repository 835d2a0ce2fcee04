"""The convex path: certified by the lemma, equal to the path of factors, opened where the theory says."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib import synthetic
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.logit_path import (
    _estimated_gap,
    _fit_rows,
    _residuals,
    _softmax,
    _Split,
    logit_path,
)
from ntp_lib.features.measurements import feature_references, measure_features
from ntp_lib.features.ridge import convex_gap, ridge_features
from ntp_lib.features.similarity import balanced_factors


def drawn(m=14, V=6, seed=0):
    rng = np.random.default_rng(seed)
    support = rng.random((m, V)) < 0.4
    support[np.arange(m), rng.integers(0, V, m)] = True
    probs = rng.dirichlet(np.ones(V), m) * support
    weights = rng.dirichlet(np.ones(m))
    return ntp.NTPData(np.eye(m), weights, probs / probs.sum(axis=1, keepdims=True))


@pytest.fixture(scope="module")
def data():
    return drawn()


@pytest.fixture(scope="module")
def path(data):
    return logit_path(data, [0.1, 0.01, 1e-3, 1e-5, 1e-8], tolerance=1e-7)


def test_every_point_is_certified_by_the_lemma(data, path):
    gaps = [convex_gap(L, p, data) for L, p in zip(path.logits, path.frame["penalty"], strict=True)]
    assert np.array_equal(gaps, path.frame["gap"])
    assert max(gaps) <= 1e-7
    # The certificate is worth something: logits one per cent longer have a gap a thousand times as large.
    assert convex_gap(1.01 * path.logits[2], 1e-3, data) > 1e-4


def test_the_estimate_of_the_gap_is_that_of_the_lemma(data):
    rng = np.random.default_rng(4)
    probs, weights = data.probs.toarray(), data.context_probs[:, None]
    for scale, penalty in ((3.0, 0.01), (0.1, 0.2), (10.0, 1e-4)):
        L = scale * rng.standard_normal(probs.shape)
        split = _Split(L, L, L, np.linalg.svd(L, compute_uv=False))
        assert _estimated_gap(split, penalty, probs, weights) == pytest.approx(
            convex_gap(L, penalty, data), rel=1e-10
        )


def test_same_minima_as_in_factors(data):
    penalties = [0.03, 3e-3, 3e-4]
    ours = logit_path(data, penalties, tolerance=1e-8)
    factors = ridge_features(data, penalties=penalties, dim=5, tolerance=1e-6).factors
    for L, (W, H) in zip(ours.logits, factors, strict=True):
        # Strong convexity turns a relative gap of 1e-6 into a distance of about its root.
        assert np.linalg.norm(L - H @ W.T) <= 1e-2 * np.linalg.norm(L)


def test_columns_agree_with_the_measurements_of_factors(data, path):
    references = feature_references(data)
    W, H = balanced_factors(path.logits[2])
    found = measure_features(W, H, references)
    row = path.frame.iloc[2]
    for name in ("excess_loss", "norm", "margin", "finite_error"):
        assert row[name] == pytest.approx(found[name], rel=1e-9)
    assert row["objective"] == pytest.approx(found["excess_loss"] + 1e-3 * found["norm"], rel=1e-9)
    assert row["rank"] == W.shape[1]
    assert row["softmax_error"] == np.abs(_softmax(path.logits[2]) - data.probs.toarray()).max()


def test_softmax_is_within_the_penalty_over_the_weight(data, path):
    """Entries of a matrix are at most its spectral norm, and that of the gradient is λ, to the gap."""
    for L, penalty in zip(path.logits, path.frame["penalty"], strict=True):
        errors = np.abs(_softmax(L) - data.probs.toarray()) * data.context_probs[:, None]
        assert errors.max() <= penalty * (1 + 1e-6)


def test_the_path_begins_at_the_joint_law(data):
    joint = data.context_probs[:, None] * (data.probs.toarray() - 1 / data.vocab_size)
    first = np.linalg.norm(joint, ord=2)
    path = logit_path(data, [1.5 * first, 1.0001 * first, 0.9 * first], tolerance=1e-9)
    assert path.frame["norm"].tolist()[:2] == [0, 0]
    assert path.frame["rank"].tolist() == [0, 0, 1]


def test_rows_sum_to_zero_and_tokens_can_be_renamed(data):
    order = [3, 1, 5, 0, 2, 4]
    turned = ntp.NTPData(data.embeddings, data.context_probs, data.probs.toarray()[:, order])
    plain, renamed = (logit_path(d, [1e-3], tolerance=1e-10).logits[0] for d in (data, turned))
    np.testing.assert_allclose(plain.sum(axis=1), 0, atol=1e-10)
    np.testing.assert_allclose(renamed, plain[:, order], atol=1e-4)


def test_more_tokens_than_contexts_and_full_supports():
    wide = drawn(m=4, V=9, seed=1)
    probs = wide.probs.toarray()
    probs[2] = 1 / 9
    path = logit_path(ntp.NTPData(np.eye(4), wide.context_probs, probs), [0.05, 1e-4])
    assert path.frame["gap"].max() <= 1e-4
    assert np.abs(path.logits[1][2]).max() < 0.05


def test_nothing_to_learn():
    even = ntp.NTPData(np.eye(3), [0.2, 0.3, 0.5], np.full((3, 4), 0.25))
    path = logit_path(even, [0.1, 0.01])
    assert not path.logits[1].any()
    assert path.frame["gap"].tolist() == [0, 0]
    assert path.frame["margin"].tolist() == [np.inf, np.inf]


def test_one_context_has_one_singular_value():
    path = logit_path(ntp.NTPData(np.eye(1), [1.0], [[0.7, 0.3, 0.0]]), [0.1, 1e-6], tolerance=1e-8)
    assert path.frame["rank"].tolist() == [1, 1]
    # With one row the nuclear norm is its length: the gradient is λ times the unit vector.
    slope = _softmax(path.logits[0]) - [[0.7, 0.3, 0.0]]
    np.testing.assert_allclose(slope, -0.1 * path.logits[0] / np.linalg.norm(path.logits[0]), atol=1e-6)


def test_rows_are_fitted_to_their_programme():
    rng = np.random.default_rng(2)
    probs, target = rng.dirichlet(np.ones(5), 3), rng.standard_normal((3, 5))
    weights = np.array([[0.2], [0.5], [0.3]])
    y = target
    for _ in range(20):
        y = _fit_rows(target, y, 0.07, probs, weights)
    np.testing.assert_allclose(weights * (_softmax(y) - probs) + 0.07 * (y - target), 0, atol=1e-15)


def test_residuals_are_those_of_the_softmax_and_sum_to_zero(data):
    logits = 8 * np.random.default_rng(3).standard_normal((14, 6))
    q, residuals = _residuals(logits, data.probs.toarray())
    np.testing.assert_allclose(q, _softmax(logits), rtol=1e-14)
    np.testing.assert_allclose(residuals, q - data.probs.toarray(), atol=1e-15)
    near = np.log(np.where(data.support_mask, data.probs.toarray(), 1e-14))
    assert np.abs(_residuals(near, data.probs.toarray())[1].sum(axis=1)).max() < 1e-25


def test_too_few_steps_are_no_result(data):
    with pytest.raises(DidNotConvergeError, match=r"penalty 0\.0001 ended after 10 steps with a relative gap of"):
        logit_path(data, [1e-4], max_steps=5, tolerance=1e-10)


@pytest.mark.parametrize(
    ("penalties", "more", "words"),
    [
        ([1e-3, 1e-2], {}, "strictly decrease"),
        ([1e-3, 0.0], {}, "between 1e-100 and 1e100"),
        ([], {}, "penalties is empty"),
        (1e-3, {}, "a sequence of at least one number"),
        ([1e-3], {"tolerance": 0}, "tolerance is 0"),
        ([1e-3], {"max_steps": 0}, "max_steps is 0"),
    ],
)
def test_what_is_no_path_is_refused(penalties, more, words):
    with pytest.raises(NTPDataError, match=words):
        logit_path(synthetic.toy_2d(), penalties, **more)
