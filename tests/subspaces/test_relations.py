"""Relations among the generators, and the core they live on, against the null space of the whole system."""

import numpy as np
import pytest
import scipy.linalg

import ntp_lib as ntp
from ntp_lib.subspaces import relations as module
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.relations import Relations

SEEDS = range(8)
SHAPES = [(12, 2, 5), (14, 3, 4), (9, 4, 3), (5, 6, 4), (20, 3, 3)]


def null_space(data):
    """Multipliers on the stored probabilities with rows summing to zero and no moments, as columns."""
    unit, rows, tokens = unit_embeddings(data)[0], data.support_rows, data.probs.indices
    sums = rows[None, :] == np.arange(data.num_contexts)[:, None]
    moments = np.vstack([np.where(tokens == v, unit[rows].T, 0.0) for v in range(data.vocab_size)])
    return scipy.linalg.null_space(np.vstack([sums, moments]))


def take_route(monkeypatch, route):
    if route == "iterative":
        monkeypatch.setattr(module, "DENSE_LEVELS", 0)


@pytest.mark.parametrize("route", ["dense", "iterative"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_nearest_relation_is_the_projection_onto_all_of_them(seed, shape, route, monkeypatch, random_problem):
    take_route(monkeypatch, route)
    m, d, V = shape
    data = random_problem(seed, m=m, d=d, V=V)
    kernel = null_space(data)
    b = np.random.default_rng(seed).standard_normal(data.probs.nnz)
    found = Relations.of(data)
    assert np.abs(found.nearest(b) - kernel @ (kernel.T @ b)).max() <= 1e-10
    assert found.dim == kernel.shape[1] == int((data.support_sizes - 1).sum()) - ntp.subspace(data).dim


@pytest.mark.parametrize("seed", SEEDS)
def test_every_relation_vanishes_off_the_core(seed, random_problem):
    data = random_problem(seed, m=14, d=4, V=6, sizes=(1, 3))
    kernel, core = null_space(data), Relations.of(data).places
    off = np.setdiff1d(np.arange(data.probs.nnz), core)
    assert off.size
    assert np.abs(kernel[off]).max(initial=0.0) <= 1e-12


def test_the_core_is_what_shared_contexts_leave():
    """Tokens 0 and 1 share three contexts in the plane; token 2 follows one of them, and another alone."""
    embeddings = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]]
    probs = [[0.5, 0.3, 0.2], [0.6, 0.4, 0.0], [0.7, 0.3, 0.0], [0.0, 0.0, 1.0]]
    data = ntp.NTPData(embeddings, np.full(4, 0.25), probs)
    found = Relations.of(data)
    assert sorted(found.places.tolist()) == [0, 1, 3, 4, 5, 6]
    assert (found.num_levels, found.dim) == (3, 1)
    assert len(Relations.of(data, np.array([0, 2])).places) == 0
    y = found.nearest(np.log(data.probs.data))
    # (1, 1, −√2) is the one relation of the three contexts, scaled to length one.
    assert y[[0, 3, 5]] == pytest.approx(y[0] * np.array([1, 1, -np.sqrt(2)]), rel=1e-12)
    assert y[[1, 4, 6]] == pytest.approx(-y[[0, 3, 5]], rel=1e-12)
    assert y[[2, 7]].tolist() == [0.0, 0.0]


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_zero_and_repeated_embeddings_are_related():
    data = ntp.NTPData(
        [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]],
        np.full(3, 1 / 3),
        [[0.5, 0.5, 0.0], [0.2, 0.8, 0.0], [0.3, 0.7, 0.0]],
    )
    assert Relations.of(data).dim == 2
    assert ntp.subspace(data).dim == 1


def test_components_are_counted_apart(random_problem, monkeypatch):
    """Two copies of a problem on different tokens have twice the relations, each component within the limit."""
    one = random_problem(3, m=12, d=2, V=4)
    probs = one.probs.toarray()
    both = np.block([[probs, np.zeros_like(probs)], [np.zeros_like(probs), probs]])
    rng = np.random.default_rng(0)
    two = ntp.NTPData(rng.standard_normal((24, 2)), np.full(24, 1 / 24), both)
    whole = Relations.of(two)
    monkeypatch.setattr(module, "MAX_RANK_LEVELS", whole.num_levels - 1)
    assert whole.dim == null_space(two).shape[1]
    monkeypatch.setattr(module, "MAX_RANK_LEVELS", 2)
    with pytest.raises(ntp.DidNotConvergeError, match="at most 2 are attempted"):
        Relations.of(two).dim  # noqa: B018


def test_levels_that_are_not_found_are_an_error(random_problem, monkeypatch):
    data = random_problem(1, m=20, d=3, V=4)
    for name in ("DENSE_LEVELS", "MAX_RANK_LEVELS"):
        monkeypatch.setattr(module, name, 0)
    monkeypatch.setattr(module, "MAX_ITERATIONS", 1)
    with pytest.raises(ntp.DidNotConvergeError, match="in 1 conjugate gradients"):
        Relations.of(data).nearest(np.log(data.probs.data))
