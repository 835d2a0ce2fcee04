"""The splitting against the conic solver, its certificates on all families, symmetry, and its parts."""

from dataclasses import replace

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features import nuclear_splitting as module
from ntp_lib.features.families import (
    as_supports,
    blocks,
    chain,
    fano,
    grid,
    random_laminar,
    random_supports,
    subsets,
    windows,
    with_probabilities,
)
from ntp_lib.features.kinds import MergedSupports
from ntp_lib.features.nuclear_margin import nuclear_margin, nuclear_norm
from ntp_lib.features.nuclear_splitting import lowered_singular_values, nuclear_splitting
from ntp_lib.margins.solution import MarginSolution

EXACT = {
    "laminar": random_laminar(9, seed=1),
    "hierarchy": blocks(8, [(4, 2), (2, 1), (1, 3)]),
    "chain": chain(6),
    "subsets": subsets(6, 2),
    "fano": fano(),
    "fano and singles": np.vstack([fano(), subsets(7, 1)]),
    "grid": grid(3, 4),
    "pentagon": windows(5, 2),
}
# Ratio of the nuclear norms of the centred supports and of the solution, and their cosine.
INEXACT = {
    "grid and singles": (np.vstack([grid(3, 4), subsets(12, 1)]), 1.00028, 0.9995),
    "windows of 3 on 8": (windows(8, 3), 1.0503, 0.9702),
    "windows of 2 on 7": (windows(7, 2), 1.0078, 0.9794),
    "the worst of four tokens": (as_supports([(0,), (0, 2), (0, 3), (1, 2), (1, 3)], 4), 1.0205, None),
}


def solved(support, **options):
    return nuclear_margin(with_probabilities(support), **options)


@pytest.mark.parametrize(("m", "V", "size"), [(10, 8, 3), (15, 10, 3), (30, 15, 3)])
def test_two_solvers_agree(m, V, size):
    support = random_supports(m, V, size, seed=m)
    splitting, conic = solved(support), solved(support, solver="conic")
    assert splitting.verify()
    assert (splitting.solver, conic.solver) == ("nuclear splitting", "CLARABEL")
    assert splitting.norm == pytest.approx(conic.norm, rel=1e-6)
    # Both gaps bound the distance in norm; the logits are as near as the root of that.
    np.testing.assert_allclose(splitting.logits, conic.logits, atol=1e-4)
    assert (splitting.rank, splitting.slack) == (conic.rank, conic.slack)


@pytest.mark.parametrize("name", EXACT)
def test_the_proxy_is_where_it_starts_and_ends(name):
    solution = solved(EXACT[name])
    assert (solution.iterations, solution.slack) == (0, 0.0)
    assert abs(solution.gap) <= 1e-14
    assert solution.proxy_ratio == pytest.approx(1, abs=1e-12)
    assert solution.proxy_cosine == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", INEXACT)
def test_where_the_proxy_fails_the_gap_is_certified(name):
    support, ratio, cosine = INEXACT[name]
    solution = solved(support)
    assert solution.verify()
    assert abs(solution.gap) <= module.SHARP
    assert solution.proxy_ratio == pytest.approx(ratio, abs=6e-5)
    assert cosine is None or solution.proxy_cosine == pytest.approx(cosine, abs=1e-4)


@pytest.mark.parametrize("seed", range(2))
def test_names_of_contexts_and_tokens_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    support = random_supports(12, 9, 3, seed=seed)
    rows, columns = rng.permutation(12), rng.permutation(9)
    here, there = solved(support), solved(support[np.ix_(rows, columns)])
    assert there.norm == pytest.approx(here.norm, rel=1e-9)
    np.testing.assert_allclose(there.logits, here.logits[np.ix_(rows, columns)], atol=1e-5)


@pytest.mark.parametrize("copies", [2, 5, 1000])
def test_copies_of_all_contexts_scale_by_their_root(copies):
    support = windows(8, 3)
    once = nuclear_splitting(MergedSupports.of(support), tolerance=1e-6, max_steps=2000)
    many = nuclear_splitting(MergedSupports.of(np.repeat(support, copies, axis=0)), tolerance=1e-6, max_steps=2000)
    assert many.norm == pytest.approx(np.sqrt(copies) * once.norm, rel=1e-9)
    assert many.gap <= module.SHARP


def test_merging_changes_no_number():
    support = np.repeat(random_supports(6, 7, 3, seed=3), [1, 2, 3, 1, 1, 4], axis=0)[:, [0, 0, 1, 2, 3, 4, 5, 6]]
    merged, free = solved(support), solved(support, merge=False)
    assert merged.norm == pytest.approx(free.norm, rel=1e-9)
    np.testing.assert_allclose(merged.logits, free.logits, atol=1e-5)
    assert merged.slack == free.slack


def test_merged_supports_have_the_singular_values_of_the_whole():
    support = np.repeat(random_supports(4, 5, 2, seed=0), [1, 3, 2, 1], axis=0)[:, [0, 1, 1, 2, 3, 4, 4, 4]]
    merged = MergedSupports.of(support)
    assert merged.support.size < support.size
    np.testing.assert_array_equal(merged.expanded(merged.support), support)
    X = np.random.default_rng(0).standard_normal(merged.support.shape)
    values = np.linalg.svd(merged.scale * X, compute_uv=False)
    whole = np.linalg.svd(merged.expanded(X), compute_uv=False)
    np.testing.assert_allclose(whole[: len(values)], values, atol=1e-12)
    np.testing.assert_allclose(whole[len(values) :], 0, atol=1e-12)


@pytest.mark.parametrize("shape", [(9, 4), (4, 9), (5, 5)])
@pytest.mark.parametrize("gram_range", [module.GRAM_RANGE, 0.0])
def test_singular_values_are_lowered(shape, gram_range, monkeypatch):
    monkeypatch.setattr(module, "GRAM_RANGE", gram_range)
    X = np.random.default_rng(1).standard_normal(shape)
    U, sigma, Vt = np.linalg.svd(X, full_matrices=False)
    by = float(sigma[2] + sigma[1]) / 2
    expected = (U * np.maximum(sigma - by, 0)) @ Vt
    np.testing.assert_allclose(lowered_singular_values(X, by), expected, atol=1e-12)
    assert not lowered_singular_values(X, 2 * sigma[0]).any()


def test_values_far_below_the_largest_are_found_directly():
    """From the Gram matrix a value of 1e-9 beside one would be lost in the rounding of its square."""
    X = np.diag([1.0, 3e-9, 1e-9])
    np.testing.assert_allclose(
        lowered_singular_values(X, 2e-9), np.diag([1 - 2e-9, 1e-9, 0]), rtol=1e-6, atol=1e-18
    )


def test_every_check_holds_a_feasible_pair_and_none_is_worse_than_the_last():
    support = random_supports(20, 15, 2, seed=2)
    merged = MergedSupports.of(support)
    exact = nuclear_splitting(merged, tolerance=1e-9, max_steps=5000)
    last = None
    for steps in (1, 2, 25, 50, 60):
        found = nuclear_splitting(merged, tolerance=1e-9, max_steps=steps)
        assert found.steps == steps
        assert found.bound <= exact.norm * (1 + 1e-12)
        assert exact.bound * (1 - 1e-12) <= found.norm
        X, A = merged.expanded(found.logits), merged.expanded(found.dual)
        level = np.where(support, X, np.inf).min(axis=1)[:, None]
        assert max(np.ptp(row[inside]) for row, inside in zip(X, support, strict=True)) == 0
        assert (level - X)[~support].min() >= 1 - 1e-12
        assert A[~support].max() <= 0
        np.testing.assert_allclose(A.sum(axis=1), 0, atol=1e-12)
        assert np.linalg.norm(A, ord=2) == pytest.approx(1, abs=1e-12)
        assert -A[~support].sum() == pytest.approx(found.bound, rel=1e-12)
        assert nuclear_norm(X) == pytest.approx(found.norm, rel=1e-12)
        assert last is None or steps <= 25 or found.gap <= last.gap
        last = found


def test_sharpening_takes_at_most_thrice_the_steps():
    merged = MergedSupports.of(random_supports(40, 40, 2, seed=0))
    rough = nuclear_splitting(merged, tolerance=1e-3, max_steps=5000)
    unsharpened = next(
        steps
        for steps in range(25, 5000, 25)
        if nuclear_splitting(merged, tolerance=1e-12, max_steps=steps).gap <= 1e-3
    )
    assert module.SHARP < rough.gap <= 1e-3
    assert rough.steps == module.SHARPENING * unsharpened


def test_what_is_measured_of_a_solution():
    """Against `MarginSolution`, which knows nothing of free logits, and on logits chosen by hand."""
    solution = solved(windows(8, 3))
    plain = MarginSolution(**{name: getattr(solution, name) for name in solution.__dataclass_fields__})
    for name in ("margin", "spread", "norm", "gap", "bound", "dual_violation"):
        assert getattr(plain, name) == pytest.approx(getattr(solution, name), abs=1e-12)
    np.testing.assert_allclose(plain.logits, solution.logits, atol=1e-15)
    pentagon = solved(windows(5, 2))
    row = np.array([1.0, 1.0, 0.0, -0.6, 0.0])
    moved = replace(pentagon, W=np.array([np.roll(row, j) for j in range(5)]).T)
    assert moved.slack == pytest.approx(1 / 3)
    assert (pentagon.rank, pentagon.slack) == (4, 0.0)
    golden = (np.sqrt(5) - 1) / 2
    flat = np.array([np.roll([1.0, 1.0, 0.0, -golden, 0.0], j) for j in range(5)])
    flattest = replace(pentagon, W=(flat - flat.mean(axis=1, keepdims=True)).T)
    assert flattest.norm == pytest.approx(pentagon.norm, rel=1e-12)
    assert (flattest.rank, flattest.proxy_cosine) == (2, pytest.approx(0.934, abs=1e-3))


def test_a_slice_of_text_is_solved_within_seconds():
    import time

    from ntp_lib.data.language_reference import load_language_reference

    tokens = load_language_reference().tokens[:3000]
    data = ntp.NTPData.from_tokens(tokens, context_length=2, vocab_size=100)
    start = time.process_time()
    solution = nuclear_margin(data, tolerance=1e-4)
    assert time.process_time() - start < 5  # 0.4 s where it was measured
    assert solution.gap <= 1e-9
    assert solution.proxy_ratio == pytest.approx(1.01226, abs=1e-5)
