"""The ridge path at penalties below the range of numbers: against general descent, and against its theorems."""

import numpy as np
import pytest

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.families import as_supports, blocks, chain, windows, with_probabilities
from ntp_lib.features.far_path import far_path
from ntp_lib.features.half_circles import half_circle_logits
from ntp_lib.features.measurements import feature_references
from ntp_lib.features.proxy import centred_support
from ntp_lib.features.ridge import ridge_features
from ntp_lib.features.second_order import settled_offsets

LOGS = 20 * 2.0 ** np.arange(9)
# The proxy is optimal with one multiplier zero, and its margins are all one.
DEGENERATE = as_supports([[0], [0, 1], [0, 2], [0, 1, 2]], 4)
# The proxy is not optimal; one margin of the optimum is above one.
SLACK = as_supports([[0], [0, 2], [0, 3], [1, 2], [1, 3]], 4)


def followed(support, seed=0, logs=LOGS, **options):
    data = with_probabilities(support, concentration=3.0, seed=seed)
    references = feature_references(data, tolerance=1e-11)
    return far_path(references, logs, **options)


def test_it_is_the_path_of_general_descent():
    data = with_probabilities(chain(4), concentration=3.0, seed=1)
    references = feature_references(data)
    path = ridge_features(data, penalties=np.exp([-8.0, -12.0]), dim=3, tolerance=1e-3)
    W, H = path.factors[1]
    far = far_path(references, [12.0], optimum=centred_support(data))
    np.testing.assert_allclose(far.logits[0], H @ W.T, atol=1e-3)
    assert far.norms[0] == pytest.approx(path.frame["norm"].iloc[1], abs=1e-3)


def test_stationarity_is_met_in_the_variables_of_the_problem():
    far = followed(DEGENERATE, optimum=centred_support(DEGENERATE), logs=[25.0])
    probs = far.references.data.probs.toarray()
    softmax = np.exp(far.logits[0] - far.logits[0].max(axis=1)[:, None])
    softmax /= softmax.sum(axis=1)[:, None]
    left, _, right = np.linalg.svd(far.logits[0], full_matrices=False)
    polar = left[:, :3] @ right[:3]
    off = ~far.references.support
    np.testing.assert_allclose((0.25 * (probs - softmax))[off] * np.exp(25.0), polar[off], atol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_strict_supports_of_full_rank_settle_where_the_formula_says(seed):
    tree = blocks(8, [(4, 2), (2, 2), (1, 1)])
    far = followed(tree, seed, optimum=centred_support(tree))
    settled = settled_offsets(far.optimum, far.references)
    off = ~tree
    errors = np.array([np.abs((offsets - settled)[off]).max() for offsets in far.offsets])
    assert np.all(errors[1:] < 0.6 * errors[:-1])
    assert errors[-1] < 0.01
    rests = far.rests(centred_support(tree))
    assert rests[-1] - rests[-2] < 0.02


@pytest.mark.parametrize("seed", range(3))
def test_a_margin_above_one_without_a_multiplier_leaves_the_rest_bounded(seed):
    far = followed(SLACK, seed)
    assert far.optimum.free.sum() == 1
    rests = far.rests(far.references.margin.logits)
    assert abs(rests[-1] - rests[-2]) < 0.02


@pytest.mark.parametrize("seed", range(3))
def test_a_margin_of_one_without_a_multiplier_makes_it_grow_like_the_logarithm(seed):
    far = followed(DEGENERATE, seed, optimum=centred_support(DEGENERATE))
    free = far.optimum.free
    assert np.argwhere(free).tolist() == [[0, 3]]
    over = far.log_penalties + far.offsets[:, free][:, 0] - far.reach
    law = np.log(far.norms) - np.log(np.log(far.norms))
    # What is left is bounded, and changes by less from doubling to doubling.
    left = np.diff(over - law)
    assert np.abs(left[-3:]).max() < 0.05
    assert np.diff(over)[-3:].min() > 0.5
    share = far.rests(centred_support(DEGENERATE)) / np.log(far.norms)
    assert share.min() > 0.4
    assert share.max() < 1.2


def test_rank_is_lost_where_odds_are_even():
    references = feature_references(with_probabilities(windows(5, 2)))
    with pytest.raises(DidNotConvergeError, match="lose rank"):
        far_path(references, [40.0], optimum=half_circle_logits(2, 0.0))


@pytest.mark.parametrize(("support", "logs", "options", "message"), [
    (chain(4), [5.0], {}, "log_penalties are"),
    (chain(4), [40.0, 20.0], {}, "must increase"),
    (chain(4), [40.0], {"optimum": np.eye(4)}, r"shape \(4, 4\)"),
    (windows(5, 2), [40.0], {"optimum": half_circle_logits(2, (np.sqrt(5) - 1) / 2)}, "rank 2; full rank, 4"),
    (SLACK, [40.0], {"optimum": centred_support(SLACK)}, "polar factor is"),
])  # fmt: skip
def test_what_is_refused(support, logs, options, message):
    with pytest.raises(NTPDataError, match=message):
        followed(support, logs=logs, **options)
