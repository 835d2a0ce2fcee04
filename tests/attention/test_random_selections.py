"""Random selections, and which of them some matrix makes."""

import numpy as np
import pytest

from ntp_lib.attention.random_selections import (
    attention_candidates,
    gaussian_candidates,
    half_point,
    satisfiable,
    selection_pairs,
)
from ntp_lib.errors import NTPDataError


def test_pairs_are_differences_from_the_first_label():
    features = np.arange(24.0).reshape(2, 3, 4) ** 2
    data = selection_pairs(features, 2)
    np.testing.assert_array_equal(data.embeddings[0], features[0, 0] - features[0, 1])
    np.testing.assert_array_equal(data.embeddings[3], features[1, 0] - features[1, 2])
    np.testing.assert_array_equal(data.next_token_probs, [[0.5, 0.5], [1, 0], [0.5, 0.5], [1, 0]])


def test_attention_features_are_tensors():
    rng = np.random.default_rng(0)
    E = rng.standard_normal((5, 3))
    X = attention_candidates(7, 2, E, rng)
    assert X.shape == (7, 2, 9)
    W = rng.standard_normal((3, 3))
    scores = X @ W.ravel()
    every = (E @ W @ E.T).ravel()
    assert np.abs(scores.ravel()[:, None] - every).min(axis=1).max() < 1e-12
    assert np.abs(scores[:, 0] - scores[:, 1]).min() > 0


def test_tokens_without_a_chance_are_not_drawn():
    E = np.eye(4)
    X = attention_candidates(20, 2, E, np.random.default_rng(1), token_probs=np.array([0.5, 0.5, 0, 0]))
    assert not X.reshape(20, 2, 4, 4)[:, :, 2:].any()


def test_few_selections_can_be_made_and_many_cannot():
    rng = np.random.default_rng(0)
    assert satisfiable(gaussian_candidates(9, 2, 9, rng)) is True
    assert satisfiable(gaussian_candidates(60, 2, 9, rng)) is False
    assert satisfiable(gaussian_candidates(12, 3, 9, rng), support_size=2) is False


def test_one_selection_of_two_labels_out_of_three():
    features = np.array([[[1.0, 0], [0, 1], [0, 0]]])
    assert satisfiable(features, 2) is True
    # A third candidate between the labels cannot be worth less than both.
    features[0, 2] = [0.5, 0.5]
    assert satisfiable(features, 2) is False


def test_half_points_are_where_the_mean_draw_stops():
    assert half_point([1.0, 2.0, 3.0], [1.0, 0.5, 0.0]) == pytest.approx(2.0)
    assert half_point([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 0.0, 0.0]) == pytest.approx(2.5)
    with pytest.raises(NTPDataError, match="rising"):
        half_point([1.0, 1.0], [1.0, 0.0])


def test_bad_input_is_named():
    with pytest.raises(NTPDataError, match="shape"):
        selection_pairs(np.zeros((3, 2)))
    with pytest.raises(NTPDataError, match="support_size is 3"):
        selection_pairs(np.zeros((1, 3, 2)), 3)
    with pytest.raises(NTPDataError, match="candidates is 5"):
        attention_candidates(1, 5, np.eye(4), np.random.default_rng(0))
    for empty in (np.zeros((0, 2, 3)), np.zeros((2, 2, 0))):
        with pytest.raises(NTPDataError, match="n and D at least 1"):
            selection_pairs(empty)
    rng = np.random.default_rng(0)
    for chances, message in (
        (np.array([1.0, 0, 0]), "candidates is 2"),
        (np.array([1.0, 1, 0]), "sum 2; 3 chances"),
        (np.array([0.5, 0.5]), "has 2 entries"),
    ):
        with pytest.raises(NTPDataError, match=message):
            attention_candidates(3, 2, np.eye(3), rng, token_probs=chances)
    with pytest.raises(NTPDataError, match="num_contexts is 0"):
        attention_candidates(0, 2, np.eye(3), rng)
    with pytest.raises(NTPDataError, match="embeddings has shape"):
        attention_candidates(1, 2, np.ones(3), rng)
