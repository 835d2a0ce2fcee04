"""Features of a frozen random transformer: nested, of full rank, and the ways in which they would not be."""

import itertools

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.attention.features import feature_rank, random_features, whitened
from ntp_lib.errors import NTPDataError

CONTEXTS = [c for length in (1, 2, 3) for c in itertools.product(range(3), repeat=length)]


def features(width=39, seed=0, **options):
    return random_features(CONTEXTS, 3, width, seed, **options)


def test_smaller_widths_are_the_first_columns_of_larger_ones():
    wide = features(12)
    for width in (1, 5, 11):
        np.testing.assert_allclose(features(width), wide[:, :width], rtol=1e-12)


def test_seeds_tell_draws_apart():
    assert not np.allclose(features(3, seed=0), features(3, seed=1))


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_features_of_different_contexts_are_independent(activation):
    assert feature_rank(features(activation=activation)) == len(CONTEXTS)


def test_a_polynomial_stops_at_its_monomials():
    # In four numbers there are 15 monomials of degree at most two.
    assert feature_rank(features(model_dim=4, activation="square")) == 15


def test_an_average_forgets_the_order():
    flat = features(attention_scale=0)
    places = {context: i for i, context in enumerate(CONTEXTS)}
    np.testing.assert_allclose(flat[places[0, 1, 2]], flat[places[2, 0, 1]], atol=1e-14)
    multisets = {tuple(sorted(context)) for context in CONTEXTS}
    assert feature_rank(flat) == len(multisets)
    sharp = features()
    assert np.abs(sharp[places[0, 1, 2]] - sharp[places[2, 0, 1]]).max() > 1e-3


def test_a_context_does_not_depend_on_the_others():
    # Shorter lists have fewer places, whose vectors are drawn first.
    both = random_features([(0, 1), (0, 1, 2)], 3, 4)
    np.testing.assert_allclose(random_features([(0, 1)], 3, 4), both[:1], rtol=1e-12)


def test_scores_decide_by_softmax():
    H = random_features([(1, 0)], 2, 4, seed=3, model_dim=2)
    token, place, head, hidden = (np.random.default_rng([3, part]) for part in range(4))
    Z, U = token.standard_normal((2, 2)), place.standard_normal((2, 2))
    A, value = head.standard_normal((2, 2)) / 2, head.standard_normal((2, 2)) / np.sqrt(2)
    x = [Z[1] + U[0], Z[0] + U[1]]
    e = [np.exp(y @ A @ x[1]) for y in x]
    y = (e[0] * x[0] + e[1] * x[1]) / (e[0] + e[1]) @ value
    w = hidden.standard_normal((4, 3))
    np.testing.assert_allclose(H[0], np.tanh(w[:, :2] @ y / np.sqrt(2) + w[:, 2]), rtol=1e-12)


@pytest.mark.parametrize("width", [6, 10, 14])
def test_whitening_changes_no_verdict(width):
    rng = np.random.default_rng(width)
    H = rng.standard_normal((20, width)) @ np.diag(np.geomspace(1, 1e-3, width))
    probs = np.eye(4)[rng.integers(4, size=20)]
    data = [ntp.NTPData(X, np.full(20, 0.05), probs) for X in (H, whitened(H))]
    first, second = (ntp.separability(d).holds for d in data)
    assert first is second is not None


def test_whitened_rows_have_length_one_and_columns_are_nearly_orthogonal():
    H = whitened(features(20))
    np.testing.assert_allclose(np.linalg.norm(H, axis=1), 1, rtol=1e-12)
    sigma = np.linalg.svd(H, compute_uv=False)
    assert sigma[0] < 1.05 * sigma[-1]


@pytest.mark.parametrize(
    ("contexts", "V", "m", "message"),
    [
        ([], 3, 2, "contexts is empty"),
        ([(0,), ()], 3, 2, r"contexts\[1\] is empty"),
        ([(0, 3)], 3, 2, r"contexts\[0\]\[1\] is 3"),
        ([(0,)], 3, 0, "width is 0"),
        ([(0,)], 0, 2, "vocab_size is 0"),
        ([(0,), 1], 3, 2, r"contexts\[1\] is 1; contexts are sequences"),
        (3, 3, 2, "contexts is 3; contexts are sequences"),
        ("ab", 3, 2, "contexts is 'ab'"),
    ],
)
def test_bad_input_is_named(contexts, V, m, message):
    with pytest.raises(NTPDataError, match=message):
        random_features(contexts, V, m)


def test_bad_options_are_named():
    with pytest.raises(NTPDataError, match="unknown activation"):
        features(activation="relu6")
    with pytest.raises(NTPDataError, match="attention_scale"):
        features(attention_scale=-1)
    with pytest.raises(NTPDataError, match="at least as many contexts"):
        whitened(np.ones((2, 3)))
    with pytest.raises(NTPDataError, match="independent columns"):
        whitened(np.ones((3, 2)))
    with pytest.raises(NTPDataError, match=r"features\[1\] is zero"):
        whitened([[1.0, 0], [0, 0], [1, 1]])
    for wrong in (np.zeros((3, 0)), np.zeros((0, 3)), np.zeros(3)):
        with pytest.raises(NTPDataError, match="at least one context and feature"):
            feature_rank(wrong)


@pytest.mark.parametrize("heavy", [3, 10, 40])
def test_whitening_stops_before_contexts_coincide(heavy):
    # Too many contexts on a line: the last three would all tend to the second axis, and their labels differ.
    H = np.vstack([np.tile([1.0, 0], (heavy, 1)), [[1, 1], [-1, 1], [0.3, 1]]])
    probs = np.eye(3)[[0] * heavy + [0, 1, 0]]
    data = [ntp.NTPData(X, np.full(len(X), 1 / len(X)), probs) for X in (H, whitened(H))]
    assert [ntp.separability(d).holds for d in data] == [True, True]
