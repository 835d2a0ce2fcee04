"""Trees: supports, closed forms of the strengths, and contrasts that are singular vectors."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.concepts.candidates import candidate
from ntp_lib.concepts.trees import branch_contrasts, level_strengths, tree_data, tree_supports


def test_supports_are_the_leaves_below_the_nodes():
    support, depths = tree_supports([2, 3])
    assert depths.tolist() == [1, 1, 2, 2, 2, 2, 2, 2]
    assert support[:2].astype(int).tolist() == [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
    np.testing.assert_array_equal(support[2:], np.eye(6, dtype=bool))


@pytest.mark.parametrize(
    ("branching", "frequencies"), [([2, 2, 2], [4.0, 1.0, 3.0]), ([3, 2, 4], [1.0, 5.0, 0.2])]
)
def test_strengths_by_level_are_the_singular_values(branching, frequencies):
    data = tree_data(branching, frequencies)
    start, support = level_strengths(branching, frequencies)
    nodes = np.cumprod([1, *branching[:-1]])
    multiplicities = nodes * (np.array(branching) - 1)
    for name, strengths in (("start", start), ("centred support", support)):
        expected = np.sort(np.repeat(strengths, multiplicities))[::-1]
        values = np.linalg.svd(candidate(data, name).dense(), compute_uv=False)[: len(expected)]
        np.testing.assert_allclose(values, expected, rtol=1e-10)
        assert (np.diff(strengths) < 0).all()


def test_contrasts_are_right_singular_vectors():
    contrasts, names = branch_contrasts()
    assert names == ("root", "half a", "half b", "pair aa", "pair ab", "pair ba", "pair bb")
    np.testing.assert_allclose(contrasts.T @ contrasts, np.eye(7), atol=1e-15)
    S = candidate(tree_data([2, 2, 2], [1.0, 1.0, 1.0]), "centred support").dense()
    np.testing.assert_allclose(contrasts.T @ S.T @ S @ contrasts, np.diag([7, 3, 3, 1, 1, 1, 1]), atol=1e-12)


def test_frequencies_by_level_or_by_node():
    by_level = tree_data([2, 2], [3.0, 1.0]).context_probs
    np.testing.assert_allclose(by_level, np.r_[3, 3, 1, 1, 1, 1] / 10)
    np.testing.assert_allclose(tree_data([2, 2], [3, 3, 1, 1, 1, 1]).context_probs, by_level)
    with pytest.raises(
        ntp.NTPDataError, match="frequencies has 3 entries; one for each of 6 nodes or of 2 levels"
    ):
        tree_data([2, 2], [1, 1, 1])
    with pytest.raises(ntp.NTPDataError, match="frequencies has 3 entries; one for each of 2 levels"):
        level_strengths([2, 2], [1, 1, 1])
    with pytest.raises(ntp.NTPDataError, match=r"frequencies\[0\] is 0; it must be positive"):
        level_strengths([2, 2], [0, 1])
    with pytest.raises(ntp.NTPDataError, match=r"branching\[0\] is 1"):
        level_strengths([1, 2], [1, 1])


def test_trees_need_branches():
    with pytest.raises(ntp.NTPDataError, match="branching is empty"):
        tree_supports([])
    with pytest.raises(ntp.NTPDataError, match=r"branching\[1\] is 1"):
        tree_supports([2, 1])
