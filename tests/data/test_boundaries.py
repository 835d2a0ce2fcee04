"""On either side of every limit: the last value that is taken and the first that is not."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib import NTPData, NTPDataError
from ntp_lib.data import ntp_data, synthetic, tokens, validation
from ntp_lib.data.encoding import require_whole_number
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import real_number, whole_number

SENTENCE = "the cat sat on the mat . the dog sat on the cat .".split()  # noqa: SIM905


@pytest.mark.parametrize("value", [3, 4, np.int8(5), np.uint64(5)])
def test_whole_numbers_within_bounds_are_taken(value):
    require_whole_number(value, "n", at_least=3, at_most=5)
    assert whole_number(value, "n", least=3, most=5) == value


@pytest.mark.parametrize("value", [2, 6, np.int8(6), True, 3.0, "4"])
def test_whole_numbers_beyond_are_not(value):
    with pytest.raises(NTPDataError, match=r"^n is "):
        require_whole_number(value, "n", at_least=3, at_most=5)
    if value != 3.0:
        with pytest.raises(NTPDataError, match=r"^n is "):
            whole_number(value, "n", least=3, most=5)


def test_a_truth_value_is_no_number_even_where_its_value_would_do():
    for value in (True, np.True_):
        with pytest.raises(NTPDataError, match="at least 0"):
            require_whole_number(value, "n", at_least=0)
        with pytest.raises(NTPDataError, match="at least 0"):
            whole_number(value, "n")


@pytest.mark.parametrize(
    ("bounds", "taken", "refused"),
    [
        ({"above": 1}, [1.001, 1e300], [1, 0.9]),
        ({"least": 1}, [1, 1e300], [0.999]),
        ({"below": 1}, [0.999, -1e300], [1, 1.1]),
        ({"most": 1}, [1, -1e300], [1.001]),
        ({"least": -1, "most": 1}, [-1, 0, 1], [-1.1, 1.1]),
        ({"infinite": True}, [np.inf, -np.inf, 0], [np.nan]),
        ({"infinite": True, "above": 0}, [np.inf, 10**400, Fraction(10**400)], [-np.inf, -(10**400), 0]),
        ({"infinite": True, "below": 0}, [-np.inf, -(10**400)], [np.inf, 10**400, 0]),
        ({}, [0, -5, 1e308], [np.inf, -np.inf, np.nan, 10**400]),
    ],
)
def test_real_numbers_keep_to_their_bounds(bounds, taken, refused):
    for value in taken:
        found = real_number(value, "x", **bounds)
        assert found == (np.copysign(np.inf, value > 0 or -1) if abs(value) == 10**400 else value)
        assert type(found) is float
    for value in refused:
        with pytest.raises(NTPDataError, match=r"^x is "):
            real_number(value, "x", **bounds)


def test_a_number_of_sequences_may_be_as_many_as_contexts_and_as_64_bits_hold():
    parts = (np.eye(3), np.full(3, 1 / 3), np.eye(3))
    for n in (3, 2**63 - 1, np.int64(5)):
        assert NTPData(*parts, num_sequences=n).num_sequences == n
        assert type(NTPData(*parts, num_sequences=n).num_sequences) is int
    for n in (2, 0, 2**63):
        with pytest.raises(NTPDataError, match=f"num_sequences is {n}"):
            NTPData(*parts, num_sequences=n)


def test_two_tokens_are_a_vocabulary_and_so_are_as_many_as_have_a_number(monkeypatch):
    monkeypatch.setattr(validation, "MAX_TOKENS", 5)
    for V in (2, 5):
        assert NTPData([[1.0]], [1.0], np.eye(V)[:1]).vocab_size == V
    for V, words in ((1, "at least 2"), (6, "at most 5")):
        with pytest.raises(NTPDataError, match=words):
            NTPData([[1.0]], [1.0], np.eye(V)[:1])


def test_sums_may_be_off_by_the_tolerance(monkeypatch):
    monkeypatch.setattr(validation, "SUM_TOLERANCE", 0.25)
    for total in (0.75, 1.25):
        data = NTPData([[1.0]], [total], [[total, 0.0]])
        assert (data.context_probs[0], data.next_token_probs[0, 0]) == (1, 1)
    for total in (0.7, 1.3):
        with pytest.raises(NTPDataError, match=f"context_probs sum to {total}"):
            NTPData([[1.0]], [total], [[1.0, 0.0]])
        with pytest.raises(NTPDataError, match=f"probabilities of context 0 sum to {total}"):
            NTPData([[1.0]], [1.0], [[total, 0.0]])


def test_distributions_may_differ_by_the_tolerance_under_one_embedding(monkeypatch):
    monkeypatch.setattr(validation, "SUM_TOLERANCE", 0.25)
    NTPData([[1.0], [1.0]], [0.5, 0.5], [[0.5, 0.5], [0.75, 0.25]])
    with pytest.warns(ntp.NTPDataWarning) as caught:
        NTPData([[2.0], [1.0], [2.0], [1.0]], [0.25] * 4, [[0.5, 0.5], [1, 0], [0.9, 0.1], [0.5, 0.5]])
    assert str(caught[0].message) == (
        "2 context(s) repeat another context's embedding with a different next-token distribution, first contexts "
        "0 and 2: such data are not NTP-separable where the supports differ, and not NTP-compatible where the "
        "log-odds of a shared pair of tokens do; merge the contexts or give them distinct embeddings"
    )


def test_labels_are_kept_and_rows_are_dense_up_to_their_limits(monkeypatch):
    small = NTPData.from_tokens(SENTENCE, dim=3)
    entries = small.num_contexts * small.vocab_size
    monkeypatch.setattr(tokens, "MAX_DENSE_ENTRIES", entries)
    monkeypatch.setattr(tokens, "MAX_LABEL_TOKENS", small.num_contexts * 2)
    again = NTPData.from_tokens(SENTENCE, dim=3)
    assert not again.is_sparse
    assert again.contexts == small.contexts
    monkeypatch.setattr(tokens, "MAX_DENSE_ENTRIES", entries - 1)
    assert NTPData.from_tokens(SENTENCE, dim=3).is_sparse
    monkeypatch.setattr(tokens, "MAX_LABEL_TOKENS", small.num_contexts * 2 - 1)
    assert NTPData.from_tokens(SENTENCE, dim=3).contexts is None


def test_drawn_arrays_may_fill_the_room_there_is(monkeypatch):
    monkeypatch.setattr(synthetic, "MAX_ENTRIES", 12)
    sizes = {"num_contexts": 3, "dim": 4, "vocab_size": 4, "support_size": 2, "num_sequences": 20}
    assert synthetic.random(**sizes).dim == 4
    for name in ("dim", "vocab_size"):
        with pytest.raises(NTPDataError, match=rf"^num_contexts × {name} = 15 entries; at most 12 fit$"):
            synthetic.random(**sizes | {name: 5})
    assert synthetic.clusters(num_classes=2, per_class=1, dim=6).dim == 6
    with pytest.raises(NTPDataError, match=r"^num_contexts × dim = 14 entries; at most 12 fit$"):
        synthetic.clusters(num_classes=2, per_class=1, dim=7)
    with pytest.raises(NTPDataError, match=r"^num_contexts × vocab_size = 16 entries; at most 12 fit$"):
        synthetic.clusters(num_classes=4, per_class=1, dim=1)


def test_a_support_may_be_the_whole_vocabulary():
    data = synthetic.random(num_contexts=2, dim=1, vocab_size=3, support_size=3, num_sequences=6)
    assert data.next_token_probs == pytest.approx(np.full((2, 3), 1 / 3))


@pytest.mark.parametrize(
    ("entries", "rows"), [(1, [1, 1, 1, 1, 1]), (14, [2, 2, 1]), (20, [2, 2, 1]), (21, [3, 2])]
)
def test_blocks_hold_as_many_contexts_as_fit(entries, rows, random_problem, monkeypatch):
    data = random_problem(0, m=5, V=7)
    monkeypatch.setattr(ntp_data, "BLOCK_ENTRIES", entries)
    blocks = list(data.blocks())
    assert [len(block.probs) for block in blocks] == rows
    starts = np.cumsum([0, *rows])
    assert [block.rows for block in blocks] == [slice(a, b) for a, b in pairwise(starts)]
    assert np.array_equal(np.concatenate([block.context_probs for block in blocks]), data.context_probs)
    monkeypatch.setattr(ntp_data, "BLOCK_ENTRIES", 35)
    assert next(data.blocks()) is next(data.blocks()), "one block is made once"


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_tensors_and_truth_values_are_found_in_nested_lists(depth):
    tensor, truth = torch.tensor(0.5, requires_grad=True), True
    for _ in range(depth):
        tensor, truth = [tensor, 0.5], [0.5, truth] if truth is True else [truth]
    if depth == 1:
        assert real_array(tensor, "x", "(2,)").tolist() == [0.5, 0.5]
    with pytest.raises(NTPDataError, match=r"True, a boolean$") as raised:
        real_array(truth, "x", "(n,)")
    place = {1: "1", 2: "(0, 1)", 3: "(0, 0, 1)"}[depth]
    assert str(raised.value) == f"x must be numbers of shape (n,); entry {place} is True, a boolean"
