"""Coordinates of the data space: both kinds say the same, and their transposes are transposes."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.numerics.linearisation import BlockLinearisation, Curvature, DenseLinearisation
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces import dense_space, support_projector
from ntp_lib.subspaces.data_space import ProjectedDataSpace, data_space
from ntp_lib.subspaces.dense_space import DenseDataSpace
from ntp_lib.subspaces.support_projector import SupportProjector

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


@pytest.mark.parametrize("wide", [False, True])
def test_projections_by_support_blocks_are_those_of_the_subspace(wide, monkeypatch, random_problem):
    monkeypatch.setattr(support_projector, "SPARSE", 0 if wide else 1e9)
    for seed in SEEDS:
        data = random_problem(seed, m=4, d=5)
        F = ntp.subspace(data)
        projector = SupportProjector.of(data, data.embeddings)
        assert projector._is_wide is wide
        stack = np.random.default_rng(seed).normal(size=(2, 5, 5))
        found = projector.project(stack)
        for W, in_F in zip(stack, found, strict=True):
            # Coordinates outside the span of the embeddings are no part of F.
            assert in_F == pytest.approx(F.project(W), abs=1e-13)
            assert projector.project(W, passes=1) == pytest.approx(in_F, abs=1e-10)
        assert np.abs(found - stack).max() > 0.1


def test_dependent_contexts_and_one_hot_ones_have_no_projector(random_problem):
    data = random_problem(0, m=6, d=2)
    assert SupportProjector.of(data, data.embeddings) is None
    one_hot = ntp.NTPData([[1.0, 2.0]], [1.0], [[1.0, 0.0, 0.0]])
    assert SupportProjector.of(one_hot, one_hot.embeddings) is None


def test_both_transposes_at_once_are_those_apart(random_problem):
    data = random_problem(1, m=3, d=4)
    residual = np.random.default_rng(0).normal(size=(3, 5))
    for space in both(data):
        together = space.pull(residual)
        for part, expected in zip(
            together, (space.pull_finite(residual), space.pull_offset(residual)), strict=True
        ):
            assert part == pytest.approx(expected, abs=1e-13)
        assert np.linalg.norm(together[1]) > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_states_of_both_kinds_are_whole_matrices(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    W = np.random.default_rng(seed).normal(size=(5, 4))
    basis = row_space(data.embeddings)
    centred = (W - W.mean(axis=0)) @ basis
    for space in both(data):
        x, y = space.coordinates(W)
        state = np.concatenate([7 * x, y])
        assert np.abs(space.joined(state, 7.0) - centred).max() <= 1e-12
        assert np.abs(space.joined(state, 1.0) - centred).max() > 1e-3
        assert space.parted(centred, 7.0) == pytest.approx(state, abs=1e-11)
        assert space.parted(centred, None) == pytest.approx(y, abs=1e-12)
        assert space.joined(y, None) @ basis.T == pytest.approx(space.embed_offset(y), abs=1e-12)


def test_explicit_bases_solve_by_blocks_where_there_is_something_to_gain(monkeypatch, random_problem):
    curvature = Curvature(np.full(3, 2.0), np.full((3, 5), 0.2), 4.0)

    def linearised(data):
        space = DenseDataSpace(ntp.subspace(data))
        return space.linearise(lambda dense: np.eye(dense.finite_size + dense.offset_size), lambda: curvature)

    data = random_problem(0, m=3, d=4)
    assert isinstance(linearised(data), DenseLinearisation), "few unknowns"
    monkeypatch.setattr(dense_space, "BLOCK_UNKNOWNS", 0)
    assert isinstance(linearised(data), BlockLinearisation)
    near = data.embeddings.copy()
    near[1] = near[0] + 1e-6 * near[1]
    close = ntp.NTPData(near, data.context_probs, data.probs)
    assert isinstance(linearised(close), DenseLinearisation), "contexts nearly parallel"
    assert isinstance(linearised(random_problem(0, m=3, d=2)), DenseLinearisation), "dependent contexts"
