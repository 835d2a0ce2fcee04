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


def test_a_large_vocabulary_is_refused():
    with pytest.raises(ntp.NTPDataError, match="vocab_size is 17"):
        tightest_count(np.ones((1, 17), dtype=bool), rank=1)


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
