"""The parts of the working set against dense computations."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.working_set import scan, water_level
from ntp_lib.margins.working_set.iteration import OVER_RELAXATION, WorkingSetSplitting
from ntp_lib.margins.working_set.linear_half import Block, Gram, LinearHalf, bytes_of
from ntp_lib.margins.working_set.pairs import Pairs
from ntp_lib.margins.working_set.problem import SparseProblem

DATA = ntp.synthetic.random(num_contexts=30, dim=6, vocab_size=9, support_size=2, num_sequences=3000, seed=1)
PROBLEM, DENSE = SparseProblem.of(DATA), ConeProblem.of(DATA)
EVERY = Pairs.of(np.arange(30 * 9), DATA.probs)


def some_pairs(seed=0, count=60):
    keys = np.random.default_rng(seed).integers(0, 30 * 9, count)
    return Pairs.of(keys, DATA.probs)


def test_pairs_are_sorted_and_hold_the_supports():
    pairs = Pairs.of(np.array([265, 3, 3, 17]), DATA.probs)
    places = set(zip(pairs.contexts.tolist(), pairs.tokens.tolist(), strict=True))
    assert {(29, 4), (0, 3), (1, 8)} <= places
    assert places == {(29, 4), (0, 3), (1, 8)} | set(map(tuple, np.argwhere(DATA.support_mask).tolist()))
    np.testing.assert_array_equal(pairs.keys, np.unique(pairs.keys))
    np.testing.assert_array_equal(pairs.support, DATA.support_mask[pairs.contexts, pairs.tokens])
    np.testing.assert_array_equal(pairs.support_sizes, DATA.support_sizes)
    assert np.all(np.diff(pairs.tokens[pairs.by_token]) >= 0)
    for token in range(9):
        mine = pairs.by_token[pairs.token_starts[token] : pairs.token_starts[token + 1]]
        assert set(pairs.tokens[mine]) <= {token}
        assert np.all(np.diff(pairs.contexts[mine]) > 0)


def test_values_move_to_other_pairs_where_they_are_among_them():
    old, new = some_pairs(0), some_pairs(1)
    values = np.random.default_rng(2).standard_normal(len(old.keys))
    known = dict(zip(old.keys.tolist(), values, strict=True))
    np.testing.assert_array_equal(new.taken_over(values, old), [known.get(key, 0.0) for key in new.keys.tolist()])


def test_the_restricted_problem_measures_as_the_dense_one():
    restricted = PROBLEM.on(EVERY)
    raw = np.random.default_rng(0).standard_normal((30, 9))
    A = restricted.repaired(raw.ravel())
    dense = A.reshape(30, 9)
    np.testing.assert_allclose(dense, DENSE.repaired(raw), rtol=1e-13, atol=1e-14)
    W, logits = restricted.decoder(A), DENSE.logits(dense)
    np.testing.assert_allclose(restricted.logits(W), logits.ravel(), rtol=1e-12, atol=1e-13)
    assert restricted.violation(restricted.logits(W)) == pytest.approx(DENSE.violation(logits), rel=1e-12)
    assert restricted.gap(A, W) == pytest.approx(DENSE.gap(dense, logits), rel=1e-12)
    assert restricted.excluded_margin(A, W) == pytest.approx(DENSE.excluded_margin(dense), rel=1e-12)
    assert restricted.gap(0 * A, 0 * W) == restricted.excluded_margin(0 * A, 0 * W) == np.inf


@pytest.mark.parametrize("block", [9, 50, 10**6])
@pytest.mark.parametrize("most", [2, 100])
def test_a_pass_finds_what_a_dense_product_shows(block, most, monkeypatch):
    monkeypatch.setattr(scan, "BLOCK_ENTRIES", block)
    W = 3 * np.random.default_rng(0).standard_normal((9, 6))
    logits, inside = DENSE.rows @ W.T, DATA.support_mask
    lowest = np.where(inside, logits, np.inf).min(axis=1, keepdims=True)
    missed = np.where(inside, -np.inf, (logits - lowest) * DENSE.lengths + 1)
    pairs = some_pairs()
    seen = scan.scan(W, PROBLEM, pairs, above=0.5, most=most)
    assert max(seen.violation, seen.spread) == pytest.approx(DENSE.violation(logits), rel=1e-12)
    assert seen.violation == pytest.approx(missed.max(), rel=1e-12)
    worst = np.sort(missed, axis=1)[:, -most][:, None] if most < 9 else -np.inf
    np.testing.assert_array_equal(seen.keys, np.flatnonzero((missed > 0.5) & (missed >= worst)))
    np.testing.assert_allclose(seen.missed, missed.ravel()[seen.keys], rtol=1e-12)
    np.testing.assert_allclose(seen.logits, logits.ravel()[pairs.keys], rtol=1e-12, atol=1e-13)
    assert seen.precise
    rough = scan.scan(W, PROBLEM, pairs, above=0.5, most=most, precision=np.float32)
    assert not rough.precise
    assert rough.violation == pytest.approx(seen.violation, rel=1e-5)


@pytest.mark.parametrize("looked_up", [True, False])
def test_the_linear_half_is_one_resolvent_a_token(looked_up):
    """Some tokens have more than 1.5 d contexts and thin matrices, some have square ones."""
    pairs, penalty, gram = some_pairs(3, 30), 2.5, Gram(PROBLEM.rows, PROBLEM.products if looked_up else None)
    half = LinearHalf.of(pairs, gram, penalty)
    assert {block.rows is not None for block in half.blocks.values()} == {True, False}
    T = np.random.default_rng(4).standard_normal(len(pairs.keys))
    expected = np.empty_like(T)
    for token in range(9):
        (mine,) = np.nonzero(pairs.tokens == token)
        rows = PROBLEM.rows[pairs.contexts[mine]]
        sigma = rows @ rows.T
        expected[mine] = sigma @ np.linalg.solve(sigma + np.eye(len(mine)) / penalty, T[mine])
    np.testing.assert_allclose(half.apply(T), expected, rtol=1e-11, atol=1e-12)
    assert half.size == bytes_of(pairs, 6, 8)


@pytest.mark.parametrize(
    ("dropped", "added"), [([], []), ([4], []), ([], [7]), ([0, 9], [3, 8, 29]), (range(11), range(20, 29))]
)
def test_a_mended_block_is_a_new_one(dropped, added):
    rows = np.random.default_rng(0).standard_normal((30, 40))
    gram, old = Gram(rows, None), np.array([0, 1, 2, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    new = np.setdiff1d(np.union1d(old, list(added)), list(dropped)).astype(np.int64)
    block = Block.of(old, gram, 0.7)
    moved = block.moved_to(new, gram, 0.7)
    assert (moved is block) == (len(dropped) == len(added) == 0)
    np.testing.assert_array_equal(moved.contexts, new)
    np.testing.assert_allclose(moved.matrix, Block.of(new, gram, 0.7).matrix, rtol=1e-10, atol=1e-12)


def test_blocks_are_kept_only_at_the_same_penalty_and_precision():
    pairs, gram = some_pairs(), Gram(PROBLEM.rows, None)
    half = LinearHalf.of(pairs, gram, 1.0)
    assert all(block is half.blocks[v] for v, block in LinearHalf.of(pairs, gram, 1.0, half).blocks.items())
    for other in (
        LinearHalf.of(pairs, gram, 2.0, half),
        LinearHalf.of(pairs, Gram(PROBLEM.rows.astype(np.float32), None), 1.0, half),
    ):
        assert all(block is not half.blocks[v] for v, block in other.blocks.items())


def by_sorting(x, inside):
    """What the projection of one row takes away, with the level from the sorted entries off the support."""
    rising = np.sort(x[~inside])[::-1]
    levels = [(x[inside].sum() + rising[:k].sum()) / (inside.sum() + k) for k in range(len(rising) + 1)]
    level = next(
        c for k, c in enumerate(levels) if (k == 0 or rising[k - 1] >= c) and (k == len(rising) or rising[k] <= c)
    )
    return np.where(inside, x - level, np.maximum(x - level, 0))


def test_water_levels_are_those_of_sorting():
    pairs = some_pairs(5, 120)
    point = 10 * np.random.default_rng(6).standard_normal(len(pairs.keys))
    levels = np.zeros(30)
    taken = water_level.taken(point, pairs, levels)
    for j in range(30):
        mine = slice(pairs.starts[j], pairs.starts[j + 1])
        np.testing.assert_allclose(taken[mine], by_sorting(point[mine], pairs.support[mine]), atol=1e-12)
    again = levels.copy()
    np.testing.assert_allclose(water_level.taken(point, pairs, again), taken, atol=1e-12)
    np.testing.assert_allclose(again, levels, rtol=1e-12, err_msg="the levels are where the next search starts")


def test_on_all_pairs_the_iteration_is_the_dense_one():
    """Written out with dense matrices; the working set holds every pair, in float64."""
    penalty, alpha = 1.3, OVER_RELAXATION
    splitting = WorkingSetSplitting(PROBLEM, EVERY, penalty)
    splitting.sharpen()
    splitting.advance(7)
    sigma, shifts, inside = DENSE.rows @ DENSE.rows.T, DENSE.shifts, DATA.support_mask
    resolvent = sigma @ np.linalg.inv(sigma + np.eye(30) / penalty)
    X = shifts.copy()
    for _ in range(7):
        taken = np.array([by_sorting(x, s) for x, s in zip(X, inside, strict=True)])
        projected = X - taken
        X = X + alpha * (resolvent @ (projected - taken - shifts) + shifts - projected)
    taken = np.array([by_sorting(x, s) for x, s in zip(X, inside, strict=True)])
    np.testing.assert_allclose(splitting.dual, DENSE.repaired(-penalty * taken).ravel(), rtol=1e-9, atol=1e-11)


def test_a_change_of_pairs_or_penalty_keeps_the_dual_variable():
    splitting = WorkingSetSplitting(PROBLEM, EVERY, 1.0)
    splitting.advance(40)
    A = splitting.dual
    fewer = Pairs.of(EVERY.keys[A != 0], DATA.probs)
    before = EVERY.array(A).toarray()
    splitting.move_to(fewer, A)
    # One projection later it is no longer the same to rounding, but near.
    after = fewer.array(splitting.dual).toarray()
    assert np.linalg.norm(after - before) < 0.2 * np.linalg.norm(before)
    splitting.advance(5)
    dual = splitting.dual
    splitting.rebalance()
    np.testing.assert_allclose(splitting.dual, dual, rtol=1e-12, atol=1e-14)
