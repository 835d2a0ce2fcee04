"""The two laws of embeddings: seeded, local, of the size and the rank that is documented."""

import hashlib

import numpy as np
import pytest

from ntp_lib import NTPData, NTPDataError
from ntp_lib.data import embeddings
from ntp_lib.data.embeddings import check_embedding_name, composed, drawn, independent

from_tokens = NTPData.from_tokens

CODES = np.array([[0, 1], [0, 2], [1, 2], [3, 1]])


def fingerprint(array):
    # Rounded, so that a last bit of the platform's mathematical library does not count.
    return hashlib.sha256(np.round(array, 9).tobytes()).hexdigest()[:12]


def test_independent_is_the_seeded_stream():
    expected = [[0.12573022, -0.13210486], [0.64042265, 0.10490012]]
    assert np.allclose(independent(2, dim=2, seed=0), expected, atol=1e-8)
    assert np.array_equal(independent(5, dim=2, seed=0)[:2], independent(2, dim=2, seed=0))


def test_composed_adds_token_vectors_by_position():
    rng = np.random.default_rng(7)
    first, second = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    expected = (first[CODES[:, 0]] + second[CODES[:, 1]]) / np.sqrt(2)
    # One addition and one division, in the same order.
    assert np.array_equal(composed(CODES, vocab_size=4, dim=3, seed=7), expected)


def test_composed_does_not_depend_on_the_block_size(monkeypatch):
    whole = composed(CODES, vocab_size=4, dim=3, seed=7)
    monkeypatch.setattr(embeddings, "BLOCK_ROWS", 3)
    assert np.array_equal(composed(CODES, vocab_size=4, dim=3, seed=7), whole)


@pytest.mark.parametrize("law", ["independent", "composed"])
def test_same_seed_same_embeddings_whatever_numpy_did_before(law):
    tokens = list("abcabdabc")
    np.random.seed(1)  # noqa: NPY002 - the point is that the global generator does not matter
    a = from_tokens(tokens, dim=4, seed=5, embedding=law).embeddings
    np.random.seed(2)  # noqa: NPY002
    b = from_tokens(tokens, dim=4, seed=5, embedding=law).embeddings
    other = from_tokens(tokens, dim=4, seed=6, embedding=law).embeddings
    assert np.array_equal(a, b)
    assert fingerprint(a) != fingerprint(other)


def test_laws_differ():
    tokens = list("abcabdabc")
    a, b = (from_tokens(tokens, dim=4, embedding=law).embeddings for law in ("independent", "composed"))
    assert fingerprint(a) != fingerprint(b)


@pytest.mark.parametrize("law", ["independent", "composed"])
def test_coordinates_have_mean_zero_and_variance_one(law):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2000, (4000, 3))
    draw = drawn(law, 4000, lambda: codes, vocab_size=2000, dim=8, seed=1)
    # 32 000 coordinates from at least 6000·8 independent normals: five standard errors are below 0.05.
    assert abs(draw.mean()) < 0.05
    assert abs(draw.var() - 1) < 0.05


def test_composed_spans_few_dimensions_and_independent_all():
    V, L, d = 4, 2, 20
    codes = np.array([[a, b] for a in range(V) for b in range(V)])
    assert np.linalg.matrix_rank(composed(codes, vocab_size=V, dim=d, seed=0)) == L * (V - 1) + 1
    assert np.linalg.matrix_rank(independent(len(codes), dim=d, seed=0)) == len(codes)


def test_independent_ignores_what_the_tokens_are():
    a = from_tokens(list("abcab"), context_length=1, dim=3).embeddings
    b = from_tokens(list("xyzxy"), context_length=1, dim=3).embeddings
    assert np.array_equal(a, b)


def test_a_longer_text_keeps_the_independent_rows_it_had():
    short, long = (from_tokens(list(text), context_length=1, dim=3) for text in ("abcab", "abcabdbd"))
    assert long.num_contexts > short.num_contexts
    assert np.array_equal(long.embeddings[: short.num_contexts], short.embeddings)


@pytest.mark.parametrize("law", ["independent", "composed"])
def test_distinct_contexts_have_distinct_embeddings(law):
    rows = from_tokens(list("abcabdcbadbcda"), dim=3, embedding=law).embeddings
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_unknown_laws_are_refused_with_the_valid_ones():
    check_embedding_name("composed")
    with pytest.raises(NTPDataError, match="'independent', 'composed'"):
        check_embedding_name("onehot")


@pytest.mark.parametrize("law", ["independent", "composed"])
def test_a_draw_is_by_the_law_of_its_name(law):
    expected = (
        independent(4, dim=3, seed=7) if law == "independent" else composed(CODES, vocab_size=4, dim=3, seed=7)
    )
    assert np.array_equal(drawn(law, 4, lambda: CODES, vocab_size=4, dim=3, seed=7), expected)
