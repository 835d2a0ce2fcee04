"""The programme of the classes: optimality, symmetry, block form and the limit of long features."""

import numpy as np
import pytest

from ntp_lib.contrastive.classes import class_excess, class_gram, limiting_shifts, simplex_gram
from ntp_lib.contrastive.unconstrained import contrastive_gradient, contrastive_loss, tangent_gap
from ntp_lib.errors import DidNotConvergeError, NTPDataError

SIZES = [(5, 5, 5, 5), (10, 10, 2, 2), (2, 3), (9, 4, 3, 2, 2)]


def blocks(result, sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return result.gram[np.ix_(labels, labels)], labels


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("squared_length", [0.5, 4.0])
def test_block_form_is_certified_among_all_gram_matrices(sizes, squared_length):
    found = class_gram(sizes, squared_length)
    G, labels = blocks(found, sizes)
    assert contrastive_loss(G, labels) == pytest.approx(found.loss, rel=1e-12)
    gap = tangent_gap(G, contrastive_gradient(G, labels), squared_length)
    # The certificate of the classes is relative to the excess; that of all features is not, and holds roundings.
    assert gap <= 1e-8 * squared_length


@pytest.mark.parametrize("sizes", SIZES)
def test_optimality_conditions(sizes):
    found = class_gram(sizes, 2.0)
    dual = found.slope + np.diag(found.prices)
    assert np.linalg.eigvalsh(dual)[0] > -1e-9
    assert abs(np.vdot(dual, found.gram)) < 1e-8
    np.testing.assert_allclose(np.diag(found.gram), 2.0, rtol=1e-12)
    # The minimum has rank k − 1 at most: else all classes could move apart.
    assert np.linalg.eigvalsh(found.gram)[0] < 1e-6
    assert found.excess == pytest.approx(class_excess(found.gram, sizes, 2.0), rel=1e-14)


def test_equal_sizes_give_the_simplex():
    for k, tau in ((2, 1.0), (4, 16.0), (6, 64.0)):
        found = class_gram([5] * k, tau)
        np.testing.assert_allclose(found.gram, simplex_gram(k, tau), rtol=1e-5)


def test_no_feasible_neighbour_is_better():
    sizes, rng = (8, 4, 2, 2), np.random.default_rng(0)
    found = class_gram(sizes, 1.0)
    for size in (1e-1, 1e-2, 1e-3):
        factor = np.linalg.cholesky(found.gram + 1e-9 * np.eye(4)) + size * rng.standard_normal((4, 4))
        factor /= np.linalg.norm(factor, axis=1, keepdims=True)
        assert class_excess(factor @ factor.T, sizes, 1.0) > found.excess * (1 - 1e-9)


def test_numbers_of_the_prototype():
    balanced, uneven = class_gram((5, 5, 5, 5), 1.0), class_gram((10, 10, 2, 2), 1.0)
    assert round(balanced.loss, 6) == 2.073670
    assert round(uneven.loss, 6) == 2.396176
    np.testing.assert_allclose(uneven.cosines[[0, 0, 2], [1, 2, 3]], [-0.772, -0.270, 0.280], atol=5e-4)


def test_long_features_tend_to_the_simplex_with_the_shifts():
    sizes = (16, 16, 2, 2)
    shifts = limiting_shifts(sizes)
    errors = [
        np.abs(class_gram(sizes, tau).gram - simplex_gram(4, tau) - shifts).max() for tau in (64.0, 128.0, 256.0)
    ]
    # Of the order of 1/τ: each doubling halves it.
    np.testing.assert_allclose(np.divide(errors[1:], errors[:-1]), 0.5, atol=0.02)
    assert errors[-1] < 0.01


def test_shifts_sum_to_zero_and_follow_their_formula():
    shifts = limiting_shifts((6, 4, 2))
    assert abs(shifts.sum()) < 1e-12
    weight = [a * b * (1 / (a - 1) + 1 / (b - 1)) for a, b in ((6, 4), (6, 2), (4, 2))]
    wanted = np.log(np.prod(weight) ** (1 / 3) / np.array(weight))
    np.testing.assert_allclose(shifts[[0, 0, 1], [1, 2, 2]], wanted, rtol=1e-12)


def test_bad_input_is_named():
    with pytest.raises(NTPDataError, match="squared_length is 301"):
        class_gram([2, 2], 301.0)
    with pytest.raises(NTPDataError, match=r"^tolerance is"):
        class_gram([2, 2], 1.0, tolerance=1.0)
    with pytest.raises(NTPDataError, match=r"^tolerance is"):
        class_gram([2, 2], 1.0, tolerance=0.0)
    with pytest.raises(DidNotConvergeError, match=r"asked for 1\.0e-17"):
        class_gram([2, 2], 1.0, tolerance=1e-17)
    with pytest.raises(NTPDataError, match=r"^num_classes is"):
        simplex_gram(1, 1.0)
    with pytest.raises(NTPDataError, match=r"gram has shape \(3, 3\); 2 classes"):
        class_excess(np.eye(3), [2, 2], 1.0)


def test_the_two_smallest_classes_are_nearest_in_the_limit():
    rng = np.random.default_rng(0)
    for _ in range(200):
        sizes = np.sort(rng.integers(2, rng.choice([5, 12, 100]), rng.integers(2, 6)))
        shifts = limiting_shifts([int(size) for size in sizes])
        assert shifts[0, 1] >= shifts[np.triu_indices(len(sizes), 1)].max() - 1e-12
    # A class of two is as near to equal larger ones as they are to each other.
    np.testing.assert_allclose(limiting_shifts([2, 9, 9, 9]), 0.0, atol=1e-14)
