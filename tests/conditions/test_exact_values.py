"""Bounds and verdicts against values known by hand, which small changes of a formula would move."""

import dataclasses

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.conditions import log_odds_conflict
from ntp_lib.conditions.armijo import backtracked
from ntp_lib.data import ntp_data
from ntp_lib.margins import certificates
from ntp_lib.margins.margins import stacked_margins
from ntp_lib.subspaces import subspace


def one_hot(embeddings, tokens, vocab_size):
    return ntp.NTPData(embeddings, np.full(len(tokens), 1 / len(tokens)), np.eye(vocab_size)[tokens])


def test_the_margin_of_a_direction_is_per_length_of_each_context():
    data = one_hot([[4.0, 0.0], [0.0, 0.25]], [0, 1], 2)
    W = np.array([[3.0, -3.0], [-3.0, 3.0]])
    # Margins 24 and 1.5, 6 per unit of length for both; ‖W‖ = 6.
    assert certificates.direction_margin(W, data) == pytest.approx(1.0, rel=1e-15)
    # Margins 8 and 1.5: 2 and 6 per unit of length, where the shorter context has the smaller margin.
    assert certificates.direction_margin(np.array([[1.0, -3.0], [-1.0, 3.0]]), data) == pytest.approx(
        2 / np.sqrt(20), rel=1e-15
    )


def test_a_repaired_certificate_keeps_its_entries_off_the_supports():
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]])
    raw = np.array([[1.0, 2.0, -1.0, 0.5, -3.0], [0.0, -1.0, -1.0, -1.0, -1.0]])
    expected = [[1.5, 2.5, -1.0, 0.0, -3.0], [4.0, -1.0, -1.0, -1.0, -1.0]]
    assert certificates.repaired_certificate(raw, data).tolist() == expected


@pytest.mark.parametrize(("fault", "holds"), [(1e-15, True), (1e-11, False)])
def test_a_certificate_excludes_margins_down_to_rounding_or_is_none(fault, holds):
    """Moments off by 1e-11 would leave a margin of a third of that."""
    data = one_hot([[1.0], [-1.0]], [0, 0], 2)
    A = np.array([[1.0, -1.0], [1.0 + fault, -1.0 - fault]])
    assert certificates.certificate_margin(A, data) == pytest.approx(fault * np.sqrt(2) / 2, rel=0.3)
    assert certificates.certificate_holds(A, data) is holds


@pytest.mark.parametrize("tight", range(6))
def test_stacked_margins_see_every_block(tight, monkeypatch):
    monkeypatch.setattr(ntp_data, "BLOCK_ENTRIES", 4)
    data = one_hot(np.eye(6), [0] * 6, 2)
    assert len(list(data.blocks())) == 3
    decoders = np.zeros((2, 2, 6))
    decoders[0, 0], decoders[1, 0] = 5.0, 7.0
    decoders[0, 0, tight], decoders[1, 0, -1 - tight] = 1.0, 2.0
    assert stacked_margins(decoders, data).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("shift", "holds"), [(1e-11, True), (1e-7, False), (1e-6, False)])
def test_log_odds_that_differ_in_the_seventh_digit_are_in_conflict(shift, holds):
    # Twice the embedding asks for the square of the odds.
    odds = np.array([0.5, (0.5 + shift) ** 2])
    probs = np.column_stack([odds / (1 + odds), 1 / (1 + odds)])
    found = ntp.compatibility(ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], probs))
    assert found.holds is holds
    assert found.verify()
    # The log-odds differ by 4 shift; unit embeddings share the miss as 1 to 2.
    assert found.residual == pytest.approx(8 / 5 * shift, rel=0.3, abs=1e-14)


def nearly_parallel(angle, random_problem):
    base = random_problem(0, m=2, d=3, V=4, sizes=(3, 3))
    return ntp.NTPData([[1.0, 0.0, 0.0], [1.0, angle, 0.0]], base.context_probs, base.next_token_probs)


@pytest.mark.parametrize("seed", range(3))
def test_a_small_complement_beside_a_large_part_in_F_ties_to_rounding(seed, random_problem):
    """One pass would leave the rounding of the large part, 1e-6 of the small one."""
    F = ntp.subspace(nearly_parallel(0.5, random_problem))
    rng = np.random.default_rng(seed)
    W = 1e10 * np.tensordot(rng.standard_normal(F.dim), F.basis, axes=1) + rng.standard_normal((4, 3))
    rest = F.project_complement(W)
    assert 0.1 < np.linalg.norm(rest) < 10
    assert np.linalg.norm(F.project(rest)) <= 1e-14 * np.linalg.norm(rest)


@pytest.mark.parametrize("seed", range(3))
def test_a_projection_by_token_blocks_is_idempotent(seed, random_problem, monkeypatch):
    """One pass leaves a third of the narrow part; rounding over the angle is what all of them leave."""
    monkeypatch.setattr(subspace, "DENSE_ENTRIES", 0)
    F = ntp.subspace(nearly_parallel(1e-4, random_problem))
    assert not F.is_dense
    W = np.random.default_rng(seed).standard_normal((4, 3))
    once = F.project(W)
    assert np.linalg.norm(F.project(once) - once) <= 1e-12 * np.linalg.norm(W)


def two_conflicts(weight, fault):
    """Contexts 0 and 1 contradict each other along the first axis, 2 and 3 along the second."""
    embeddings = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    data = one_hot(embeddings, [0] * 4, 2)
    A = np.array([[1.0, -1.0]] * 4)
    A[2:] *= weight
    A[3] *= 1 + fault
    off = ~data.support_mask
    return dataclasses.replace(
        ntp.decomposition(data), certificate=A, bounded=off, diverging=np.zeros_like(off), direction=None
    )


def test_a_certificate_must_bound_every_pair_and_not_their_mean():
    assert two_conflicts(1.0, 0.0).verify()
    assert two_conflicts(1e-6, 0.0).verify()
    # The mean is bounded to 1e-13 / 2; the pairs of contexts 2 and 3 to 5e-8 only.
    broken = two_conflicts(1e-6, 1e-7)
    assert certificates.certificate_margin(broken.certificate, broken.data) < certificates.EXCLUDED_MARGIN
    assert not broken.verify()


def test_a_conflict_needs_rows_that_sum_to_zero():
    data = ntp.NTPData([[1.0], [-1.0]], [0.5, 0.5], [[0.7, 0.3], [0.7, 0.3]])
    forged = np.array([[1.0, 0.5], [1.0, 0.5]])
    assert not (forged.T @ data.embeddings).any()
    assert (forged * np.log(data.next_token_probs)).sum() < -1
    assert log_odds_conflict.conflict(forged, data) == 0
    honest = np.array([[1.0, -1.0], [1.0, -1.0]])
    assert log_odds_conflict.conflict(honest, data) == pytest.approx(np.log(7 / 3), rel=1e-14)


def test_an_explanation_names_the_tightest_pairs_only():
    data = ntp.NTPData(
        np.eye(2), [0.5, 0.5], np.eye(3)[[0, 1]], vocabulary=("ant", "bee", "cat"), contexts=("near", "far")
    )
    found = dataclasses.replace(ntp.separability(data), direction=np.array([[3.0, 0.0], [0.0, 4.0], [2.0, 0.0]]))
    assert found.verify()
    lines = ntp.explain(found).splitlines()[1:]
    assert lines == ["  – “cat” after “near”"]


@pytest.mark.parametrize(
    ("curvature", "expected"),
    [
        pytest.param(1.0, 1.0, id="the minimum is halfway or further"),
        pytest.param(2.0001, 0.5, id="a full step rises by less than the slope promises"),
        pytest.param(8.1, 0.125, id="steps of a quarter rise too"),
    ],
)
def test_the_line_search_accepts_only_what_decreases_the_loss(curvature, expected):
    """Of −t + ½ c t², whose slope is −1, which a step of t = 2/c brings back to zero."""
    size, loss, q = backtracked(lambda t: (7 - t + curvature * t**2 / 2, np.array([t])), 7.0, -1.0)
    assert size == expected
    assert loss == 7 - size + curvature * size**2 / 2 < 7
    assert q == [size]
