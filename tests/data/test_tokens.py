"""Counting contexts: against a plain dictionary count, at the borders, and with limited vocabularies."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntp_lib import NTPData, NTPDataError
from ntp_lib.data import tokens as module
from ntp_lib.data.encoding import OTHER, encode

SENTENCE = ["the", "cat", "sat", "on", "the", "mat", ".", "the", "dog", "sat", "on", "the", "cat", "."]


def test_embeddings_beyond_the_memory_are_refused():
    """2^50 doubles are eight pebibytes, more than any address space gives."""
    with pytest.raises(
        NTPDataError, match="dim is 1125899906842624; 2 embeddings of it take 18,014,398,509,481,984"
    ):
        NTPData.from_tokens(["a", "b", "a", "b"], context_length=1, dim=2**50)


def counted(tokens, length):
    """π̂ and p̂ by definition: {context: (weight, {token: probability})}, in order of first appearance."""
    followers = defaultdict(Counter)
    for i in range(len(tokens) - length):
        followers[tuple(tokens[i : i + length])][tokens[i + length]] += 1
    n = len(tokens) - length
    return {
        context: (sum(counts.values()) / n, {t: c / sum(counts.values()) for t, c in counts.items()})
        for context, counts in followers.items()
    }


def as_dictionary(data):
    probs = data.probs.toarray()
    return {
        context: (weight, {data.vocabulary[z]: row[z] for z in np.flatnonzero(row)})
        for context, weight, row in zip(data.contexts, data.context_probs, probs, strict=True)
    }


def assert_same_counts(data, expected):
    found = as_dictionary(data)
    assert list(found) == list(expected)
    for context, (weight, followers) in expected.items():
        # Ratios of the same integers, divided once more by a sum that is one up to rounding.
        assert found[context][0] == pytest.approx(weight, rel=1e-14)
        assert found[context][1] == pytest.approx(followers, rel=1e-14)


sequences = st.one_of(
    st.lists(st.sampled_from("abcde"), min_size=2, max_size=60),
    st.lists(st.integers(-3, 3) | st.just(2**70), min_size=2, max_size=60),
).filter(lambda tokens: len(set(tokens)) > 1)


@given(sequences, st.integers(1, 5))
def test_counts_are_the_definition(tokens, length):
    if len(tokens) <= length:
        return
    data = NTPData.from_tokens(tokens, context_length=length, dim=3)
    assert_same_counts(data, counted(tokens, length))
    assert data.num_sequences == len(tokens) - length


def test_a_wrong_context_length_is_seen_by_the_comparison():
    with pytest.raises(AssertionError):
        assert_same_counts(NTPData.from_tokens(SENTENCE, context_length=2, dim=3), counted(SENTENCE, 1))


def test_many_tokens_to_the_power_of_long_contexts_do_not_overflow():
    rng = np.random.default_rng(0)
    tokens = [*rng.permutation(5000).tolist() * 3]  # 5000^30 contexts could not be numbered in 64 bits
    data = NTPData.from_tokens(tokens, context_length=30, dim=2)
    assert data.num_contexts == 5000
    assert (data.support_sizes == 1).all()


def test_vocabulary_by_frequency_then_first_appearance_and_contexts_by_first_appearance():
    data = NTPData.from_tokens(SENTENCE, context_length=1, dim=3)
    assert data.vocabulary == ("the", "cat", "sat", "on", ".", "mat", "dog")
    assert data.contexts == (("the",), ("cat",), ("sat",), ("on",), ("mat",), (".",), ("dog",))


@pytest.mark.parametrize("kind", [tuple, np.array, lambda t: np.array(t, dtype=object)])
def test_every_kind_of_sequence_gives_the_same(kind):
    expected = NTPData.from_tokens(SENTENCE, dim=3)
    data = NTPData.from_tokens(kind(SENTENCE), dim=3)
    assert (data.vocabulary, data.contexts) == (expected.vocabulary, expected.contexts)
    assert np.array_equal(data.embeddings, expected.embeddings)
    assert np.array_equal(data.next_token_probs, expected.next_token_probs)


@pytest.mark.parametrize(
    "kind", [list, np.array, lambda t: np.array(t, dtype=np.uint8), lambda t: list(np.array(t))]
)
def test_integers_stay_python_integers(kind):
    data = NTPData.from_tokens(kind([7, 3, 7, 7, 3]), context_length=1, dim=3)
    assert data.vocabulary == (7, 3)
    assert all(type(token) is int for token in data.vocabulary)
    assert_same_counts(data, counted([7, 3, 7, 7, 3], 1))


def test_the_class_method_passes_every_option_on():
    options = {"context_length": 1, "dim": 5, "seed": 3, "embedding": "composed", "vocab_size": 4}
    a, b = NTPData.from_tokens(SENTENCE, **options), NTPData.from_tokens(SENTENCE, **options)
    assert np.array_equal(a.embeddings, b.embeddings)
    assert a.vocabulary == b.vocabulary == ("the", "cat", "sat", OTHER)


@given(sequences, st.integers(2, 7))
def test_limiting_the_vocabulary_renames_the_rare_tokens(tokens, size):
    if len(tokens) < 3:
        return
    data = NTPData.from_tokens(tokens, context_length=1, dim=2, vocab_size=size)
    ranked = [token for token, _ in Counter(tokens).most_common()]  # ties keep the order of first appearance
    kept = ranked if len(ranked) <= size else ranked[: size - 1]
    assert_same_counts(data, counted([token if token in kept else OTHER for token in tokens], 1))
    assert data.vocab_size == min(size, len(ranked))


def test_a_token_with_the_reserved_name_is_refused_only_where_the_name_is_needed():
    tokens = ["a", OTHER, "b", "c", "a"]
    assert NTPData.from_tokens(tokens, context_length=1, dim=2).vocab_size == 4
    with pytest.raises(NTPDataError, match="the tokens hold '<other>'"):
        NTPData.from_tokens(tokens, context_length=1, dim=2, vocab_size=3)


def test_large_problems_are_sparse_and_without_labels(monkeypatch):
    small = NTPData.from_tokens(SENTENCE, dim=3)
    assert not small.is_sparse
    monkeypatch.setattr(module, "MAX_DENSE_ENTRIES", small.num_contexts * small.vocab_size - 1)
    monkeypatch.setattr(module, "MAX_LABEL_TOKENS", small.num_contexts * 2 - 1)
    large = NTPData.from_tokens(SENTENCE, dim=3)
    assert large.is_sparse
    assert large.contexts is None
    assert np.array_equal(large.probs.toarray(), small.next_token_probs)


def test_the_shortest_sequence_is_accepted():
    data = NTPData.from_tokens(["a", "b"], context_length=1, dim=1)
    assert (data.num_contexts, data.entropy) == (1, 0.0)


@pytest.mark.parametrize(
    ("tokens", "options", "message"),
    [
        ([], {}, "tokens is empty"),
        (np.array([], dtype=int), {}, "tokens is empty"),
        (["a", "b"], {}, "length 2, shorter than one context of context_length = 2"),
        (["a"] * 9, {}, "one distinct token, 'a'"),
        (
            "some text",
            {},
            "one str, not a sequence of tokens; split it first, e.g. with ntp_lib.data.text.tokenize",
        ),
        (b"some text", {}, "one bytes, not a sequence"),
        ((t for t in SENTENCE), {}, "tokens must be a sequence .* got generator"),
        (set(SENTENCE), {}, "got set"),
        (7, {}, "got int"),
        (None, {}, "got NoneType"),
        (["a", "b", 3, "c"], {}, r"token 2 is 3 \(int\) after 2 token\(s\) of type str"),
        ([1, 2, "c", 3], {}, r"token 2 is 'c' \(str\) after 2 token\(s\) of type int"),
        ([1, 2, True], {}, r"token 2 is True \(bool\)"),
        ([1.0, 2.0, 3.0], {}, r"token 0 is 1.0 \(float\); the tokens must be all str or all int"),
        (np.array([1.0, 2.0, 3.0]), {}, "token 0 is 1.0"),
        (["a", ["b"], "c"], {}, r"token 1 is \['b'\] \(list\)"),
        (["a", None, "c"], {}, "token 1 is None"),
        (np.zeros((2, 3), dtype=int), {}, r"array of shape \(2, 3\)"),
        (SENTENCE, {"context_length": 0}, "context_length is 0; it must be a whole number of at least 1"),
        (SENTENCE, {"context_length": -1}, "context_length is -1"),
        (SENTENCE, {"context_length": 1.5}, "context_length is 1.5"),
        (SENTENCE, {"context_length": "2"}, "context_length is '2'"),
        (SENTENCE, {"context_length": True}, "context_length is True"),
        (SENTENCE, {"dim": 0}, "dim is 0; it must be a whole number of at least 1"),
        (SENTENCE, {"seed": -1}, "seed is -1"),
        (SENTENCE, {"seed": None}, "seed is None"),
        (SENTENCE, {"vocab_size": 1}, "vocab_size is 1; it must be a whole number of at least 2"),
        (SENTENCE, {"embedding": "onehot"}, "embedding is 'onehot'; it must be one of 'independent', 'composed'"),
    ],
)
def test_bad_input_is_refused(tokens, options, message):
    with pytest.raises(NTPDataError, match=message):
        NTPData.from_tokens(tokens, **options)


def test_encoding_numbers_by_first_appearance():
    encoded = encode(["b", "a", "b", "c"])
    assert encoded.codes.tolist() == [0, 1, 0, 2]
    assert encoded.names == ("b", "a", "c")
    assert encode(np.array([9, 4, 9, 5])).names == (9, 4, 5)


def test_progress_goes_to_stderr(capsys):
    NTPData.from_tokens(SENTENCE, dim=2, progress=True)
    assert capsys.readouterr().out == ""
