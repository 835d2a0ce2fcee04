"""Verdicts in words, read as a whole: every number, name and noun of them."""

import dataclasses

import numpy as np
import pytest
import scipy.optimize
from scipy.special import expit

import ntp_lib as ntp
from ntp_lib.conditions import explanation

NAMES = {"vocabulary": ["red", "green", "blue"], "contexts": [("the", "first"), ("the", "second"), ("a", "third")]}


def three_contexts(second):
    """Two contexts on one ray, the second twice as long; the third has nothing to do with them."""
    probs = [[0.6, 0.4, 0.0], second, [0.5, 0.5, 0.0]]
    return ntp.NTPData([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], np.full(3, 1 / 3), probs, **NAMES)


def test_incompatible_data():
    found = ntp.compatibility(three_contexts([5 / 6, 1 / 6, 0.0]))
    # |2 log 1.5 − log 5| / 3 for the conflict; per unit of length the misses are log 5 / 4 − log 1.5 / 2.
    assert f"{found.conflict:.3g}, {found.residual:.3g}" == "0.266, 0.399"
    assert ntp.explain(found).splitlines() == [
        "Not compatible: the log-odds of 2 contexts contradict each other. Weighted as in the certificate, their "
        "logits cancel whatever W is, and the log-odds do not: every decoder misses one of them by at least 0.266 "
        "nats (least squares misses by 0.399; in float64 the logits cancel up to rounding, which leaves half of "
        f"it for every ‖W‖ up to {found.excluded_norm:.1e}).",
        "  – “the first” (67% of the weight): “green” against “red”",
        "  – “the second” (33% of the weight): “red” against “green”",
    ]


def test_undecided_compatibility():
    found = ntp.compatibility(three_contexts([5 / 6, 1 / 6, 0.0]))
    assert ntp.explain(dataclasses.replace(found, holds=None)) == (
        "Undecided: the best fit misses some log-odds by 0.399 nats, but no certificate against better ones was "
        "found. Some embeddings are nearly dependent but not exactly so: only decoders too long for float64's "
        "digits could meet the log-odds, if any does."
    )


def with_residual(found, residual, **changes):
    changed = dataclasses.replace(found, **changes)
    vars(changed)["residuals"] = np.array([0.0, residual])
    return changed


def test_compatible_data():
    found = ntp.compatibility(three_contexts([9 / 13, 4 / 13, 0.0]))
    assert ntp.explain(with_residual(found, 3.2e-12)) == (
        "Compatible: W_star meets every log-odds to 3.2e-12 nats (tolerance 1.0e-09); F has dimension 2 for 3 "
        "equations."
    )
    assert ntp.explain(with_residual(found, found.tolerance)).startswith("Compatible: W_star meets")
    rounded = with_residual(found, 0.25, fit=np.array([[3e9, 0], [0, 4e9], [0, 0]]))
    assert ntp.explain(rounded) == (
        "Compatible: the equations are independent, hence solvable; F has dimension 2 for 3 equations. Their "
        "solution has length 5.0e+09, so that rounding it leaves errors of up to 2.5e-01 nats on contexts with "
        "longer embeddings."
    )


def test_inseparable_data():
    found = ntp.separability(three_contexts([0.0, 1.0, 0.0]))
    assert ntp.explain(found).splitlines() == [
        "Not separable: for every W that ties the tokens that follow a context, the margins of the pairs below "
        "cancel in the certificate's weighted sum, so they cannot all be positive (in float64 they cancel up to "
        f"rounding: not all above {found.excluded_margin:.1e} for ‖W‖ = 1 and unit embeddings). Tokens that never "
        "follow, in one context:",
        "  – “the second” (100% of the weight): “red”",
    ]


def test_the_weights_of_an_inseparable_certificate_are_those_off_the_supports():
    """Of unit embeddings 3/5 and 2/5 are on contexts 0 and 1; token 2 weighs less than token 1 in context 0."""
    data = ntp.NTPData([[0.5], [-1.0]], [0.5, 0.5], np.eye(3)[[0, 0]])
    certificate = np.array([[6.0, -4.0, -2.0], [2.0, 0.0, -2.0]])
    found = ntp.Separability(data, ntp.Verdict.NOT_SEPARABLE, certificate=certificate)
    lines = ntp.explain(found).splitlines()
    assert lines[0].endswith("Tokens that never follow, in 2 contexts:")
    assert lines[1:] == [
        "  – context 0 (60% of the weight): token 1, token 2",
        "  – context 1 (40% of the weight): token 2",
    ]


def test_separable_data():
    """Logits 3, 0, 2 and 0, 4, 0, over ‖W‖ = √29: least margins 1/√29 for one pair, 4/√29 for two."""
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], np.eye(3)[[0, 1]], vocabulary=("ant", "bee", "cat"))
    found = dataclasses.replace(ntp.separability(data), direction=np.array([[3.0, 0.0], [0.0, 4.0], [2.0, 0.0]]))
    assert ntp.explain(found).splitlines() == [
        "Separable: the direction ties all tokens that follow a context and keeps every other token below them, "
        "by 0.186 at least for ‖W‖ = 1 and unit embeddings. It is tightest for:",
        "  – “cat” after context 0",
    ]


@pytest.mark.parametrize(("excess", "count"), [(1e-8, 2), (1e-3, 1), (0.5, 1)])
def test_the_tightest_pairs_are_equal_up_to_a_millionth(excess, count):
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], np.eye(3)[[0, 0]])
    W = np.array([[2.0, 2.0], [1.0, 1.0 - excess], [-5.0, -5.0]])
    lines = ntp.explain(dataclasses.replace(ntp.separability(data), direction=W)).splitlines()
    assert lines[1:] == ["  – token 1 after context 0", "  – token 1 after context 1"][:count]


def test_many_tightest_pairs_are_counted():
    data = ntp.NTPData(np.eye(3), np.full(3, 1 / 3), np.eye(3))
    W = np.eye(3) - 1 / 3
    lines = ntp.explain(dataclasses.replace(ntp.separability(data), direction=W)).splitlines()
    assert lines[1:] == [
        *("  – token 1 after context 0", "  – token 2 after context 0", "  – token 0 after context 1"),
        *("  – token 2 after context 1", "  – token 0 after context 2", "  – and 1 more pairs"),
    ]


def test_decomposed_data():
    """With g the logit of red over green on the ray, the slope σ(g) − 0.6 + 2 σ(2g) vanishes in the limit."""
    g = scipy.optimize.brentq(lambda g: expit(g) - 0.6 + 2 * expit(2 * g), -5, 5)
    least = -(0.6 * np.log(expit(g)) + 0.4 * np.log(expit(-g)) + np.log(expit(-2 * g)) + np.log(0.5)) / 3
    entropy = -(0.6 * np.log(0.6) + 0.4 * np.log(0.4) + np.log(0.5)) / 3
    assert ntp.explain(ntp.decomposition(three_contexts([0.0, 1.0, 0.0]))).splitlines() == [
        "Not separable: 1 of the 4 pairs of a context and a token that never follows it stay bounded, the other 3 "
        f"diverge. The least loss is {least:.6g} nats, {least - entropy:.3g} above the entropy. Limit "
        "probabilities of tokens never seen there:",
        f"  – “the second”: “red”, together {expit(2 * g):.3g}",
    ]


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_a_long_decomposition_is_cut():
    """Eight equal contexts, each followed by a token of its own: in the limit all eight are as likely."""
    data = ntp.NTPData(np.ones((8, 1)), np.full(8, 1 / 8), np.eye(8))
    lines = ntp.explain(ntp.decomposition(data)).splitlines()
    assert lines[0] == (
        "Not separable: 56 of the 56 pairs of a context and a token that never follows it stay bounded, the other "
        "0 diverge. The least loss is 2.07944 nats, 2.08 above the entropy. Limit probabilities of tokens never "
        "seen there:"
    )
    assert len(lines) == 7
    assert all(line.endswith(" and 1 more, together 0.875") for line in lines[1:6])
    assert lines[6] == "  – and 3 more contexts"


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_contexts_that_lose_most_come_first():
    """Equal contexts, one three times as frequent: in the limit both have its token three times out of four."""
    data = ntp.NTPData([[1.0], [1.0]], [0.75, 0.25], [[1.0, 0.0], [0.0, 1.0]])
    lines = ntp.explain(ntp.decomposition(data)).splitlines()
    assert lines[1:] == [
        "  – context 1: token 0, together 0.75",
        "  – context 0: token 1, together 0.25",
    ]


def test_separable_data_diverge_altogether():
    words = ntp.explain(ntp.decomposition(ntp.synthetic.toy_2d()))
    assert words == "Separable: all 6 pairs of a context and a token that never follows it diverge."


def test_equal_shares_keep_the_order_of_the_contexts():
    found = explanation._shares(np.tile([1.0, 3.0, 0.0, 1e-9], 25))
    assert [j for j, _ in found] == [*range(1, 100, 4), *range(0, 100, 4)]
    assert [share for _, share in found] == pytest.approx([0.03] * 25 + [0.01] * 25, rel=1e-6)


def test_equal_weights_keep_the_order_of_the_tokens():
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, *[0.0] * 39]])
    weights = np.tile([1.0, 2.0], 20)
    assert explanation._tokens(data, weights) == (
        "token 1, token 3, token 5, token 7, token 9, token 11 and 34 more"
    )
    assert explanation._tokens(data, weights > 1.5).endswith(" and 14 more")
    assert explanation._tokens(data, weights > 1.5).startswith("token 1, token 3, token 5, ")


def test_rounding_beside_the_heaviest_is_not_named():
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0, 0.0]])
    assert explanation._tokens(data, np.array([0.0, 1.0, 1e-7])) == "token 1"
    assert explanation._tokens(data, np.array([0.0, 1.0, 1e-5])) == "token 1, token 2"
    assert explanation._tokens(data, np.array([0.0, 1.0, 1e-5]), 100.0) == "token 1"


@pytest.mark.parametrize(
    ("label", "name"),
    [("one word", "“one word”"), (("two", "words"), "“two words”"), (7, "“7”"), ([1, 2], "“1 2”")],
)
def test_labels_of_any_kind_are_named(label, name):
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0]], contexts=[label])
    assert explanation.context_name(data, 0) == name
