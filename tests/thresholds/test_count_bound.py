"""The greedy count: against all sets of small vocabularies, against subspaces, and what is refused."""

import numpy as np
import pytest
import scipy.sparse as sp
from all_token_sets import largest_ratio

import ntp_lib as ntp
from ntp_lib.thresholds.compatibility import tightest_count
from ntp_lib.thresholds.count_bound import count_bound
from ntp_lib.thresholds.support_laws import SupportLaw


@pytest.mark.parametrize("law", ["1-4", "zipf:1-4", "3"])
@pytest.mark.parametrize("seed", range(4))
def test_a_set_is_found_that_is_counted_right_and_hardly_ever_beaten(seed, law):
    support = SupportLaw.parse(law).draw(20, 7, np.random.default_rng(seed))
    found = count_bound(support)
    inside = support[:, found.tokens].sum(axis=1)
    assert found.equations == np.maximum(inside - 1, 0).sum()
    assert found.value == found.equations / (len(found.tokens) - 1)
    assert found.value == pytest.approx(largest_ratio(support), rel=1e-12)


def test_a_busy_pair_beats_the_whole_vocabulary():
    support = np.zeros((8, 6), dtype=bool)
    support[:5, [1, 4]] = True
    support[5:, :3] = True
    found = count_bound(support)
    assert (found.tokens, found.equations, found.value, found.rank) == ((1, 4), 5, 5.0, 5)
    assert not tightest_count(support, rank=4).holds
    assert tightest_count(support, rank=5).holds


def test_the_rank_is_rounded_up():
    support = np.ones((3, 3), dtype=bool)
    support[2, 0] = False
    found = count_bound(support)
    assert (found.tokens, found.equations, found.rank) == ((1, 2), 3, 3)
    assert count_bound(np.array([[1, 1, 0], [0, 1, 1], [1, 1, 1]], dtype=bool)).rank == 2


def test_ranks_below_the_bound_are_incompatible_and_generic_ones_at_it_are_not():
    rng = np.random.default_rng(2)
    support = SupportLaw.parse("zipf:1-4").draw(30, 8, rng)
    probs = np.where(support, rng.gamma(2.0, size=support.shape), 0.0)
    probs /= probs.sum(axis=1, keepdims=True)
    rank = count_bound(support).rank
    embeddings = rng.standard_normal((30, rank))
    weights = np.full(30, 1 / 30)
    assert ntp.compatibility(ntp.NTPData(embeddings, weights, probs)).holds
    assert not ntp.compatibility(ntp.NTPData(embeddings[:, :-1], weights, probs)).holds


def test_one_hot_labels_ask_for_nothing_and_sparse_supports_are_taken():
    assert count_bound(np.eye(4, dtype=bool)).value == 0
    support = SupportLaw(1, 3).draw(9, 6, np.random.default_rng(5))
    assert count_bound(sp.csr_array(support)) == count_bound(support)


@pytest.mark.parametrize(
    ("supports", "message"),
    [
        ([[1, 0], [1, 1]], "booleans of shape"),
        ([True, False], "booleans of shape"),
        ([[True], [True]], "at least one context and two tokens"),
        (np.ones((0, 3), dtype=bool), "at least one context and two tokens"),
    ],
)
def test_what_is_no_family_of_supports_is_refused(supports, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        count_bound(supports)
