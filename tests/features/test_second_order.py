"""The second-order term of the nuclear norm, and the point of a segment at which it is least."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.features.families import blocks, fano, with_probabilities
from ntp_lib.features.far_path import far_path
from ntp_lib.features.measurements import feature_references
from ntp_lib.features.nuclear_margin import nuclear_norm
from ntp_lib.features.pentagon import extra_margin, pentagon_logits
from ntp_lib.features.proxy import centred_support
from ntp_lib.features.second_order import full_rank, root_of_cost, second_order_cost, settled_offsets


def pentagon_data(weights, first):
    """Contexts with weights, and a probability of the first of their two words each."""
    first = np.asarray(first)
    probs = np.diag(first) + np.roll(np.diag(1 - first), 1, axis=1)
    return NTPData(np.eye(5), np.asarray(weights) / np.sum(weights), probs)


@pytest.mark.parametrize("support", [blocks(6, [(2, 1), (1, 1), (3, 1)]), fano(), fano()[:4]])
def test_it_is_half_the_second_derivative(support):
    references = feature_references(with_probabilities(support))
    L = centred_support(support)
    at = full_rank(L, references)
    E = np.random.default_rng(0).standard_normal(L.shape)
    E -= E.mean(axis=1)[:, None]
    h = 1e-3
    numeric = (nuclear_norm(L + h * E) + nuclear_norm(L - h * E) - 2 * nuclear_norm(L)) / (2 * h**2)
    vector = root_of_cost(E[None], at.left, at.sigma, at.right)[0]
    assert vector @ vector == pytest.approx(numeric, rel=1e-4)


def least(references, **options):
    def cost(t):
        return second_order_cost(pentagon_logits(t), references, **options)

    return float(minimize_scalar(cost, bounds=(0, 0.61), method="bounded").x)


def test_an_uneven_pentagon_goes_to_a_point_between_the_ends_that_log_odds_alone_do_not_tell():
    rng = np.random.default_rng(3)
    data = pentagon_data(rng.dirichlet(np.full(5, 3.0)), rng.uniform(0.2, 0.8, 5))
    references = feature_references(data)
    t = least(references)
    assert 0.05 < t < 0.4
    assert abs(least(references, margins=False) - t) > 0.05
    path = far_path(references, [320, 640, 1280, 2560], optimum=pentagon_logits(t))
    assert extra_margin(path.logits[-1]).mean() == pytest.approx(t, abs=2e-3)
    settled = settled_offsets(path.optimum, references)
    tight = path.optimum.tight
    np.testing.assert_allclose(path.offsets[-1][tight], settled[tight], atol=0.01)


def test_even_odds_of_unequal_contexts_go_to_the_proxy():
    references = feature_references(pentagon_data([1, 3, 1, 3, 2], [0.5] * 5))
    costs = [second_order_cost(pentagon_logits(t), references) for t in (0.0, 0.2, 0.5)]
    assert costs[0] < costs[1] < costs[2]
    assert second_order_cost(pentagon_logits(0.2), references, margins=False) < 1e-12
    path = far_path(references, 40 * 2.0 ** np.arange(8), optimum=pentagon_logits(0.0))
    assert extra_margin(path.logits[-1]).mean() < 0.01
