"""Random sentences are of the kind asked for."""

import numpy as np
import pytest

from ntp_lib.choice import draws
from ntp_lib.choice.draws import random_choice
from ntp_lib.errors import DidNotConvergeError, NTPDataError


@pytest.mark.parametrize("seed", range(4))
def test_draws_are_of_the_kind_asked_for(seed):
    cyclic = random_choice(tokens=6, dim=8, sentences=6, length=4, seed=seed, cyclic=True)
    assert cyclic.in_completed.sum() > cyclic.num_contexts
    assert not cyclic.in_completed.all()
    plain = random_choice(tokens=8, dim=8, sentences=4, length=6, seed=seed, cyclic=False)
    assert plain.in_completed.sum() == plain.num_contexts < len(plain.rows)
    np.testing.assert_allclose(np.linalg.norm(plain.keys, axis=1), 1)


def test_a_seed_is_one_draw_and_the_query_a_candidate():
    first, again = (random_choice(tokens=7, dim=3, sentences=9, length=3, seed=5, unit=False) for _ in range(2))
    np.testing.assert_array_equal(first.keys, again.keys)
    np.testing.assert_array_equal(first.probs, again.probs)
    assert set(np.diff(first.candidates.indptr)) == {3}
    for j, query in enumerate(first.query_tokens):
        assert query in first.tokens[first.rows == j]


def test_refusals(monkeypatch):
    with pytest.raises(NTPDataError, match="length"):
        random_choice(tokens=3, dim=2, sentences=2, length=4)
    with pytest.raises(NTPDataError, match="tokens"):
        random_choice(tokens=1, dim=2, sentences=2, length=2)
    monkeypatch.setattr(draws, "MOST_DRAWS", 50)
    with pytest.raises(DidNotConvergeError, match="no draw in 50 had a component"):
        random_choice(tokens=2, dim=2, sentences=1, length=2, cyclic=True)
