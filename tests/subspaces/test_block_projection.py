"""Projections by token blocks alone: `Subspace` has a basis to fall back on, which would hide what goes wrong."""

from itertools import combinations

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.subspaces import block_projection


def generators(data):
    """Every (e_z − e_z') h̄_jᵀ as a column of V·d entries."""
    units = np.eye(data.vocab_size)
    supports = [np.flatnonzero(row) for row in data.next_token_probs]
    columns = [
        np.outer(units[z] - units[other], h).ravel()
        for h, support in zip(data.embeddings, supports, strict=True)
        for z, other in combinations(support, 2)
    ]
    return np.array(columns).T


@pytest.mark.parametrize("most_levels", [block_projection.MAX_LEVELS, 0], ids=["blocks", "LSQR"])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_projected_is_nearest_among_combinations_of_generators(
    seed, most_levels, monkeypatch, random_problem
):
    monkeypatch.setattr(block_projection, "MAX_LEVELS", most_levels)
    data = random_problem(seed, m=5, d=3, V=4)
    W = np.random.default_rng(seed).standard_normal((4, 3))
    A = generators(data)
    expected = (A @ np.linalg.lstsq(A, W.ravel(), rcond=None)[0]).reshape(W.shape)
    blocks = ntp.subspace(data).blocks
    assert blocks.is_factored is (most_levels > 0)
    assert np.abs(blocks.project(W) - expected).max() <= 1e-10
    assert np.abs(W - expected).max() > 1e-3, "control: W is not in F"
