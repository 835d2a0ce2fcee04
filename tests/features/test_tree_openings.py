"""Where the levels of a regular tree open on the ridge path."""

from itertools import pairwise

import numpy as np
import pytest

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.features.families import blocks
from ntp_lib.features.logit_path import logit_path


def tree(sizes, copies, weights):
    """Blocks of each size as supports with uniform probabilities, and weights of their levels."""
    num_tokens = 12
    support = blocks(num_tokens, list(zip(sizes, copies, strict=True)))
    of_level = dict(zip(sizes, weights, strict=True))
    pi = np.array([of_level[size] for size in support.sum(axis=1).tolist()])
    return NTPData(np.eye(len(support)), pi / pi.sum(), support / support.sum(axis=1, keepdims=True))


def levels(sizes):
    """Projections to the vectors constant on a level and of sum zero on the one above."""
    means = [np.kron(np.eye(12 // n), np.full((n, n), 1 / n)) for n in (12, *sizes)]
    return [fine - coarse for coarse, fine in pairwise(means)]


@pytest.mark.parametrize(("sizes", "copies"), [((4, 2, 1), (2, 1, 3)), ((6, 1), (1, 2)), ((6, 3, 1), (1, 1, 1))])
def test_each_level_opens_at_its_singular_value_of_the_joint_frequencies(sizes, copies):
    weights = np.random.default_rng(len(sizes)).uniform(0.3, 3, len(sizes))
    data = tree(sizes, copies, weights)
    pi = data.context_probs
    own = {n: pi[data.support_mask.sum(axis=1) == n][0] for n in sizes}
    terms = [c * own[n] ** 2 / n for n, c in zip(sizes, copies, strict=True)]
    start = pi[:, None] * (data.probs.toarray() - 1 / 12)
    for level, P in enumerate(levels(sizes)):
        tau = np.sqrt(sum(terms[level:]))
        assert np.linalg.norm(start @ P, 2) == pytest.approx(tau, rel=1e-12)
        path = logit_path(data, [1.001 * tau, 0.99 * tau], tolerance=1e-9)
        above, below = (np.linalg.svd(L @ P, compute_uv=False) for L in path.logits)
        assert above[0] < 1e-10
        rank = round(float(np.trace(P)))
        np.testing.assert_allclose(below[:rank], below[0], rtol=1e-6)
        assert below[0] > 0.01
