"""Orthants with their typical words, and how concepts change with the sample."""

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.concepts.candidates import Candidate
from ntp_lib.concepts.orthants import orthants
from ntp_lib.concepts.spectrum import concepts
from ntp_lib.concepts.stability import resampled_agreement, split_supports, subspace_overlap


def test_orthants_by_size_then_typicality():
    q = np.array([[0.3, 0.3], [0.1, 0.4], [-0.5, 0.2], [0.4, 1e-12], [0.0, 0.0]])
    frame = orthants(q, list("abcde"))
    assert frame["token"].tolist() == ["a", "b", "d", "e", "c"]
    assert frame["orthant"].tolist() == ["++", "++", "+0", "00", "−+"]
    assert frame["size"].tolist() == [2, 2, 1, 1, 1]
    expected = [2**0.5, 0.5 / np.hypot(0.1, 0.4), 1.0, 0.0, 0.7 / np.hypot(0.5, 0.2)]
    np.testing.assert_allclose(frame["typicality"], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("words", "names", "message"),
    [
        (np.ones((3, 2)), "ab", "words has 3 rows, but vocabulary has 2 names"),
        (np.ones(3), "abc", r"words has shape \(3,\)"),
        (np.array([[1.0, np.nan]]), "a", r"words has the entry nan at \(0, 1\)"),
        (np.ones((0, 2)), "", r"words has shape \(0, 2\)"),
    ],
)
def test_orthants_of_something_else_are_refused(words, names, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        orthants(words, list(names))


def test_overlap_is_that_of_projections():
    rng = np.random.default_rng(0)
    P, Q = (np.linalg.qr(rng.standard_normal((9, 3)))[0] for _ in range(2))
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    assert subspace_overlap(P, P @ turn) == pytest.approx(1.0)
    assert subspace_overlap(P, Q) == pytest.approx(np.trace(P @ P.T @ Q @ Q.T) / 3)
    with pytest.raises(ntp.NTPDataError, match=r"shapes \(9, 3\) and \(9, 2\)"):
        subspace_overlap(P, Q[:, :2])
    with pytest.raises(ntp.NTPDataError, match=r"shapes \(9, 0\) and \(9, 0\)"):
        subspace_overlap(P[:, :0], Q[:, :0])


def test_resampling_keeps_a_strong_concept_and_not_a_degenerate_one():
    rng = np.random.default_rng(1)
    # One contrast seen by all contexts, and noise of equal strength in every direction.
    strong = np.outer(rng.standard_normal(300) * 5, np.r_[np.ones(5), -np.ones(5)])
    matrix = Candidate(sp.csr_array(strong + rng.standard_normal((300, 10))), True)
    agreement = resampled_agreement(matrix, concepts(matrix, 3), draws=4, seed=2)
    assert agreement.by_number.shape == agreement.nearest.shape == (4, 3)
    assert agreement.by_number[:, 0].min() > 0.999
    assert agreement.by_number[:, 2].min() < 0.9
    again = resampled_agreement(matrix, concepts(matrix, 3), draws=4, seed=2)
    np.testing.assert_array_equal(agreement.by_number, again.by_number)


def test_concepts_that_change_places_are_found_under_another_number():
    # Two contrasts that never mix, of nearly equal strength: a draw of rows decides which comes first.
    rng = np.random.default_rng(3)
    first, second = np.r_[1.0, -1.0, 0.0, 0.0], np.r_[0.0, 0.0, 1.0, -1.0]
    rows = np.where(rng.random((400, 1)) < 0.5, first, second) * 5.0
    matrix = Candidate(sp.csr_array(rows + 0.01 * rng.standard_normal((400, 4))), False)
    agreement = resampled_agreement(matrix, concepts(matrix, 1), draws=8, seed=0)
    assert agreement.by_number.min() < 0.1
    assert agreement.nearest.min() > 0.99
    assert (agreement.nearest >= agreement.by_number).all()


def test_resampling_needs_a_draw_and_the_same_words():
    matrix = Candidate(sp.csr_array(np.random.default_rng(0).random((5, 4))), False)
    whole = concepts(matrix, 2)
    with pytest.raises(ntp.NTPDataError, match="draws is 0"):
        resampled_agreement(matrix, whole, draws=0)
    with pytest.raises(ntp.NTPDataError, match="concepts of 4 words; the matrix has 3"):
        resampled_agreement(Candidate(matrix.values[:, :3], False), whole, draws=1)


def test_halves_are_every_other_block_on_common_contexts():
    # Four blocks of four tokens, of which every other one belongs to a half.
    tokens = ["a", "b", "a", "c", "a", "b", "b", "d", "a", "c", "a", "b", "c", "a", "d", "b"]
    split = split_supports(tokens, vocab_size=4, context_length=1, block=4)
    # Even: a b a c a c a b; odd: a b b d c a d b. Tokens by frequency: a, b, c, d.
    first = {"a": {"b", "c"}, "b": {"a"}, "c": {"a"}}
    second = {"a": {"b", "d"}, "b": {"b", "d"}, "c": {"a"}}
    columns = {"a": 0, "b": 1, "c": 2, "d": 3}
    for candidate, supports in ((split.first, first), (split.second, second)):
        expected = np.zeros((3, 4))
        for row, tokens_after in enumerate(supports.values()):
            expected[row, [columns[token] for token in tokens_after]] = 1.0
        np.testing.assert_array_equal(candidate.values.toarray(), expected)
        assert candidate.is_centred
    assert split.shared == pytest.approx(2 / 7)


def test_texts_without_halves_are_refused():
    with pytest.raises(ntp.NTPDataError, match="two blocks of 1000 tokens need more"):
        split_supports(["a", "b"] * 500, vocab_size=2)
    with pytest.raises(ntp.NTPDataError, match="no context in common"):
        split_supports(["a", "b", "a", "c", "d", "c"], vocab_size=4, context_length=2, block=3)
