"""The law for choice data: values in closed form, its relation to the law of next tokens, mixtures, refusals."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.choice import choice_compatibility_threshold, choice_threshold


@pytest.mark.parametrize(
    ("candidates", "size", "value"),
    # E a is ½ for two candidates, 5/6 and ½ for three: 1/E[s − 1 + a].
    [(2, 1, 2.0), (3, 1, 6 / 5), (3, 2, 2 / 3), (4, 3, 2 / 5)],
)
def test_values_in_closed_form(candidates, size, value):
    assert choice_threshold(candidates=candidates, support_size=size) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("candidates", "size"), [(4, 1), (4, 2), (7, [1, 2, 3]), (5, {1: 3, 4: 1})])
def test_it_is_the_law_of_next_tokens_per_constraint(candidates, size):
    """A decoder of V tokens has (V − 1)d parameters that matter."""
    per_dimension = ntp.threshold(vocab_size=candidates, support_size=size)
    found = choice_threshold(candidates=candidates, support_size=size)
    assert found == pytest.approx(per_dimension / (candidates - 1), rel=1e-12)


def test_codimensions_of_contexts_add_up():
    parts = [1 / choice_threshold(candidates=size, support_size=1) for size in (2, 3, 3)]
    mixed = choice_threshold(candidates=[2, 3, 3], support_size=1)
    assert mixed == pytest.approx(3 / sum(parts), rel=1e-12)
    assert choice_threshold(candidates=np.array([3, 2, 3]), support_size=[1, 1, 1]) == mixed


def test_full_supports_are_equations_alone_and_single_candidates_nothing():
    assert choice_threshold(candidates=[3, 2], support_size=[3, 1]) == pytest.approx(2 / 2.5)
    assert choice_threshold(candidates=[1, 2], support_size=1) == pytest.approx(4.0)


def test_equations_against_parameters():
    assert choice_compatibility_threshold(candidates=4, support_size=3) == pytest.approx(1 / 2)
    assert choice_compatibility_threshold(candidates=[4, 2], support_size=[3, 2]) == pytest.approx(2 / 3)
    assert choice_compatibility_threshold(candidates=4, support_size=1) == np.inf
    for size in (2, 3):
        both = {"candidates": 4, "support_size": size}
        assert choice_threshold(**both) < choice_compatibility_threshold(**both)


@pytest.mark.parametrize(
    ("candidates", "size", "message"),
    [
        (1, 1, "candidates is 1"),
        ("3", 1, "candidates is '3'"),
        (3, 4, "support_size is 4"),
        (3, 3, "so no margin is defined"),
        ([3, 2], [3, 2], "the whole of its candidate set"),
        ([3, 2], [1, 3], r"support_size\[1\] is 3"),
        ([3, 0], 1, r"candidates\[1\] is 0"),
        ([3, 2], [1, 1, 1], "candidates has 2 entries and support_size 3"),
        ([], 1, "candidates has 0 entries"),
        ([3, 2], {1: 2}, "one size for each context"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(candidates, size, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        choice_threshold(candidates=candidates, support_size=size)


@pytest.mark.parametrize(("candidates", "size"), [(2, 1), (3, 1), (3, 2)])
def test_the_law_stands_between_shares_of_random_data(candidates, size):
    """Gaussian features, D = 40: nearly all separable at 0.7 of the law, nearly none at 1.3."""
    law, rng, D = choice_threshold(candidates=candidates, support_size=size), np.random.default_rng(3), 40
    shares = [
        np.mean([_separable(rng, round(factor * law * D), candidates, size, D) for _ in range(12)])
        for factor in (0.7, 1.3)
    ]
    assert shares[0] >= 0.9
    assert shares[1] <= 0.1


def _separable(rng, contexts, candidates, size, D):
    from scipy.optimize import linprog

    X = rng.standard_normal((contexts, candidates, D))
    ties = (X[:, :1] - X[:, 1:size]).reshape(-1, D)
    gaps = (X[:, :1] - X[:, size:]).reshape(-1, D)
    equal = {"A_eq": ties, "b_eq": np.zeros(len(ties))} if len(ties) else {}
    return linprog(np.zeros(D), A_ub=-gaps, b_ub=-np.ones(len(gaps)), bounds=(None, None), **equal).status == 0
