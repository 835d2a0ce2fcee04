"""Coordinates of the data space: both kinds say the same, and their transposes are transposes."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.subspaces.data_space import ProjectedDataSpace, data_space
from ntp_lib.subspaces.dense_space import DenseDataSpace

SEEDS = range(3)


def both(data):
    F = ntp.subspace(data)
    return DenseDataSpace(F), ProjectedDataSpace(F)


@pytest.mark.parametrize("seed", SEEDS)
def test_coordinates_split_a_decoder_into_F_rest_and_unseen(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    W = np.random.default_rng(seed).normal(size=(5, 4))
    F = ntp.subspace(data)
    for space in both(data):
        x, y = space.coordinates(W)
        in_F, rest = space.embed_finite(x), space.embed_offset(y)
        assert np.abs(in_F - F.project(W)).max() <= 1e-12
        assert np.abs(F.project(rest)).max() <= 1e-12
        unseen = (W - in_F - rest) @ data.embeddings.T
        assert np.ptp(unseen, axis=0).max() <= 1e-12
        assert np.ptp((W - rest) @ data.embeddings.T, axis=0).max() > 1e-3


@pytest.mark.parametrize("seed", SEEDS)
def test_logits_of_the_two_parts_and_their_transposes(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    rng = np.random.default_rng(seed)
    outside = data.probs.toarray() == 0
    W = rng.normal(size=(5, 4))
    residual = rng.normal(size=outside.shape)
    residual -= residual.mean(axis=1, keepdims=True)
    slope = residual.T @ data.embeddings
    for space in both(data):
        x, y = space.coordinates(W)
        relative = space.deviation(x) + space.offset(y)
        expected = data.embeddings @ W.T
        expected = expected - np.where(~outside, expected, 0).sum(axis=1, keepdims=True) / (~outside).sum(
            axis=1, keepdims=True
        )
        assert np.abs(relative - expected).max() <= 1e-12
        assert (space.offset(y)[~outside] == 0).all()
        finite = space.embed_finite(space.finite_metric * space.pull_finite(residual))
        pulled = finite + space.embed_offset(space.pull_offset(residual))
        assert np.abs(pulled - slope).max() <= 1e-11
        assert x @ space.pull_finite(residual) == pytest.approx(np.sum(space.deviation(x) * residual), abs=1e-11)
        assert y @ space.pull_offset(residual) == pytest.approx(np.sum(space.offset(y) * residual), abs=1e-11)
        assert y @ space.pull_offset(residual) != pytest.approx(-np.sum(space.offset(y) * residual), abs=1e-6)


def test_sizes(random_problem):
    data = random_problem(0, m=3, d=4)
    space = data_space(ntp.subspace(data))
    assert isinstance(space, DenseDataSpace)
    assert space.finite_size + space.offset_size == (data.vocab_size - 1) * 3
    one_hot = ntp.NTPData([[1.0, 2.0]], [1.0], [[1.0, 0.0, 0.0]])
    assert data_space(ntp.subspace(one_hot)).finite_size == 0
