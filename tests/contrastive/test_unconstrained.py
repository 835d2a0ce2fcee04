"""The contrastive loss against its definition, its gradient, and the certificate."""

import numpy as np
import pytest

from ntp_lib.contrastive.classes import class_gram
from ntp_lib.contrastive.unconstrained import (
    class_sizes,
    contrastive_gradient,
    contrastive_loss,
    descend_features,
    tangent_gap,
)
from ntp_lib.errors import NTPDataError

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])


def random_gram(seed, dim=4, length=1.0):
    features = np.random.default_rng(seed).standard_normal((len(LABELS), dim))
    features *= np.sqrt(length) / np.linalg.norm(features, axis=1, keepdims=True)
    return features @ features.T


def by_definition(G, labels):
    """Mean over features of the mean over their positives of −log of the share of the positive."""
    terms = []
    for i in range(len(G)):
        others = [j for j in range(len(G)) if j != i]
        positives = [j for j in others if labels[j] == labels[i]]
        total = sum(np.exp(G[i, j]) for j in others)
        terms.append(np.mean([-np.log(np.exp(G[i, j]) / total) for j in positives]))
    return np.mean(terms)


def test_loss_is_its_definition_and_ignores_the_diagonal():
    G = random_gram(0)
    assert contrastive_loss(G, LABELS) == pytest.approx(by_definition(G, LABELS), rel=1e-13)
    assert contrastive_loss(G + np.diag(np.arange(9.0)), LABELS) == contrastive_loss(G, LABELS)


def test_loss_of_large_logits_does_not_overflow():
    G = random_gram(1, length=4000.0)
    assert np.isfinite(contrastive_loss(G, LABELS))
    assert np.isfinite(contrastive_gradient(G, LABELS)).all()


def test_gradient_is_the_slope():
    G, rng = random_gram(2), np.random.default_rng(3)
    direction = rng.standard_normal(G.shape)
    direction += direction.T
    step = 1e-5
    slope = (contrastive_loss(G + step * direction, LABELS) - contrastive_loss(G - step * direction, LABELS)) / (
        2 * step
    )
    gradient = contrastive_gradient(G, LABELS)
    # Central differences: the error is of the order of the square of the step.
    assert np.vdot(gradient, direction) == pytest.approx(slope, rel=1e-7)
    assert np.array_equal(gradient, gradient.T)
    assert not np.diag(gradient).any()


@pytest.mark.parametrize("seed", range(5))
def test_certificate_holds_at_feasible_points_and_shrinks_at_the_minimum(seed):
    least = class_gram([3, 2, 4], 1.0).loss
    for dim in (1, 2, 9):
        G = random_gram(seed, dim)
        assert contrastive_loss(G, LABELS) - least <= tangent_gap(G, contrastive_gradient(G, LABELS), 1.0)


@pytest.mark.parametrize("sizes", [(4, 4, 4), (6, 3, 2, 2), (2, 7)])
def test_descent_in_k_dimensions_reaches_the_programme_of_the_classes(sizes):
    found = descend_features(sizes, squared_length=1.0, dim=len(sizes), seed=1)
    assert 0 <= found.gap < 1e-6
    # A quasi-Newton method on a loss of order one resolves features to the root of rounding.
    assert found.loss == pytest.approx(class_gram(sizes, 1.0).loss, abs=1e-9)
    assert found.spread < 1e-5
    np.testing.assert_allclose(np.linalg.norm(found.features, axis=1), 1.0, rtol=1e-12)


def test_two_dimensions_are_not_enough_for_four_classes():
    found = descend_features((4, 4, 4, 4), squared_length=1.0, dim=2, seed=0)
    assert found.loss > class_gram((4, 4, 4, 4), 1.0).loss + 0.01
    assert found.gap > 0.01


def test_spread_and_labels_are_those_of_the_features():
    found = descend_features((5, 3, 2), squared_length=4.0, dim=2, seed=2)
    assert found.labels.tolist() == [0] * 5 + [1] * 3 + [2] * 2
    distances = [
        np.linalg.norm(h - found.features[found.labels == a].mean(axis=0))
        for h, a in zip(found.features, found.labels, strict=True)
    ]
    assert found.spread == pytest.approx(max(distances) / 2, rel=1e-9)


def test_bad_input_is_named():
    with pytest.raises(NTPDataError, match=r"sizes\[1\] is 1"):
        class_sizes([3, 1])
    with pytest.raises(NTPDataError, match="at least two classes"):
        class_sizes([3])
    with pytest.raises(NTPDataError, match="feature 2 is alone in class 7"):
        contrastive_loss(np.eye(3), np.array([0, 0, 7]))
    with pytest.raises(NTPDataError, match="2 labels need"):
        contrastive_gradient(np.eye(3), np.array([0, 0]))
    with pytest.raises(NTPDataError, match=r"^squared_length is"):
        descend_features([2, 2], squared_length=0.0, dim=2)
    with pytest.raises(NTPDataError, match=r"^dim is 0"):
        descend_features([2, 2], squared_length=1.0, dim=0)
    with pytest.raises(NTPDataError, match=r"^seed is -1"):
        descend_features([2, 2], squared_length=1.0, dim=2, seed=-1)
    with pytest.raises(NTPDataError, match=r"^gram must be"):
        contrastive_loss("none", np.array([0, 0]))
    with pytest.raises(NTPDataError, match=r"shapes \(2, 2\) and \(3, 3\)"):
        tangent_gap(np.eye(2), np.eye(3), 1.0)
    with pytest.raises(NTPDataError, match="gradient is not symmetric"):
        tangent_gap(np.eye(2), np.array([[0.0, 1.0], [0.0, 0.0]]), 1.0)
