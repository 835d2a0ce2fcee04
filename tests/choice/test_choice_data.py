"""Choice data: how sentences are counted, what is refused and in which words, and copies."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp

ABC = {"keys": np.eye(3), "queries": np.eye(3)[:2], "candidates": [[1, 2, 0], [0, 1, 1]]}
LABELS = [[0.25, 0.75, 0], [0, 1, 0]]


def test_sentences_with_one_query_and_multiset_are_one_context():
    data = ntp.ChoiceData.from_sentences(["abbq", "babq", "abq", "bbaq", "abr"], list("aabba"))
    assert data.vocabulary == ("a", "b", "q", "r")
    assert data.query_tokens == ("q", "q", "r")
    np.testing.assert_array_equal(data.candidates.toarray(), [[1, 2, 1, 0], [1, 1, 1, 0], [1, 1, 0, 1]])
    np.testing.assert_allclose(
        data.label_probs.toarray(), [[2 / 3, 1 / 3, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]], rtol=1e-15
    )
    np.testing.assert_allclose(data.context_probs, [0.6, 0.2, 0.2], rtol=1e-15)
    # The first sentence that has each label: 'a' and 'b' of the first context, then one of each other.
    assert data.label_sentences == (0, 3, 2, 4)


def test_probabilities_by_definition():
    rng = np.random.default_rng(0)
    data = ntp.ChoiceData(
        rng.standard_normal((3, 2)), rng.standard_normal((2, 4)), ABC["candidates"], LABELS, [0.5] * 2
    )
    W = rng.standard_normal(data.shape)
    dense = sp.csr_array((np.exp(data.log_probabilities(W)), (data.rows, data.tokens)), (2, 3)).toarray()
    for j in range(2):
        mass = np.array(ABC["candidates"][j]) * np.exp(data.keys @ W @ data.queries[j])
        np.testing.assert_allclose(dense[j], mass / mass.sum(), rtol=1e-14)
    entropy = -0.5 * (0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert data.entropy == pytest.approx(entropy, rel=1e-15)


def test_a_query_need_not_stand_in_its_sentence():
    data = ntp.ChoiceData.from_sentences(["ab", "ad"], ["a", "a"], queries=["k", "k"])
    assert data.vocabulary == ("a", "b", "d", "k")
    assert data.query_groups[1] == ("k",)
    assert not data.candidates.toarray()[:, 3].any()


def test_embeddings_by_name_by_row_and_by_default():
    E = np.random.default_rng(1).standard_normal((3, 2))
    by_row = ntp.ChoiceData.from_sentences([[0, 1], [2, 1]], [0, 1], E)
    by_name = ntp.ChoiceData.from_sentences(["ab", "cb"], "ab", dict(zip("abc", E, strict=True)))
    listed = ntp.ChoiceData.from_sentences(["ab", "cb"], "ab", E, vocabulary="abc")
    for data in (by_row, by_name, listed):
        np.testing.assert_array_equal(data.keys, E)
        np.testing.assert_array_equal(data.queries, E[[1, 1]])
    np.testing.assert_array_equal(ntp.ChoiceData.from_sentences([[3, 1]], [3]).keys, np.eye(4))


def test_weights_of_sentences():
    data = ntp.ChoiceData.from_sentences(["ab", "ba", "ac"], "abc", queries="kkk", weights=[1, 3, 4])
    np.testing.assert_allclose(data.context_probs, [0.5, 0.5])
    np.testing.assert_allclose(data.label_probs.toarray()[0, :2], [0.25, 0.75])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((["ab", "bc"], ["a", "a"]), r"sentence 1 is followed by 'a', which it does not hold \('b', 'c'\)"),
        ((["ab", ""], ["a", "a"]), "sentence 1 is empty"),
        (([], []), "at least one sentence"),
        (("ab", ["a"]), "at least one sentence"),
        ((["ab"], ["a", "b"]), "2 entries for 1 sentences"),
        ((["ab", "ab"], ["a", ("a", "b")]), "sentence 1 has 2 of them"),
        ((["ab", "ac"], ["a", "a"], {"a": [1.0], "b": [2.0]}), "sentence 1 holds 'c', a token without embedding"),
        (([[0, 1], [0, 5]], [0, 0], np.eye(3)), "sentence 1 holds 5, a token without embedding"),
        ((["ab", [1, 2]], ["a", 1]), "sentence 1 has tokens of type int"),
        ((["ab", [1.5]], ["a", 1.5]), "sentence 1: "),
        ((["ab"], ["a"], np.eye(2)), "give the vocabulary"),
        (([[0, 1]], [0], [[1.0, np.nan], [0.0, 1.0]]), "token 0 has the value nan"),
        ((["ab", 7], ["a", "a"]), "sentence 1"),
    ],
)
def test_refused_sentences(arguments, words):
    with pytest.raises(ntp.NTPDataError, match=words):
        ntp.ChoiceData.from_sentences(*arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": [1.0]}, "shape"),
        ({"weights": [1.0, 0.0]}, "sentence 1 has 0.0"),
        ({"vocabulary": "aab"}, "'a' twice"),
        ({"queries": ["a"]}, "1 entries for 2"),
        ({"embeddings": np.eye(3), "vocabulary": "ab"}, "3 rows for 2 tokens"),
    ],
)
def test_refused_options(options, words):
    with pytest.raises(ntp.NTPDataError, match=words):
        ntp.ChoiceData.from_sentences(["ab", "ba"], ["a", "b"], **options)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label_probs": [[0, 0, 1], [0, 1, 0]]}, "context 0 is labelled with token 2, which is none of its cand"),
        ({"label_probs": [[1, 0, 0], [1, 0, 0]]}, "context 1 is labelled with token 0"),
        ({"label_probs": [[1, 0, 0], [0, 0.5, 0]]}, "label_probs: the probabilities of context 1 sum to 0.5"),
        ({"label_probs": [[1, 0, 0]]}, r"rows of queries\)"),
        ({"label_probs": [[1, 0], [1, 0]]}, "label_probs has shape"),
        ({"candidates": [[0, 0, 0], [0, 1, 1]]}, "context 0 has none"),
        ({"candidates": [[1, 2, 0], [0, 1, -1]]}, "context 1 holds token 2 -1.0 times"),
        ({"candidates": sp.csr_array([[1, 2, 0]])}, "candidates has shape"),
        ({"candidates": [1, 2]}, "candidates must have shape"),
        ({"queries": [[np.inf], [1.0]]}, "queries: context 0 has the value inf"),
        ({"queries": [1.0, 2.0]}, "queries must have shape"),
        ({"keys": np.eye(2)}, "candidates has shape"),
        ({"context_probs": [0.5, 0.6]}, "sum to 1"),
        ({"context_probs": [1.0]}, r"rows of queries\)"),
        ({"query_tokens": ["q"]}, "query_tokens has 1 entries"),
        ({"label_sentences": [1]}, "label_sentences has 1 entries"),
    ],
)
def test_refused_arrays(change, words):
    given = {**ABC, "label_probs": LABELS, "context_probs": [0.5, 0.5], **change}
    with pytest.raises(ntp.NTPDataError, match=words):
        ntp.ChoiceData(**given)


def test_refused_weights():
    data = ntp.ChoiceData(**ABC, label_probs=LABELS, context_probs=[0.5, 0.5])
    for wrong, words in ((np.eye(2), "shape"), (np.full((3, 3), np.nan), "NaN"), ("W", "numbers")):
        with pytest.raises(ntp.NTPDataError, match=words):
            data.logits(wrong)


def test_data_are_read_only_and_survive_a_copy():
    data = ntp.ChoiceData(**ABC, label_probs=sp.csr_array(LABELS), context_probs=[0.5, 0.5], vocabulary="abc")
    with pytest.raises(ValueError, match="read-only"):
        data.keys[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        data.candidates.data[0] = 2.0
    for twin in (pickle.loads(pickle.dumps(data)), copy.deepcopy(data)):  # noqa: S301
        np.testing.assert_array_equal(twin.probs, data.probs)
        assert twin.vocabulary == ("a", "b", "c")
        assert repr(twin) == repr(data)
    assert repr(data).startswith("ChoiceData(m=2, K=3, W=3×3, candidates=4")
