"""Leading singular triples: against the dense decomposition, with signs that do not depend on chance."""

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.concepts import spectrum
from ntp_lib.concepts.candidates import Candidate
from ntp_lib.concepts.spectrum import concepts, leading_signs


@pytest.fixture(scope="module", params=[False, True], ids=["raw", "centred"])
def matrix(request):
    rng = np.random.default_rng(0)
    values = sp.csr_array(np.where(rng.random((40, 30)) < 0.2, rng.random((40, 30)) + 0.5, 0.0))
    return Candidate(values, request.param)


@pytest.mark.parametrize("limit", [0, 10**6], ids=["iterated", "dense"])
def test_triples_are_those_of_the_dense_decomposition(matrix, monkeypatch, limit):
    monkeypatch.setattr(spectrum, "DENSE_ENTRIES", limit)
    dense = matrix.dense()
    found = concepts(matrix, 4)
    np.testing.assert_allclose(found.strengths, np.linalg.svd(dense, compute_uv=False)[:4], rtol=1e-10)
    np.testing.assert_allclose(dense @ found.words, found.contexts * found.strengths, atol=1e-10)
    np.testing.assert_allclose(dense.T @ found.contexts, found.words * found.strengths, atol=1e-10)
    np.testing.assert_allclose(found.words.T @ found.words, np.eye(4), atol=1e-10)
    largest = np.abs(found.words).argmax(axis=0)
    assert (found.words[largest, range(4)] > 0).all()
    np.testing.assert_allclose(concepts(dense, 4).words, found.words, atol=1e-9)


def test_embeddings_and_gaps_follow_from_the_triples(matrix):
    found = concepts(matrix, 3)
    np.testing.assert_allclose(
        found.word_embeddings.T @ found.word_embeddings, np.diag(found.strengths), atol=1e-12
    )
    np.testing.assert_allclose(
        found.context_embeddings / found.contexts, np.tile(np.sqrt(found.strengths), (40, 1))
    )
    assert found.gaps == pytest.approx(1 - found.strengths[1:] / found.strengths[:-1])


def test_signs_choose_the_first_of_nearly_equal_entries():
    vectors = np.array([[-0.5, 0.1, 0.0], [0.5 + 1e-12, -0.9, 2.0], [0.5, 0.2, -1.0]])
    assert leading_signs(vectors).tolist() == [-1.0, -1.0, 1.0]


def test_all_triples_of_a_small_matrix_and_not_more(matrix):
    assert len(concepts(np.diag([3.0, 2.0]), 2).strengths) == 2
    with pytest.raises(
        ntp.NTPDataError, match="count is 3; it must be a whole number of at least 1 and at most 2"
    ):
        concepts(np.diag([3.0, 2.0]), 3)
    with pytest.raises(ntp.NTPDataError, match="has only 1 singular values that are not zero"):
        concepts(np.ones((3, 3)), 2)
    with pytest.raises(ntp.NTPDataError, match=r"shape \(3,\); it must have two dimensions"):
        concepts(np.ones(3), 1)


def test_matrices_without_concepts_are_refused(monkeypatch):
    with pytest.raises(ntp.NTPDataError, match=r"matrix has the entry nan at \(0, 1\)"):
        concepts(np.array([[1.0, np.nan], [0.0, 1.0]]), 1)
    with pytest.raises(ntp.NTPDataError, match="has only 0 singular values"):
        concepts(np.zeros((3, 3)), 1)
    monkeypatch.setattr(spectrum, "DENSE_ENTRIES", 0)
    for shape in ((5, 4), (4, 5)):
        with pytest.raises(ntp.NTPDataError, match="matrix is zero"):
            concepts(np.zeros(shape), 1)


def test_centred_rows_of_more_words_than_contexts_are_no_zero_matrix(monkeypatch):
    monkeypatch.setattr(spectrum, "DENSE_ENTRIES", 0)
    wide = Candidate(sp.csr_array(np.eye(3, 7)), True)
    np.testing.assert_allclose(
        concepts(wide, 2).strengths, np.linalg.svd(wide.dense(), compute_uv=False)[:2], rtol=1e-12
    )


def test_an_iteration_gives_one_triple_less_than_there_are(monkeypatch):
    monkeypatch.setattr(spectrum, "DENSE_ENTRIES", 0)
    with pytest.raises(ntp.NTPDataError, match="at most 1"):
        concepts(np.diag([3.0, 2.0]), 2)
