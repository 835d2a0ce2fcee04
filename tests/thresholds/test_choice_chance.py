"""The exact chance for choices: Cover's count, random data, small cases by hand, and its place beside the law."""

import numpy as np
import pytest
from scipy.optimize import linprog

import ntp_lib as ntp
from ntp_lib.thresholds.choice import choice_threshold
from ntp_lib.thresholds.choice_chance import choice_probability, codimension_law
from ntp_lib.thresholds.comparisons import smallest_tail
from ntp_lib.thresholds.law import cover_probability
from ntp_lib.thresholds.pinned import pinned_distribution, pinned_tokens


def separable(rng, sizes, D):
    ties, gaps = [], []
    for candidates, size in sizes:
        X = rng.standard_normal((candidates, D))
        ties += list(X[:1] - X[1:size])
        gaps += list(X[:1] - X[size:])
    equal = {"A_eq": np.array(ties), "b_eq": np.zeros(len(ties))} if ties else {}
    found = linprog(np.zeros(D), A_ub=-np.array(gaps), b_ub=-np.ones(len(gaps)), bounds=(None, None), **equal)
    return found.status == 0


@pytest.mark.parametrize(("contexts", "D"), [(1, 1), (6, 3), (6, 5), (40, 15), (40, 25)])
def test_two_candidates_are_covers_count(contexts, D):
    found = choice_probability(candidates=[2] * contexts, support_size=1, parameters=D)
    assert found == pytest.approx(cover_probability(contexts, D), rel=1e-12)


def test_small_cases_by_hand():
    # One context of three in one dimension: the label is first or last of three numbers with chance 2/3.
    assert choice_probability(candidates=[3], support_size=1, parameters=1) == pytest.approx(2 / 3, rel=1e-12)
    # One of l in one dimension: an extreme of l numbers.
    assert choice_probability(candidates=[7], support_size=1, parameters=1) == pytest.approx(2 / 7, rel=1e-9)
    # Two labels of three in the plane: the tie leaves a line, and one side of it is right.
    assert choice_probability(candidates=[3], support_size=2, parameters=2) == 1.0
    # A tie asks for a dimension; a context of one candidate for nothing.
    assert choice_probability(candidates=[2, 3], support_size=[2, 1], parameters=1) == 0
    assert choice_probability(candidates=[1, 3], support_size=1, parameters=1) == pytest.approx(2 / 3, rel=1e-12)


@pytest.mark.parametrize(
    ("sizes", "dims"),
    [
        ([(3, 1)] * 4, (2, 3, 4, 5)),
        ([(3, 2)] * 4, (4, 5, 6, 7)),
        ([(4, 2), (3, 1), (2, 1), (5, 3), (3, 3)], (5, 6, 7, 8)),
    ],
)
def test_random_data_are_separable_with_this_chance(sizes, dims):
    rng, trials = np.random.default_rng(1), 60
    candidates, support = zip(*sizes, strict=True)
    exact = [choice_probability(candidates=candidates, support_size=support, parameters=D) for D in dims]
    yes = [sum(separable(rng, sizes, D) for _ in range(trials)) for D in dims]
    assert smallest_tail(yes, [trials] * len(dims), exact) > 1e-3


@pytest.mark.parametrize(("candidates", "size"), [(2, 1), (4, 1), (4, 2), (9, 3)])
def test_it_rises_with_the_parameters_and_lies_between_tails(candidates, size):
    n = 12
    law = codimension_law([(candidates, size)] * n, most=10**3)
    assert law.sum() == pytest.approx(1, abs=1e-9)
    tails = np.cumsum(law)
    chances = [
        choice_probability(candidates=[candidates] * n, support_size=size, parameters=D)
        for D in range(1, n * (candidates - 1))
    ]
    assert (np.diff(chances) >= -1e-12).all()
    for D, chance in enumerate(chances, start=1):
        assert tails[D - 1] - 1e-9 <= chance <= tails[D] + 1e-9


def test_it_passes_one_half_at_the_law():
    law = choice_threshold(candidates=4, support_size=1)
    for D in (40, 160):
        n = round(law * D)
        assert choice_probability(candidates=[4] * n, support_size=1, parameters=D) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("V", "size"), [(2, 1), (3, 1), (6, 2), (5, 5), (300, 2)])
def test_the_law_of_pinned_tokens_has_the_mean_of_their_number(V, size):
    chances = pinned_distribution(V, size)
    assert chances.shape == (V - size + 1,)
    mean = 0.0 if size == V else pinned_tokens(V, size).mean
    assert np.arange(len(chances)) @ chances == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize(
    ("candidates", "size", "D", "message"),
    [
        (3, 1, 2, "candidates is 3; one size for each context"),
        ([3, 2], [3, 2], 2, "the whole of its candidate set"),
        ([3, 2], [1, 3], 2, r"support_size\[1\] is 3"),
        ([3, 2], 1, 0, "parameters is 0"),
        ([3], {1: 1}, 1, "one size for each context"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(candidates, size, D, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        choice_probability(candidates=candidates, support_size=size, parameters=D)
