"""Uniqueness of the least-norm logits: the pentagon, random supports, and the map by its definition."""

from dataclasses import replace

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features import uniqueness as module
from ntp_lib.features.families import fano, random_laminar, random_supports, windows, with_probabilities
from ntp_lib.features.kinds import kinds
from ntp_lib.features.nuclear_margin import nuclear_margin
from ntp_lib.features.uniqueness import unique_margin


def solved(support, **options):
    return nuclear_margin(with_probabilities(support), **options)


def map_by_definition(solution, rank):
    """Singular values of M ↦ differences within supports and at a < 0, on an orthonormal basis, pair by pair."""
    support, A = solution.data.support_mask, solution.dual
    left, _, right = np.linalg.svd(A)
    U, Q = left[:, :rank], right[:rank].T
    columns = []
    for i in range(rank):
        for k in range(i, rank):
            M = np.zeros((rank, rank))
            M[i, k] = M[k, i] = 1 if i == k else np.sqrt(0.5)
            logits = U @ M @ Q.T
            columns.append(
                [
                    logits[j, v] - logits[j, row].mean()
                    for j, row in enumerate(support)
                    for v in range(len(row))
                    if row[v] or A[j, v] < -1e-4
                ]
            )
    return np.linalg.svd(np.array(columns).T, compute_uv=False)


@pytest.mark.parametrize("solver", ["splitting", "conic"])
def test_the_pentagon_has_one_free_direction(solver):
    """thm-pentagon."""
    found = unique_margin(solved(windows(5, 2), solver=solver))
    assert (found.rank, found.null_dim, found.unique) == (4, 1, False)
    assert found.conditioning < 1e-6


def test_windows_of_four_on_nine_too_and_of_three_on_seven_not():
    assert unique_margin(solved(windows(9, 4))).null_dim == 1
    assert unique_margin(solved(windows(7, 3))).unique


@pytest.mark.parametrize("support", [fano(), random_laminar(8, seed=2), np.eye(4, dtype=bool), windows(8, 3)])
def test_strict_families_and_a_circle_are_unique(support):
    found = unique_margin(solved(support))
    assert (found.null_dim, found.unique) == (0, True)
    assert found.conditioning > 0.05


@pytest.mark.parametrize("seed", range(4))
def test_random_families_are_unique_and_the_map_is_the_one_defined(seed):
    rng = np.random.default_rng(seed)
    support = random_supports(7 + seed, 7, 2 + seed % 2, seed=rng)
    while len(kinds(support)[0]) < len(support) or len(kinds(support.T)[0]) < 7:
        support = random_supports(7 + seed, 7, 2 + seed % 2, seed=rng)
    solution = solved(support)
    found = unique_margin(solution)
    values = map_by_definition(solution, found.rank)
    assert found.unique
    assert found.conditioning == pytest.approx(values[-1] / values[0], rel=1e-3)
    assert found.conditioning > 0.02


def test_copies_of_contexts_leave_the_verdict():
    once = unique_margin(solved(windows(8, 3)))
    many = unique_margin(solved(np.repeat(np.repeat(windows(8, 3), 3, axis=0), 2, axis=1)))
    assert (many.rank, many.null_dim) == (once.rank, once.null_dim)
    assert many.conditioning == pytest.approx(once.conditioning, rel=1e-4)


def test_blocks_of_equations_give_the_same_map(monkeypatch):
    solution = solved(windows(8, 3))
    whole = unique_margin(solution)
    monkeypatch.setattr(module, "BLOCK_ENTRIES", 50)
    assert unique_margin(solution).conditioning == pytest.approx(whole.conditioning, rel=1e-9)


def test_fewer_equations_than_unknowns_leave_directions():
    """With all multipliers off the supports taken for zero, only ties are left."""
    solution = solved(windows(5, 2))
    unsure = replace(solution, dual=np.where(solution.data.support_mask, solution.dual, 0))
    found = unique_margin(unsure)
    assert found.null_dim > 0
    assert found.conditioning < 1e-12


def test_a_larger_gap_makes_more_multipliers_doubtful():
    """A token pushed down by a hundredth: the gap allows errors of a third, and many multipliers are smaller."""
    solution = solved(windows(8, 3))
    lowered = np.array(solution.W)
    lowered[0] -= 0.01 * ~solution.data.support_mask[:, 0]
    rough = replace(solution, W=lowered)
    assert 1e-4 < rough.gap < 1e-2
    assert unique_margin(solution).unique
    assert unique_margin(rough).null_dim > 0


def test_refusals(monkeypatch):
    with pytest.raises(ntp.NTPDataError, match=r"^margin is NTPData; it must be what nuclear_margin returns$"):
        unique_margin(with_probabilities(fano()))
    monkeypatch.setattr(module, "MAX_UNKNOWNS", 20)
    with pytest.raises(ntp.NTPDataError, match=r"6 singular values .* has 21 unknowns; at most 20 are taken$"):
        unique_margin(solved(fano()))
