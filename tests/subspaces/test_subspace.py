"""The data subspace against a basis built from its definition, on every route the library can take."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse.linalg

import ntp_lib as ntp
from ntp_lib.subspaces import block_projection, in_support
from ntp_lib.subspaces import subspace as module
from ntp_lib.subspaces.in_support import InSupportDifferences

SEEDS = range(6)


def generators(data):
    """Every (e_z − e_z') h̄_jᵀ as a row of V·d entries."""
    rows = [np.zeros(data.vocab_size * data.dim)]
    for j in range(data.num_contexts):
        tokens = np.flatnonzero(data.next_token_probs[j])
        for z in tokens:
            for other in tokens[tokens < z]:
                row = np.zeros((data.vocab_size, data.dim))
                row[z], row[other] = data.embeddings[j], -data.embeddings[j]
                rows.append(row.ravel())
    return np.array(rows)


def projector(data):
    basis = scipy.linalg.orth(generators(data).T)
    return basis @ basis.T


def decoders(data, seed, count=2):
    return np.random.default_rng(seed).standard_normal((count, data.vocab_size, data.dim))


def take_route(monkeypatch, route):
    if route != "dense":
        monkeypatch.setattr(module, "DENSE_ENTRIES", 0)
        monkeypatch.setattr(module, "BASIS_ENTRIES", 0)
    if route == "iterative":
        monkeypatch.setattr(block_projection, "MAX_LEVELS", 0)


@pytest.mark.parametrize("route", ["dense", "blocks"])
@pytest.mark.parametrize("shape", [(4, 3, 5), (8, 2, 4), (3, 6, 5), (12, 2, 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_dimension_agrees_with_the_rank_of_all_generators(seed, shape, route, monkeypatch, random_problem):
    take_route(monkeypatch, route)
    m, d, V = shape
    data = random_problem(seed, m=m, d=d, V=V)
    F = ntp.subspace(data)
    assert F.dim == np.linalg.matrix_rank(generators(data))
    assert F.dim <= min(int((data.support_sizes - 1).sum()), d * (V - 1))


@pytest.mark.parametrize("route", ["dense", "blocks", "iterative"])
@pytest.mark.parametrize("seed", SEEDS)
def test_projection_agrees_with_one_from_the_definition(seed, route, monkeypatch, random_problem):
    take_route(monkeypatch, route)
    data = random_problem(seed, m=5, d=3, V=4)
    F = ntp.subspace(data)
    for W in decoders(data, seed):
        expected = (projector(data) @ W.ravel()).reshape(W.shape)
        # LSQR stops at 1e-14 of the condition number; the others round.
        assert np.abs(F.project(W) - expected).max() <= 1e-10
        assert np.abs(F.project(W) + F.project_complement(W) - W).max() <= 1e-14 * np.abs(W).max() + 1e-10
        assert np.abs(F.project(1.01 * W) - expected).max() > 1e-10, "control"


@pytest.mark.parametrize("route", ["dense", "blocks", "iterative"])
def test_lengths_on_F_are_those_of_the_projections(route, monkeypatch, random_problem):
    take_route(monkeypatch, route)
    data = random_problem(1, m=5, d=3, V=4)
    F = ntp.subspace(data)
    several = decoders(data, 1, count=4)
    expected = [np.linalg.norm(F.project(W)) for W in several]
    np.testing.assert_allclose(F.lengths(several), expected, rtol=1e-12)
    assert np.linalg.norm(several[0]) > expected[0] * (1 + 1e-3), "control: not the lengths of the whole"


@pytest.mark.parametrize("route", ["dense", "blocks", "iterative"])
@pytest.mark.parametrize("seed", SEEDS)
def test_projection_is_idempotent_and_symmetric(seed, route, monkeypatch, random_problem):
    take_route(monkeypatch, route)
    data = random_problem(seed, m=5, d=3, V=4)
    F = ntp.subspace(data)
    X, Y = decoders(data, seed)
    assert np.abs(F.project(F.project(X)) - F.project(X)).max() <= 1e-10
    assert np.abs(F.project_complement(F.project(X))).max() <= 1e-10
    assert np.sum(F.project(X) * Y) == pytest.approx(np.sum(X * F.project(Y)), abs=1e-9)
    assert np.sum(F.project(X) * F.project_complement(Y)) == pytest.approx(0, abs=1e-9)
    assert np.abs(F.project(X) - X).max() > 1e-3, "a projection that does nothing would pass the rest"


@pytest.mark.parametrize("route", ["dense", "blocks", "iterative"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_complement_ties_in_support_logits(seed, route, monkeypatch, random_problem):
    take_route(monkeypatch, route)
    data = random_problem(seed, m=5, d=3, V=4, sizes=(2, 3))
    W = decoders(data, seed)[0]

    def spread(decoder):
        logits = data.embeddings @ decoder.T
        return max(np.ptp(logits[j, data.support[j]]) for j in range(data.num_contexts))

    assert spread(ntp.subspace(data).project_complement(W)) <= 1e-12
    assert spread(W) > 0.1


@pytest.mark.parametrize("route", ["dense", "blocks"])
def test_basis_is_orthonormal_and_spans_the_generators(route, monkeypatch, random_problem):
    take_route(monkeypatch, route)
    data = random_problem(1, m=4, d=3, V=5)
    F = ntp.subspace(data)
    basis = F.basis.reshape(F.dim, -1)
    assert F.basis.shape == (F.dim, 5, 3)
    assert np.abs(basis @ basis.T - np.eye(F.dim)).max() <= 1e-12
    assert np.abs(basis.T @ basis - projector(data)).max() <= 1e-12
    x = np.arange(1.0, F.dim + 1)
    assert np.abs(F.coordinates(F.embed(x)) - x).max() <= 1e-12 * F.dim


@pytest.mark.parametrize("seed", SEEDS)
def test_rescaling_contexts_leaves_the_subspace(seed, random_problem):
    data = random_problem(seed, m=5, d=3, V=4)
    factors = 10.0 ** np.random.default_rng(seed).uniform(-8, 8, (5, 1)) * [[1], [-1], [1], [-1], [1]]
    scaled = ntp.NTPData(factors * data.embeddings, data.context_probs, data.next_token_probs)
    W = decoders(data, seed)[0]
    assert ntp.subspace(scaled).dim == ntp.subspace(data).dim
    assert np.abs(ntp.subspace(scaled).project(W) - ntp.subspace(data).project(W)).max() <= 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_turning_contexts_moves_the_subspace(seed, random_problem):
    """The control of the rescaling."""
    data = random_problem(seed, m=2, d=3, V=4, sizes=(2, 3))
    turned = ntp.NTPData(data.embeddings[:, [1, 2, 0]], data.context_probs, data.next_token_probs)
    W = decoders(data, seed)[0]
    assert np.abs(ntp.subspace(turned).project(W) - ntp.subspace(data).project(W)).max() > 1e-3


@pytest.mark.parametrize("seed", SEEDS)
def test_one_hot_labels_span_nothing(seed, random_problem):
    data = random_problem(seed, sizes=(1, 1))
    F = ntp.subspace(data)
    W = decoders(data, seed)[0]
    assert F.dim == 0
    assert not F.project(W).any()
    assert np.array_equal(F.project_complement(W), W)
    assert F.basis.shape == (0, 5, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_independent_embeddings_give_one_dimension_per_difference(seed, random_problem):
    data = random_problem(seed, m=4, d=6, V=5)
    assert ntp.subspace(data).dim == (data.support_sizes - 1).sum()


def test_the_dimension_is_capped_at_d_times_V_minus_1(random_problem):
    data = random_problem(0, m=30, d=2, V=4, sizes=(3, 4))
    assert (data.support_sizes - 1).sum() > 2 * 3
    assert ntp.subspace(data).dim == 6


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_zero_and_repeated_embeddings_add_nothing():
    probs = [[0.5, 0.5, 0.0], [0.4, 0.6, 0.0], [0.2, 0.3, 0.5]]
    data = ntp.NTPData([[1.0, 2.0], [-2.0, -4.0], [0.0, 0.0]], np.full(3, 1 / 3), probs)
    assert ntp.subspace(data).dim == 1
    nothing = ntp.NTPData(np.zeros((1, 2)), [1.0], [[0.5, 0.5]])
    assert ntp.subspace(nothing).dim == 0


@pytest.mark.parametrize(("angle", "dim"), [(1e-6, 2), (1e-12, 2), (1e-17, 1)])
def test_rank_is_decided_at_the_stated_tolerance(angle, dim):
    """Two contexts at a small angle, two tokens: the smaller singular value is about angle / √2."""
    data = ntp.NTPData([[1.0, 0.0], [1.0, angle]], [0.5, 0.5], [[0.5, 0.5], [0.2, 0.8]])
    F = ntp.subspace(data)
    assert F.dim == dim
    assert 1e-16 < F.rank_tolerance < 1e-14


def test_a_projection_cut_short_is_an_error(monkeypatch, random_problem):
    take_route(monkeypatch, "iterative")
    data = random_problem(0, m=5, d=3, V=4)
    solver, asked = scipy.sparse.linalg.lsqr, []

    monkeypatch.setattr(module, "BASIS_ENTRIES", 0)
    monkeypatch.setattr(module, "MAX_GENERATORS", 0)

    def cut_short(*args, iter_lim, **options):
        asked.append(iter_lim)
        return solver(*args, iter_lim=1, **options)

    monkeypatch.setattr(scipy.sparse.linalg, "lsqr", cut_short)
    message = r"^the projection onto F did not converge in (\d+) LSQR iterations$"
    with pytest.raises(ntp.DidNotConvergeError, match=message) as refusal:
        ntp.subspace(data).project(decoders(data, 0)[0])
    assert str(asked[0]) in str(refusal.value)


def test_too_many_generators_name_the_limit(monkeypatch, random_problem):
    monkeypatch.setattr(module, "DENSE_ENTRIES", 0)
    monkeypatch.setattr(module, "BASIS_ENTRIES", 0)
    monkeypatch.setattr(module, "MAX_GENERATORS", 0)
    F = ntp.subspace(random_problem(0))
    with pytest.raises(ntp.DidNotConvergeError, match="up to N = 0"):
        F.basis  # noqa: B018
    assert F.dim > 0


def test_the_refusal_of_a_basis_says_how_many_generators_there_are(monkeypatch):
    monkeypatch.setattr(module, "DENSE_ENTRIES", 0)
    monkeypatch.setattr(module, "BASIS_ENTRIES", 0)
    monkeypatch.setattr(module, "MAX_GENERATORS", 2)
    three = ntp.NTPData(np.eye(3), np.full(3, 1 / 3), np.full((3, 2), 0.5))
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        ntp.subspace(three).basis  # noqa: B018
    assert str(refusal.value) == (
        "F has N = 3 generators; a basis is formed only up to N = 2 (dim and projections still work; take fewer "
        "contexts, or a smaller vocabulary, for a basis)"
    )
    assert not ntp.subspace(three).is_factored
    two = ntp.NTPData(np.eye(2), np.full(2, 1 / 2), np.full((2, 2), 0.5))
    assert ntp.subspace(two).dim == 2
    assert ntp.subspace(two).is_factored


@pytest.mark.parametrize("given", ["F", 3, np.eye(2)])
def test_what_is_no_subspace_is_refused_by_its_type(given):
    toy = ntp.synthetic.toy_2d()
    with pytest.raises(ntp.NTPDataError) as refusal:
        ntp.compatibility(toy, F=given)
    assert str(refusal.value) == (
        f"F is {type(given).__name__}; it must be what ntp_lib.subspace returns, or None"
    )


def test_a_decoder_of_the_wrong_shape_is_refused(random_problem):
    F = ntp.subspace(random_problem(0))
    for method in (F.project, F.project_complement):
        with pytest.raises(ntp.NTPDataError, match="shape"):
            method(np.zeros((3, 5)))


def test_in_support_logits_do_not_depend_on_how_they_are_cut(monkeypatch, random_problem):
    data = random_problem(3, m=5, d=3)
    W = np.random.default_rng(0).normal(size=(5, 3))
    whole = InSupportDifferences(data).in_support_logits(W)
    assert len(whole) > 7
    for entries in (3, 7, 12):
        monkeypatch.setattr(in_support, "CHUNK_ENTRIES", entries)
        assert np.array_equal(InSupportDifferences(data).in_support_logits(W), whole)


def test_the_iterations_of_a_large_projection_are_counted_by_its_work(monkeypatch, random_problem):
    take_route(monkeypatch, "iterative")
    solver, asked = scipy.sparse.linalg.lsqr, []

    def noted(*args, iter_lim, **options):
        asked.append(iter_lim)
        return solver(*args, iter_lim=iter_lim, **options)

    monkeypatch.setattr(scipy.sparse.linalg, "lsqr", noted)
    data = random_problem(0, m=5, d=3, V=4, sizes=(2, 3))
    pairs = int(data.support_sizes.sum())
    for multiplications in (10**12, 150 * pairs * 3, 1):
        monkeypatch.setattr(block_projection, "MAX_MULTIPLICATIONS", multiplications)
        ntp.subspace(data).project(decoders(data, 0)[0])
    assert asked == [20_000, 150, 100]
