"""Compatibility by token blocks against the dense route, and on data that only the former can hold."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.conditions import compatibility as module
from ntp_lib.conditions import core_newton, log_odds_conflict
from ntp_lib.subspaces import block_projection, relations, subspace

SEEDS = range(6)
SHAPES = [(12, 2, 5), (6, 6, 4), (14, 3, 4), (16, 4, 8), (9, 3, 3)]


@pytest.fixture(params=["blocks", "LSQR"])
def at_scale(request, monkeypatch):
    def compatibility(data):
        monkeypatch.setattr(subspace, "DENSE_ENTRIES", 0)
        if request.param == "LSQR":
            monkeypatch.setattr(block_projection, "MAX_LEVELS", 0)
        found = ntp.compatibility(data)
        found.W_least_squares  # noqa: B018
        return found

    return compatibility


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_it_agrees_with_the_dense_route(seed, shape, random_problem, at_scale):
    m, d, V = shape
    data = random_problem(seed, m=m, d=d, V=V)
    dense = ntp.compatibility(data)
    dense.certificate  # noqa: B018
    found = at_scale(data)
    assert found.holds is dense.holds
    assert found.verify()
    size = np.linalg.norm(dense.W_least_squares)
    assert np.linalg.norm(found.W_least_squares - dense.W_least_squares) <= 1e-9 * size
    assert found.residuals == pytest.approx(dense.residuals, abs=1e-8)
    assert (found.conflict > 0) == (dense.conflict > 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_log_odds_are_found_and_one_altered_is_not(seed, at_scale):
    """Softmax labels of a decoder, on all tokens in many contexts; then two labels of one context exchanged."""
    rng = np.random.default_rng(seed)
    embeddings = rng.standard_normal((30, 3))
    planted = rng.standard_normal((4, 3))
    probs = np.exp(embeddings @ planted.T)
    probs /= probs.sum(axis=1, keepdims=True)
    found = at_scale(ntp.NTPData(embeddings, np.full(30, 1 / 30), probs))
    assert found.holds is True
    assert found.verify()
    assert np.abs(found.W_star - (planted - planted.mean(axis=0))).max() <= 1e-10
    probs[7] = probs[7][[1, 0, 2, 3]]
    altered = at_scale(ntp.NTPData(embeddings, np.full(30, 1 / 30), probs))
    assert altered.holds is False
    assert altered.verify()


def text_like(m=1200, V=400, d=8, seed=0):
    """Contexts of one or two tokens of falling frequency."""
    rng = np.random.default_rng(seed)
    tokens = np.minimum(rng.zipf(1.3, (m, 2)) - 1, V - 1)
    weights = rng.uniform(0.2, 0.8, m)
    rows = np.repeat(np.arange(m), 2)
    values = np.column_stack([weights, 1 - weights]).ravel()
    probs = sp.csr_array(sp.coo_array((values, (rows, tokens.ravel())), shape=(m, V)))
    return ntp.NTPData(rng.standard_normal((m, d)), np.full(m, 1 / m), probs)


def test_a_text_is_refuted_by_a_sparse_certificate(monkeypatch):
    monkeypatch.setattr(log_odds_conflict, "DENSE_CERTIFICATE", 10**5)
    monkeypatch.setattr(relations, "DENSE_LEVELS", 0)
    data = text_like()
    assert data.num_contexts * data.vocab_size > 10**5
    tracemalloc.start()
    found = ntp.compatibility(data)
    assert found.holds is False
    assert found.verify()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    answer = data.embeddings.nbytes + data.vocab_size * data.dim * 8 + data.probs.nnz * 16
    assert peak < 10 * answer
    assert data.num_contexts * data.vocab_size * 8 > 2 * 10 * answer, "control: what an (m, V) array takes"
    C = found.certificate
    assert sp.issparse(C)
    assert C.nnz <= data.probs.nnz
    assert "contradict each other" in ntp.explain(found)
    broken = C.copy()
    broken.data[0] *= 1 + 1e-6
    assert log_odds_conflict.conflict(broken, data) == 0
    outside = sp.csr_array(C + sp.coo_array(([1e-30], ([0], [data.vocab_size - 1])), shape=C.shape))
    assert data.probs[0, data.vocab_size - 1] == 0
    assert log_odds_conflict.conflict(outside, data) == 0
    assert log_odds_conflict.excluded_norm(outside, data) == 0
    assert log_odds_conflict.conflict(C.toarray(), data) == pytest.approx(found.conflict, rel=1e-12)
    assert log_odds_conflict.excluded_norm(C.toarray(), data) == pytest.approx(found.excluded_norm, rel=0.2)


def test_a_few_tokens_refute_where_all_are_too_many(monkeypatch):
    data = text_like()
    whole = ntp.subspace(data).relations.basis_entries
    monkeypatch.setattr(module, "MAX_BASIS_ENTRIES", whole // 2)
    found = ntp.compatibility(data)
    assert found.holds is False
    assert found.verify()
    used = np.flatnonzero(np.abs(found.certificate).sum(axis=0))
    assert 2 <= len(used) < data.vocab_size / 4
    assert found.excluding is not None


def test_relations_among_independent_contexts_exclude_nothing(at_scale):
    """Nearly parallel: the logits of the two cancel to rounding, and a decoder of length 1e16 meets both."""
    embeddings = np.array([[1.0, 2.0, 0.0], [1.0, np.nextafter(2.0, 3.0), 0.0]])
    data = ntp.NTPData(embeddings, [0.5, 0.5], [[0.5, 0.5], [0.1, 0.9]])
    found = at_scale(data)
    assert found.holds is None
    assert not found.verify()
    embeddings[1] = embeddings[0]
    with pytest.warns(ntp.NTPDataWarning):
        same = ntp.NTPData(embeddings, [0.5, 0.5], [[0.5, 0.5], [0.1, 0.9]])
    assert at_scale(same).holds is False, "control"


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_no_verdict_depends_on_the_unit(scale, random_problem, at_scale):
    data = random_problem(2, m=12, d=2, V=5)
    rescaled = ntp.NTPData(data.embeddings * scale, data.context_probs, data.probs)
    found, expected = at_scale(rescaled), ntp.compatibility(data)
    assert found.holds is expected.holds is False
    assert found.verify()
    assert found.conflict == pytest.approx(expected.conflict, rel=1e-9)


@pytest.mark.parametrize("floor", [1e-3, 1e-8, 1e-15])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_finite_part_agrees_with_the_dense_route(seed, floor, at_scale):
    """Lopsided probabilities in more contexts than dimensions; some contexts stay off the core."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(5, 0.1), 24) + floor
    probs[rng.random(probs.shape) < 0.3] = 0
    probs = probs[np.count_nonzero(probs, axis=1) > 0]
    probs /= probs.sum(axis=1, keepdims=True)
    m = len(probs)
    data = ntp.NTPData(rng.standard_normal((m, 3)), rng.dirichlet(np.ones(m)), probs)
    expected = ntp.compatibility(data).W_finite
    found = at_scale(data)
    assert found.holds is False
    assert np.linalg.norm(found.W_finite - expected) <= 1e-9 * np.linalg.norm(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_contexts_with_tokens_on_and_off_the_core(seed, at_scale):
    """Three tokens after all of 24 contexts, and six rare ones after one or two of them."""
    rng = np.random.default_rng(seed)
    probs = np.zeros((24, 9))
    probs[:, :3] = rng.dirichlet(np.full(3, 0.5), 24) + 1e-3
    probs[np.arange(12), 3 + np.arange(12) % 6] = rng.uniform(0.1, 3, 12)
    probs /= probs.sum(axis=1, keepdims=True)
    data = ntp.NTPData(rng.standard_normal((24, 3)), rng.dirichlet(np.ones(24)), probs)
    expected = ntp.compatibility(data).W_finite
    found = at_scale(data)
    core = found.F.relations
    assert set(data.probs.indices[core.places]) == {0, 1, 2}
    assert np.ptp(probs[core.contexts, :3].sum(axis=1)) > 0.3, "control: the core's mass differs"
    assert np.linalg.norm(found.W_finite - expected) <= 1e-9 * np.linalg.norm(expected)


def test_off_the_core_the_finite_part_meets_the_data():
    data = text_like(m=900, V=300, d=6)
    found = ntp.compatibility(data)
    assert not found.F.is_dense
    assert found.holds is False
    missed = module.log_odds_violations(found.W_finite, data)
    core = np.zeros(data.num_contexts, dtype=bool)
    core[found.F.relations.contexts] = True
    several = data.support_sizes > 1
    assert 20 < np.count_nonzero(several & ~core) < several.sum()
    assert missed[~core].max() <= 1e-10
    assert missed[core].max() > 0.1, "control"
    slope = np.zeros((data.vocab_size, data.dim))
    for block in data.blocks():
        weights = np.where(block.support, np.exp(block.embeddings @ found.W_finite.T), 0.0)
        q = weights / weights.sum(axis=1, keepdims=True)
        slope += ((q - block.probs) * block.context_probs[:, None]).T @ block.embeddings
    assert np.linalg.norm(slope) <= 1e-14


def test_a_finite_part_of_too_many_contexts_is_refused(monkeypatch):
    found = ntp.compatibility(text_like(m=900, V=300, d=6))
    monkeypatch.setattr(core_newton, "MAX_CONTEXTS", 3)
    with pytest.raises(ntp.DidNotConvergeError, match="at most 3 are attempted"):
        found.W_finite  # noqa: B018


@pytest.mark.parametrize("kind", ["offset", "near duplicates"])
def test_nearly_parallel_contexts_are_refuted_and_fitted(kind, monkeypatch, random_problem):
    """Beyond what the blocks can project on, a basis of F does."""
    data = random_problem(0, m=30, d=5, V=8, sizes=(2, 3))
    rows = data.embeddings + 1e4 if kind == "offset" else data.embeddings[np.arange(30) // 2].copy()
    if kind != "offset":
        rows[1::2] += 1e-9 * np.random.default_rng(0).standard_normal((15, 5))
    hard = ntp.NTPData(rows, data.context_probs, data.probs)
    expected = ntp.compatibility(hard).residual
    monkeypatch.setattr(subspace, "DENSE_ENTRIES", 0)
    found = ntp.compatibility(hard)
    assert found.holds is False
    assert found.verify()
    assert found.residual == pytest.approx(expected, rel=1e-3)


def test_reasons_do_not_wait_for_a_fit_that_takes_long(monkeypatch):
    found = ntp.compatibility(text_like(m=900, V=300, d=6))
    assert "least squares misses by" in ntp.explain(found)
    monkeypatch.setattr(block_projection, "MAX_LEVELS", 3)
    late = ntp.compatibility(found.F.data)
    assert "nats (in float64" in ntp.explain(late)
    assert "W_least_squares" not in vars(late)
