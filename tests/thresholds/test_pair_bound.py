"""The bound of two tokens: which pair, chances by enumeration, and what it says about finite data."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import binom, multinomial

import ntp_lib as ntp
from ntp_lib.thresholds.law import cover_probability
from ntp_lib.thresholds.support_laws import SupportLaw


def by_enumeration(V, size):
    """P(S) of Zipf supports of one size: every order in which tokens can be drawn without replacement."""
    chances = {}
    for order in itertools.permutations(range(V), size):
        rest, chance = sum(Fraction(1, z + 1) for z in range(V)), Fraction(1)
        for z in order:
            chance *= Fraction(1, z + 1) / rest
            rest -= Fraction(1, z + 1)
        chances[frozenset(order)] = chances.get(frozenset(order), 0) + chance
    return chances


def least_over_pairs(chances, V):
    """min over pairs told apart of 1/(P(both) + ½P(one)), by looking at each."""
    best = (math.inf, None)
    for pair in itertools.combinations(range(V), 2):
        both = sum(p for s, p in chances.items() if len(s & set(pair)) == 2)
        one = sum(p for s, p in chances.items() if len(s & set(pair)) == 1)
        if one:
            best = min(best, (float(1 / (both + one / 2)), pair))
    return best


@pytest.mark.parametrize(("V", "size"), [(2, 1), (4, 1), (5, 4), (6, 3), (7, 2)])
def test_zipf_supports_against_every_pair_of_every_support(V, size):
    value, tokens = least_over_pairs(by_enumeration(V, size), V)
    found = ntp.pair_bound(f"zipf:{size}", vocab_size=V)
    # The quadrature's error is below rounding.
    assert found.value == pytest.approx(value, rel=1e-12)
    assert found.tokens == tokens
    assert found.error == 0.0


def test_a_range_of_sizes_averages_the_chances():
    parts = [ntp.pair_bound(f"zipf:{s}", vocab_size=10) for s in range(1, 6)]
    found = ntp.pair_bound("zipf:1-5", vocab_size=10)
    assert found.both == pytest.approx(np.mean([part.both for part in parts]), rel=1e-13)
    assert found.one == pytest.approx(np.mean([part.one for part in parts]), rel=1e-13)
    assert found.value == pytest.approx(1 / (found.both + found.one / 2), rel=1e-15)


def test_the_law_of_the_sweep_by_enumeration():
    """Sizes uniform on one to five, ten tokens, weights 1/rank without replacement: 1.66403, in exact fractions.

    Drawing with replacement, the control, is another law.
    """
    weights = [Fraction(1, z + 1) for z in range(10)]
    level, inclusion = {frozenset(): Fraction(1)}, Fraction(0)
    for _ in range(5):
        following = {}
        for drawn, chance in level.items():
            rest = sum(weights[z] for z in range(10) if z not in drawn)
            for z in set(range(10)) - drawn:
                following[drawn | {z}] = following.get(drawn | {z}, 0) + chance * weights[z] / rest
        level = following
        inclusion += sum(chance * len(drawn & {0, 1}) for drawn, chance in level.items()) / 5
    exact = float(2 / inclusion)
    assert exact == pytest.approx(1.66403035, abs=1e-8)
    assert ntp.pair_bound("zipf:1-5", vocab_size=10).value == pytest.approx(exact, rel=1e-12)
    share = [float(weight / sum(weights)) for weight in weights]
    replaced = np.mean([1 - ((1 - share[0]) ** s + (1 - share[1]) ** s) / 2 for s in range(1, 6)])
    assert abs(1 / replaced - exact) > 0.1


def test_uniform_supports_have_every_pair_alike():
    found = ntp.pair_bound("1-5", vocab_size=10)
    assert found.value == pytest.approx(10 / 3, rel=1e-14)
    assert found.both == pytest.approx(np.mean([s * (s - 1) / 90 for s in range(1, 6)]), rel=1e-14)
    assert ntp.pair_bound("1", vocab_size=2).value == 2.0


def test_one_hot_zipf_labels_in_a_language_sized_vocabulary():
    weights = 1 / np.arange(1, 50_001)
    found = ntp.pair_bound("zipf:1", vocab_size=50_000)
    assert found.value == pytest.approx(2 * weights.sum() / 1.5, rel=1e-11)
    assert found.both == 0.0


@pytest.mark.parametrize(("law", "V"), [("zipf:1-5", 10), ("zipf:9", 10), ("zipf:3-6", 6), ("zipf:1", 2)])
def test_draws_agree_with_the_sum(monkeypatch, law, V):
    exact = ntp.pair_bound(law, vocab_size=V)
    monkeypatch.setattr("ntp_lib.thresholds.inclusion.MOST_STEPS", 1)
    drawn, again, other = (ntp.pair_bound(law, vocab_size=V, seed=seed) for seed in (1, 1, 2))
    assert drawn.value == again.value
    if V == 2:
        assert (drawn.value, drawn.error) == (2.0, 0.0)
        return
    assert 0 < drawn.error < 0.02 * drawn.value
    # Four standard errors, a seed fixed; supports without the largest size, the control, are outside.
    assert abs(drawn.value - exact.value) <= 4 * drawn.error
    assert drawn.value != other.value
    assert drawn.both + drawn.one <= 1
    if law == "zipf:1-5":
        wrong = ntp.pair_bound("zipf:1-4", vocab_size=V).value
        assert abs(drawn.value - wrong) > 4 * drawn.error


@pytest.mark.parametrize("seed", range(8))
def test_a_matrix_against_every_pair(seed):
    rng = np.random.default_rng(seed)
    support = SupportLaw(1, 4, zipf=bool(seed % 2)).draw(30, 6, rng)
    support[:, 5] = support[:, 0]
    support[~support.any(axis=1), 3] = True
    share = Fraction(1, 30)
    chances = {}
    for row in support:
        s = frozenset(np.flatnonzero(row).tolist())
        chances[s] = chances.get(s, 0) + share
    found = ntp.pair_bound(support)
    assert found.value == pytest.approx(least_over_pairs(chances, 6)[0], rel=1e-14)
    x, y = found.tokens
    assert found.both == (support[:, x] & support[:, y]).mean()
    assert found.one == (support[:, x] != support[:, y]).mean() > 0


def test_tokens_that_nothing_tells_apart():
    always_together = np.array([[True, True, False], [True, True, False], [False, False, True]])
    found = ntp.pair_bound(always_together)
    assert found.value == pytest.approx(1 / 0.5)
    assert found.tokens == (0, 2)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_supports_are_dense_ones(kind):
    support = SupportLaw(1, 4, zipf=True).draw(40, 8, np.random.default_rng(1))
    dense = ntp.pair_bound(support)
    assert vars(ntp.pair_bound(kind(support))) == vars(dense)
    with_a_stored_false = sparse.csr_array(([True, True, False], [0, 1, 0], [0, 1, 3]), shape=(2, 2))
    assert ntp.pair_bound(with_a_stored_false).value == 2.0
    data = ntp.NTPData(np.eye(40), np.full(40, 1 / 40), sparse.csr_array(support / support.sum(axis=1)[:, None]))
    assert sparse.issparse(data.support)
    assert vars(ntp.pair_bound(data.support)) == vars(dense)


def test_drawn_supports_come_near_their_law():
    support = SupportLaw.parse("zipf:1-5").draw(20_000, 10, np.random.default_rng(0))
    exact = ntp.pair_bound("zipf:1-5", vocab_size=10)
    found = ntp.pair_bound(support, vocab_size=10)
    # Four standard errors of 0.4 %; uniform tokens, the control, are off by 100 %.
    assert found.value == pytest.approx(exact.value, rel=0.016)
    assert found.tokens == (0, 1)
    assert ntp.pair_bound("1-5", vocab_size=10).value > 1.5 * exact.value


def directly(bound, m, d):
    """The chance by its definition, over all (m₂, m₁)."""
    law = multinomial(m, [bound.both, bound.one, max(0.0, 1 - bound.both - bound.one)])
    total = 0.0
    for m2 in range(m + 1):
        for m1 in range(m + 1 - m2):
            within = 1.0 if m1 == 0 else binom.cdf(d - 1 - m2, m1 - 1, 0.5)
            total += law.pmf([m2, m1, m - m2 - m1]) * within
    return total


@pytest.mark.parametrize(("law", "V"), [("zipf:1-5", 10), ("1-3", 4), ("zipf:3", 4)])
@pytest.mark.parametrize(("m", "d"), [(1, 1), (5, 3), (18, 7), (12, 12), (25, 3)])
def test_the_chance_at_finite_size(law, V, m, d):
    bound = ntp.pair_bound(law, vocab_size=V)
    # An alternating sum of d terms up to one, each exact to rounding.
    assert bound.probability(m, d) == pytest.approx(directly(bound, m, d), abs=1e-12)


def test_two_tokens_are_covers_case():
    bound = ntp.pair_bound("1", vocab_size=2)
    for m, d in ((80, 40), (5, 2), (300, 130), (40, 40)):
        assert bound.probability(m, d) == pytest.approx(cover_probability(m, d), abs=1e-12)
    assert bound.probability(81, 40) < 0.5


def test_no_larger_a_share_of_trials_is_separable():
    """Zipf supports at m/d = 1.75: the pair's chance bounds the share; the law of exchangeable tokens does not."""
    rng, m, d, trials = np.random.default_rng(0), 28, 16, 40
    bound = ntp.pair_bound("zipf:1-5", vocab_size=10)
    held = 0
    for _ in range(trials):
        support = SupportLaw.parse("zipf:1-5").draw(m, 10, rng)
        data = ntp.NTPData(
            rng.standard_normal((m, d)), np.full(m, 1 / m), support / support.sum(axis=1, keepdims=True)
        )
        held += bool(ntp.separability(data).holds)
    chance = bound.probability(m, d)
    assert held / trials <= chance + 3 * math.sqrt(chance * (1 - chance) / trials)
    assert m / d < ntp.threshold(vocab_size=10, support_size=range(1, 6))
    assert chance < 0.5


@pytest.mark.parametrize(
    ("law", "options", "message"),
    [
        ("zipf", {"vocab_size": 10}, "support law 'zipf'; valid"),
        ("5", {}, "support law '5' needs vocab_size"),
        ("11", {"vocab_size": 10}, "support law 11: 11 tokens, but the vocabulary has 10"),
        ("10", {"vocab_size": 10}, "every support is the whole vocabulary"),
        ("1", {"vocab_size": 1}, "vocab_size is 1; it must be a whole number of at least 2"),
        ("1", {"vocab_size": 2.5}, "vocab_size is 2.5"),
        ("1", {"vocab_size": 3, "seed": -1}, "seed is -1"),
        (5, {}, "the supports are int of int64; a support law as text or a boolean array"),
        ([[0, 1], [1, 0]], {}, "the supports are list of int64"),
        ([[True], [True, False]], {}, "rows of unequal length"),
        ([True, False], {}, r"the support matrix has shape \(2,\)"),
        ([[True], [True]], {}, r"the support matrix has shape \(2, 1\); \(m, V\) with V at least 2"),
        (np.ones((0, 3), dtype=bool), {}, "the support matrix has shape"),
        ([[True, False], [False, False]], {}, "the support of context 1 is empty; every row needs a token"),
        (sparse.csr_array([[True, True], [False, False]]), {}, "the support of context 1 is empty"),
        (sparse.csr_array(np.eye(2)), {}, "the supports are csr_array of float64"),
        (
            [[True, True], [True, True]],
            {},
            "every support is the whole vocabulary, so no two tokens are told apart",
        ),
        ([[True, False]], {"vocab_size": 3}, "vocab_size is 3, but the support matrix has 2 columns"),
        (np.ma.masked_array(np.ones((2, 2), dtype=bool), mask=np.eye(2)), {}, "the supports are MaskedArray"),
    ],
)
def test_bad_input_is_named(law, options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.pair_bound(law, **options)


def test_bad_sizes_are_named():
    bound = ntp.pair_bound("1", vocab_size=2)
    with pytest.raises(ntp.NTPDataError, match="num_contexts is 0"):
        bound.probability(0, 1)
    with pytest.raises(ntp.NTPDataError, match=r"dim is 1\.5"):
        bound.probability(2, 1.5)
