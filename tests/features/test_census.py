"""The census of families: counted by hand, closed under renaming, complete."""

from itertools import permutations

import numpy as np
import pytest

from ntp_lib.errors import NTPDataError
from ntp_lib.features.census import census


@pytest.mark.parametrize(("V", "classes"), [(2, 2), (3, 19), (4, 995)])
def test_all_families_are_counted_once(V, classes):
    found = census(V)
    assert len(found) == classes
    assert sum(entry.size for entry in found) == 2 ** (2**V - 2) - 1


def key(support):
    return frozenset(map(tuple, support.astype(int).tolist()))


def test_classes_of_three_tokens_are_the_orbits():
    orbits = [{key(entry.support[:, list(order)]) for order in permutations(range(3))} for entry in census(3)]
    assert [len(orbit) for orbit in orbits] == [entry.size for entry in census(3)]
    assert len(set().union(*orbits)) == 63
    assert all(np.any(~entry.support, axis=1).all() for entry in census(3))


@pytest.mark.parametrize("V", [1, 5, True])
def test_other_sizes_are_refused(V):
    with pytest.raises(NTPDataError, match="num_tokens"):
        census(V)
