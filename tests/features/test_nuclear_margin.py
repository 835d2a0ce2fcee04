"""The nuclear-norm programme: certificates, known solutions, symmetry, refusals."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features.nuclear_margin import NuclearMargin, nuclear_margin


def on_basis(probs):
    probs = np.asarray(probs, dtype=float)
    return ntp.NTPData(np.eye(len(probs)), np.full(len(probs), 1 / len(probs)), probs)


@pytest.mark.parametrize("V", [3, 6])
def test_one_hot_labels_give_the_simplex(V):
    """L = I − 11ᵀ/V with norm V − 1 (book, ex-nuclear-simplex)."""
    solution = nuclear_margin(on_basis(np.eye(V)))
    assert solution.norm == pytest.approx(V - 1, rel=1e-6)
    np.testing.assert_allclose(solution.logits, np.eye(V) - 1 / V, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_solutions_are_feasible_and_certified(seed, random_problem):
    solution = nuclear_margin(random_problem(seed, m=5, V=5))
    assert solution.margin == pytest.approx(1, abs=1e-12)
    assert max(solution.spread, solution.dual_violation) <= 1e-9
    assert -1e-12 <= solution.gap <= 1e-6
    longer = NuclearMargin(solution.support, 1.01 * solution.logits, solution.dual)
    assert longer.gap > 5e-3


@pytest.mark.parametrize("seed", range(3))
def test_merging_equal_kinds_loses_nothing(seed, random_problem):
    """thm-nuclear-collapse: with every entry free, equal supports get equal rows all the same."""
    single = random_problem(seed, m=3, V=5, sizes=(1, 3))
    data = on_basis(np.repeat(np.asarray(single.next_token_probs), 2, axis=0))
    merged, free = nuclear_margin(data), nuclear_margin(data, merge=False)
    assert free.norm == pytest.approx(merged.norm, rel=1e-6)
    np.testing.assert_allclose(free.logits[::2], free.logits[1::2], atol=1e-4)
    assert np.abs(free.logits[0] - free.logits[2]).max() > 1e-2 or (data.support[0] == data.support[2]).all()
    # Two copies of every context cost the root of two (ex-nuclear-copies).
    assert merged.norm == pytest.approx(np.sqrt(2) * nuclear_margin(single).norm, rel=1e-6)


def test_probabilities_and_embeddings_do_not_matter():
    data = ntp.synthetic.toy_2d()
    uniform = data.support / data.support.sum(axis=1, keepdims=True)
    other = ntp.NTPData(np.eye(3), [0.5, 0.3, 0.2], uniform)
    assert nuclear_margin(other).norm == pytest.approx(nuclear_margin(data).norm, rel=1e-12)


def test_refusals():
    with pytest.raises(ntp.NTPDataError, match="whole vocabulary"):
        nuclear_margin(on_basis([[0.5, 0.5], [0.1, 0.9]]))
    with pytest.raises(ntp.NTPDataError, match="tolerance is 2"):
        nuclear_margin(ntp.synthetic.toy_2d(), tolerance=2)
    with pytest.raises(ntp.DidNotConvergeError, match="gap"):
        nuclear_margin(ntp.synthetic.toy_2d(), tolerance=1e-300)
