"""Counting equations between tokens: the bound, the sets it looks through, and what subspaces say."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.compatibility import tightest_count
from ntp_lib.thresholds.support_laws import SupportLaw


def test_the_threshold_counts_equations_against_parameters():
    assert ntp.compatibility_threshold(vocab_size=10, support_size=6) == pytest.approx(9 / 5)
    assert ntp.compatibility_threshold(vocab_size=10, support_size=[1, 3]) == pytest.approx(9)
    assert ntp.compatibility_threshold(vocab_size=10, support_size=1) == np.inf


def test_two_tokens_alone_can_break_the_count():
    support = np.zeros((3, 6), dtype=bool)
    support[:, :2] = True
    found = tightest_count(support, rank=2)
    assert (found.tokens, found.equations, found.parameters, found.holds) == ((0, 1), 3, 2, False)
    assert tightest_count(support, rank=3).holds


def test_a_large_vocabulary_is_refused(monkeypatch):
    message = "vocab_size is 17; all sets of tokens are looked through up to 16"
    with pytest.raises(ntp.NTPDataError, match=message):
        tightest_count(np.ones((1, 17), dtype=bool), rank=1)
    monkeypatch.setattr("ntp_lib.thresholds.compatibility.MAX_VOCABULARY", 3)
    assert tightest_count(np.ones((1, 3), dtype=bool), rank=1).holds
    with pytest.raises(ntp.NTPDataError, match="up to 3"):
        tightest_count(np.ones((1, 4), dtype=bool), rank=1)


@pytest.mark.parametrize("seed", range(6))
def test_the_tightest_set_of_all(seed):
    """Every set of tokens as the digits of a number, counted context by context."""
    rng = np.random.default_rng(seed)
    support = SupportLaw(1, 4).draw(12, 5, rng)
    support[6:] = support[:6]
    counts = {}
    for number in range(2**5):
        tokens = tuple(z for z in range(5) if number >> z & 1)
        if len(tokens) >= 2:
            counts[tokens] = sum(max(row[list(tokens)].sum() - 1, 0) for row in support)
    room = {tokens: 3 * (len(tokens) - 1) - count for tokens, count in counts.items()}
    found = tightest_count(support, rank=3)
    assert found.equations == counts[found.tokens]
    assert found.parameters == 3 * (len(found.tokens) - 1)
    assert found.parameters - found.equations == min(room.values())
    assert found.holds == (min(room.values()) >= 0)
    # Of equally tight sets the smallest is named, and of these the first.
    assert found.tokens == min((len(t), t) for t in room if room[t] == min(room.values()))[1]


@pytest.mark.parametrize("seed", range(25))
def test_the_count_is_necessary_for_a_full_subspace(seed):
    """lem-count: where it fails, the generators of F are dependent, whatever the embeddings."""
    rng = np.random.default_rng(seed)
    support = SupportLaw(2, 4).draw(9, 5, rng)
    embeddings = rng.standard_normal((9, 4))
    if seed % 2:
        embeddings[:, 3] = embeddings[:, :3].sum(axis=1)
    data = ntp.NTPData(embeddings, np.full(9, 1 / 9), support / support.sum(axis=1, keepdims=True))
    full = ntp.subspace(data).dim == (support.sum(axis=1) - 1).sum()
    rank = np.linalg.matrix_rank(embeddings)
    assert tightest_count(support, rank).holds or not full


def test_averages_over_random_tokens_are_tightest_for_the_whole_vocabulary():
    """prop-compatibility-threshold: E(|S ∩ X| − 1)₊/(|X| − 1) rises with |X| for a uniform S of fixed size."""
    support = SupportLaw(3, 3).draw(40_000, 8, np.random.default_rng(0))
    means = [np.maximum(support[:, :x].sum(axis=1) - 1, 0).mean() / (x - 1) for x in range(2, 9)]
    assert (np.diff(means) > 0).all()
    assert means[-1] == pytest.approx(2 / 7)
