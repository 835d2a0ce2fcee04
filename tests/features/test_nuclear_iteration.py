"""One step of the nuclear splitting by its definition, its start, its means, its penalty; pairs made feasible."""

from dataclasses import replace

import numpy as np
import pytest

from ntp_lib.features import nuclear_margin as margin_module
from ntp_lib.features import nuclear_splitting as module
from ntp_lib.features.families import windows, with_probabilities
from ntp_lib.features.feasible import feasible_dual, feasible_logits
from ntp_lib.features.kinds import MergedSupports
from ntp_lib.features.nuclear_margin import nuclear_margin
from ntp_lib.features.nuclear_splitting import OVER_RELAXATION, _Iteration

# Contexts and tokens of several copies each, so that weights matter.
SUPPORT = np.repeat(np.repeat(windows(8, 3), [1, 2, 1, 3, 1, 1, 2, 1], axis=0), [2, 1, 1, 1, 3, 1, 1, 2], axis=1)
MERGED = MergedSupports.of(SUPPORT)


def projected(point):
    """The nearest whole matrix whose rows are level on their supports and one lower or more elsewhere."""
    rows = []
    for row, inside in zip(MERGED.expanded(point / MERGED.scale), SUPPORT, strict=True):
        pinned = np.sort(row[~inside])[::-1] + 1
        levels = (row[inside].sum() + np.concatenate([[0.0], np.cumsum(pinned)])) / (
            inside.sum() + np.arange(len(pinned) + 1)
        )
        level = next(c for c, after in zip(levels, [*pinned, -np.inf], strict=True) if after <= c)
        rows.append(np.where(inside, level, np.minimum(row, level - 1)))
    first_row = [int(np.argmax(MERGED.row_kind == k)) for k in range(len(MERGED.row_counts))]
    first_column = [int(np.argmax(MERGED.column_kind == k)) for k in range(len(MERGED.column_counts))]
    return np.array(rows)[np.ix_(first_row, first_column)] * MERGED.scale


def lowered(X, by):
    U, sigma, Vt = np.linalg.svd(X, full_matrices=False)
    return (U * np.maximum(sigma - by, 0)) @ Vt


def test_it_starts_from_the_proxy_and_its_polar_factor():
    state = _Iteration(MERGED)
    proxy = SUPPORT - SUPPORT.mean(axis=1)[:, None]
    np.testing.assert_allclose(MERGED.expanded(state._Y / MERGED.scale), proxy, atol=1e-14)
    sigma = np.linalg.svd(proxy, compute_uv=False)
    assert state._penalty == pytest.approx(1 / sigma[sigma > 1e-9].mean(), rel=1e-10)
    multipliers = MERGED.expanded(-state._penalty * state._U / MERGED.scale)
    assert np.vdot(multipliers, proxy) == pytest.approx(sigma.sum(), rel=1e-10)
    assert np.linalg.norm(multipliers, ord=2) == pytest.approx(1, rel=1e-10)


def test_a_step_is_the_over_relaxed_one():
    state = _Iteration(MERGED)
    Y, U, penalty = state._Y, state._U, state._penalty
    for step in range(1, 5):
        point = OVER_RELAXATION * lowered(Y - U, 1 / penalty) + (1 - OVER_RELAXATION) * Y + U
        new = projected(point)
        state.advance(1)
        np.testing.assert_allclose(state._Y, new, atol=1e-10)
        np.testing.assert_allclose(state._U, point - new, atol=1e-10)
        apart = np.linalg.norm(lowered(Y - U, 1 / penalty) - new) / np.linalg.norm(new)
        moving = np.linalg.norm(new - Y) / np.linalg.norm(point - new)
        np.testing.assert_allclose(state._residuals, (apart, moving), rtol=1e-8)
        Y, U = new, point - new
        assert state.steps == step


def test_means_are_over_the_second_half():
    state, Y, A = _Iteration(MERGED), [], []
    for _ in range(160):
        state.advance(1)
        Y.append(state._Y)
        A.append(-state._penalty * state._U)
        count = state._summed
        np.testing.assert_allclose(state._sums[0] / count, np.mean(Y[-count:], axis=0), atol=1e-10)
        np.testing.assert_allclose(state._sums[1] / count, np.mean(A[-count:], axis=0), atol=1e-10)
        assert count <= max(1, state.steps / 2)
        if state.steps in (32, 64, 128):
            assert count == state.steps / 2


def test_means_are_taken_where_they_are_better():
    """Iterates that swing to both sides of the solution, which only their mean shows."""
    state = _Iteration(MERGED)
    state.advance(25)
    best = state.feasible(None)
    exact = module.nuclear_splitting(MERGED, tolerance=1e-9, max_steps=5000)
    state._sums = exact.logits * MERGED.scale * 3, exact.dual * MERGED.scale * 3
    state._summed = 3
    found = state.feasible(best)
    assert best.gap > 1e-6
    assert found.gap == pytest.approx(exact.gap, abs=1e-12)
    np.testing.assert_allclose(found.logits, exact.logits, atol=1e-10)
    np.testing.assert_allclose(found.dual, exact.dual, atol=1e-10)


def test_each_side_of_a_pair_is_the_better_one():
    low, high = (replace(_Iteration(MERGED).feasible(None), steps=steps) for steps in (1, 2))
    low, high = replace(low, norm=3.0, bound=1.0, logits=1), replace(high, norm=4.0, bound=2.0, logits=2)
    low, high = replace(low, dual=1), replace(high, dual=2)
    for pair, steps in ((low.or_better(high), 1), (high.or_better(low), 2)):
        assert (pair.norm, pair.logits, pair.bound, pair.dual, pair.steps) == (3.0, 1, 2.0, 2, steps)
    assert low.or_better(high).gap == pytest.approx(1 / 3)


def test_what_was_best_is_kept():
    state = _Iteration(MERGED)
    exact = module.nuclear_splitting(MERGED, tolerance=1e-9, max_steps=5000)
    state.advance(5)
    assert state.feasible(exact).gap == exact.gap


@pytest.mark.parametrize(
    ("residuals", "factor"),
    [((1.0, 1.1), 1.0), ((4.0, 1.0), 2.0), ((1.0, 4.0), 0.5), ((1.0, 0.0), 3.0), ((0.0, 1.0), 1 / 3)],
)
def test_the_penalty_follows_the_residuals_and_the_multipliers_stay(residuals, factor):
    state = _Iteration(MERGED)
    penalty, U = state._penalty, state._U
    state._residuals = residuals
    state.rebalance()
    assert state._penalty == pytest.approx(factor * penalty, rel=1e-12)
    np.testing.assert_allclose(state._penalty * state._U, penalty * U, atol=1e-13)


def test_pairs_of_kinds_are_made_feasible_as_the_whole_matrix_is():
    rng = np.random.default_rng(0)
    given = rng.standard_normal(MERGED.support.shape) - 3 * ~MERGED.support
    counts, scale = MERGED.column_counts, MERGED.scale
    made = MERGED.expanded(feasible_logits(given, MERGED.support, counts))
    np.testing.assert_allclose(made, feasible_logits(MERGED.expanded(given), SUPPORT), atol=1e-12)
    dual = MERGED.expanded(feasible_dual(given, MERGED.support, counts, scale))
    np.testing.assert_allclose(dual, feasible_dual(MERGED.expanded(given), SUPPORT), atol=1e-12)


def test_merging_is_left_out_on_request(monkeypatch):
    shapes = []
    splitting = margin_module.nuclear_splitting

    def watched(merged, **options):
        shapes.append(merged.support.shape)
        return splitting(merged, **options)

    monkeypatch.setattr(margin_module, "nuclear_splitting", watched)
    data = with_probabilities(SUPPORT)
    nuclear_margin(data)
    nuclear_margin(data, merge=False)
    assert shapes == [MERGED.support.shape, SUPPORT.shape]


def test_rounding_is_neither_slack_nor_rank():
    solution = nuclear_margin(with_probabilities(windows(5, 2)))

    def with_opposite(depth):
        row = np.array([1.0, 1.0, 0.0, -depth, 0.0])
        logits = np.array([np.roll(row - row.mean(), j) for j in range(5)])
        return replace(solution, W=logits.T)

    assert with_opposite(0.9e-4).slack == 0
    assert with_opposite(1.1e-4).slack == pytest.approx(1 / 3)
    golden = (np.sqrt(5) - 1) / 2
    # Two singular values of 2e-4 of the largest: rank where the gap is rounding, not where it is 1e-6.
    near = with_opposite(golden - 4.5e-4)
    assert near.rank == 4
    rough = replace(near, dual=np.where(solution.data.support_mask, near.dual, near.dual * 0.999))
    assert rough.gap > 1e-4
    assert rough.rank == 2
