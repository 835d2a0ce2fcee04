"""The largest count: against all sets of small vocabularies, and where the greedy search stops short of it."""

import numpy as np
import pytest
from all_token_sets import largest_ratio

import ntp_lib as ntp
from ntp_lib.thresholds.count_bound import count_bound
from ntp_lib.thresholds.largest_count import largest_count
from ntp_lib.thresholds.support_laws import SupportLaw


@pytest.mark.parametrize("law", ["1-4", "zipf:1-4", "3"])
@pytest.mark.parametrize("seed", range(3))
def test_no_set_counts_more(seed, law):
    support = SupportLaw.parse(law).draw(15, 7, np.random.default_rng(seed))
    found = largest_count(support)
    inside = support[:, found.tokens].sum(axis=1)
    assert found.equations == np.maximum(inside - 1, 0).sum()
    assert found.value == pytest.approx(largest_ratio(support), rel=1e-12)


def test_a_set_that_the_greedy_search_misses():
    sets = [(3, 5), (1, 3, 4), (4, 6), (0, 1, 4, 6), (0, 2, 3, 6), (1, 5), (0,), (0, 2, 5), (1,)]
    support = np.zeros((len(sets), 7), dtype=bool)
    for row, tokens in zip(support, sets, strict=True):
        row[list(tokens)] = True
    found = largest_count(support)
    assert (found.tokens, found.equations) == ((0, 1, 3, 4, 5, 6), 11)
    assert count_bound(support).value < found.value == largest_ratio(support)


def test_generic_embeddings_are_compatible_exactly_from_this_rank_on():
    rng = np.random.default_rng(4)
    support = SupportLaw.parse("zipf:1-4").draw(30, 8, rng)
    probs = np.where(support, rng.gamma(2.0, size=support.shape), 0.0)
    probs /= probs.sum(axis=1, keepdims=True)
    rank = largest_count(support).rank
    embeddings, weights = rng.standard_normal((30, rank)), np.full(30, 1 / 30)
    assert ntp.compatibility(ntp.NTPData(embeddings, weights, probs)).holds
    assert not ntp.compatibility(ntp.NTPData(embeddings[:, :-1], weights, probs)).holds


def test_one_hot_labels_ask_for_nothing_and_bad_supports_are_refused():
    assert largest_count(np.eye(4, dtype=bool)).value == 0
    with pytest.raises(ntp.NTPDataError, match="booleans of shape"):
        largest_count(np.ones((2, 3)))
