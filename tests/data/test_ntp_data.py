"""NTPData: what it derives, what it keeps from being changed, what it costs."""

import dataclasses
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from ntp_lib import NTPData, NTPDataError

EMBEDDINGS = [[1.0, 0.0], [0.0, 1.0]]
PROBS = [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]


def problem(**changes):
    parts = {"embeddings": EMBEDDINGS, "context_probs": [0.25, 0.75], "next_token_probs": PROBS, **changes}
    return NTPData(**parts)


@st.composite
def problems(draw):
    """A random valid problem as (embeddings, π̂, p̂)."""
    m, d, V = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = rng.integers(0, 5, (m, V))
    counts[np.arange(m), rng.integers(0, V, m)] += 1
    totals = counts.sum(axis=1)
    return rng.standard_normal((m, d)), totals / totals.sum(), counts / totals[:, None]


def test_sizes_support_and_entropy():
    data = problem(num_sequences=4)
    assert (data.num_contexts, data.dim, data.vocab_size, data.num_sequences) == (2, 2, 3, 4)
    assert data.support.tolist() == [[True, True, False], [False, False, True]]
    assert data.support_sizes.tolist() == [2, 1]
    # One context of weight 1/4 with two equal tokens; rounding alone.
    assert data.entropy == pytest.approx(0.25 * np.log(2), rel=1e-15)
    assert "m=2, n=4, d=2, V=3" in repr(data)


def test_float32_input_is_rescaled_to_float64():
    thirds = np.full((2, 3), 1 / 3, dtype=np.float32)
    data = problem(next_token_probs=thirds)
    assert abs(thirds.astype(np.float64).sum(axis=1) - 1).max() > 1e-9, "the input's own sums must be off"
    assert data.next_token_probs.dtype == np.float64
    assert abs(data.next_token_probs.sum(axis=1) - 1).max() <= 2e-16


@pytest.mark.parametrize("kind", ["embeddings", "context_probs", "next_token_probs"])
def test_changing_the_input_afterwards_changes_nothing(kind):
    parts = {
        "embeddings": np.array(EMBEDDINGS),
        "context_probs": np.array([0.25, 0.75]),
        "next_token_probs": np.array(PROBS),
    }
    data = NTPData(**parts)
    before = np.array(getattr(data, kind))
    parts[kind][...] = 7.0
    assert np.array_equal(getattr(data, kind), before)


@pytest.mark.parametrize("name", ["embeddings", "context_probs", "next_token_probs"])
def test_arrays_cannot_be_written_to(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(problem(), name)[0] = 1.0


def test_sparse_probabilities_cannot_be_written_to():
    data = problem(next_token_probs=sp.csr_array(PROBS))
    with pytest.raises(ValueError, match="read-only"):
        data.probs.data[0] = 1.0


def test_fields_cannot_be_replaced():
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem().embeddings = np.eye(2)


@given(problems())
def test_sparse_and_dense_agree(parts):
    embeddings, weights, probs = parts
    dense, sparse = NTPData(*parts), NTPData(embeddings, weights, sp.coo_array(probs))
    assert sparse.is_sparse
    assert not dense.is_sparse
    assert np.array_equal(sparse.next_token_probs.toarray(), dense.next_token_probs)
    assert np.array_equal(sparse.support.toarray(), dense.support)
    assert sparse.entropy == dense.entropy


@given(problems())
def test_entropy_is_between_zero_and_the_uniform_one(parts):
    data = NTPData(*parts)
    bound = data.context_probs @ np.log(data.support_sizes)
    # 1e-12: rounding of at most 36 terms of size at most log 6.
    assert 0 <= data.entropy <= bound + 1e-12
    direct = -sum(w * p * np.log(p) for w, row in zip(parts[1], parts[2], strict=True) for p in row if p > 0)
    assert data.entropy == pytest.approx(direct, abs=1e-12)


@given(problems(), st.randoms(use_true_random=False))
def test_entropy_ignores_the_order_of_contexts_and_tokens(parts, random):
    embeddings, weights, probs = parts
    rows, columns = list(range(len(weights))), list(range(probs.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    moved = NTPData(embeddings[rows], weights[rows], probs[rows][:, columns])
    # Summation order alone differs.
    assert moved.entropy == pytest.approx(NTPData(*parts).entropy, abs=1e-12)


@given(problems())
def test_blocks_put_together_are_the_whole(parts):
    data = NTPData(*parts)
    blocks = list(data.blocks())
    assert np.array_equal(np.vstack([block.probs for block in blocks]), data.next_token_probs)
    assert np.array_equal(np.vstack([block.embeddings for block in blocks]), data.embeddings)
    assert all(np.array_equal(block.support, block.probs > 0) for block in blocks)


def test_fewer_sequences_than_contexts_are_refused():
    with pytest.raises(NTPDataError, match="num_sequences is 1, fewer than the 2 distinct contexts"):
        problem(num_sequences=1)


@pytest.mark.parametrize(
    ("W", "message"),
    [
        (np.zeros((2, 2)), r"W has shape \(2, 2\); these data need \(V, d\) = \(3, 2\)"),
        (np.full((3, 2), np.nan), "W holds NaN or infinity"),
    ],
)
def test_bad_decoders_are_refused(W, message):
    assert problem().check_decoder(np.zeros((3, 2))).shape == (3, 2)
    with pytest.raises(NTPDataError, match=message):
        problem().check_decoder(W)


def test_a_margin_needs_a_token_out_of_support():
    problem().require_out_of_support()
    with pytest.raises(NTPDataError, match="every context has the whole vocabulary"):
        problem(next_token_probs=[[0.5, 0.5], [0.1, 0.9]]).require_out_of_support()


LARGE = """
import tracemalloc
import numpy as np, scipy.sparse as sp
from ntp_lib import NTPData
m, V, k = 100_000, 10_000, 10
rng = np.random.default_rng(0)
tracemalloc.start()
columns = (rng.integers(0, V // k, (m, k)) + np.arange(k) * (V // k)).ravel()
probs = sp.csr_array((np.full(m * k, 1 / k), columns, np.arange(0, m * k + 1, k)), shape=(m, V))
data = NTPData(rng.standard_normal((m, 64)), np.full(m, 1 / m), probs)
assert abs(data.entropy - np.log(k)) < 1e-9 and data.support.nnz == m * k
if DENSE: data.probs.toarray()
print(tracemalloc.get_traced_memory()[1])
"""


def test_a_large_sparse_problem_stays_below_a_gigabyte():
    script = LARGE.replace("DENSE", "False")
    peak = int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)
    # The three parts alone take 64 MB of embeddings and 12 MB of probabilities.
    assert 76e6 < peak < 1e9


def test_the_memory_measurement_sees_a_dense_array():
    script = LARGE.replace("DENSE", "True").replace("100_000", "2_000")
    peak = int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)
    assert peak > 160e6, "2 000 × 10 000 doubles are 160 MB; the rest takes 3 MB"


def test_distinct_embeddings_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        problem()
