"""The centred supports, what their polar factor proves, and ultrametric counts, against definitions."""

from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

import ntp_lib as ntp
from ntp_lib.features.families import (
    blocks,
    fano,
    grid,
    random_laminar,
    random_supports,
    subsets,
    windows,
    with_probabilities,
)
from ntp_lib.features.nuclear_margin import nuclear_margin
from ntp_lib.features.proxy import centred_support, is_ultrametric, proxy_certificate

SUPPORTS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6)).filter(
    lambda support: support.any(axis=1).all() and not support.all()
)


def by_definition(support):
    together = support.T.astype(int) @ support.astype(int)
    V = len(together)
    return all(
        together[a, b] >= min(together[a, c], together[c, b])
        for a, b, c in product(range(V), repeat=3)
        if len({a, b, c}) == 3
    )


def test_rows_are_centred():
    support = random_supports(5, 7, 3, seed=0)
    expected = support - 3 / 7
    for given_support in (support, support.astype(float), support.tolist(), torch.tensor(support)):
        np.testing.assert_allclose(centred_support(given_support), expected, atol=1e-15)
    np.testing.assert_allclose(centred_support(sp.csr_array(support)), expected, atol=1e-15)
    np.testing.assert_allclose(centred_support(with_probabilities(support)), expected, atol=1e-15)
    np.testing.assert_array_equal(centred_support([[1, 1]]), 0)


@given(SUPPORTS)
def test_the_polar_factor_has_singular_values_of_one(support):
    found = proxy_certificate(support)
    proxy = centred_support(support)
    sigma = np.linalg.svd(found.polar, compute_uv=False)
    rank = np.linalg.matrix_rank(proxy)
    np.testing.assert_allclose(sigma[:rank], 1, atol=1e-8)
    np.testing.assert_allclose(sigma[rank:], 0, atol=1e-8)
    assert np.vdot(found.polar, proxy) == pytest.approx(np.linalg.svd(proxy, compute_uv=False).sum(), rel=1e-9)
    assert found.largest_off == pytest.approx(found.polar[~support].max(), abs=1e-12)


@given(SUPPORTS)
def test_counts_are_ultrametric_by_definition(support):
    assert is_ultrametric(support) == by_definition(support)


@given(SUPPORTS)
def test_ultrametric_counts_make_the_proxy_the_only_solution(support):
    """thm-ultrametric."""
    if is_ultrametric(support):
        found = proxy_certificate(support)
        assert (found.exact, found.unique) == (True, True)
        assert abs(found.gap) <= 1e-10


@pytest.mark.parametrize("seed", range(30))
def test_laminar_families_are_strict(seed):
    support = random_laminar(5 + seed % 9, seed=seed)
    found = proxy_certificate(support)
    assert is_ultrametric(support)
    assert (found.exact, found.unique) == (True, True)
    assert found.largest_off < -1e-4


@pytest.mark.parametrize(
    "support",
    [
        fano(),
        subsets(6, 3),
        np.vstack([fano(), subsets(7, 1)]),
        np.vstack([fano(), ~fano()]),
        np.vstack([random_laminar(7, seed=3), fano(), fano()]),
    ],
    ids=["fano", "subsets", "sizes", "complements", "and a hierarchy"],
)
def test_designs_and_hierarchies_with_designs_are_strict(support):
    assert is_ultrametric(support)
    found = proxy_certificate(support)
    assert (found.exact, found.unique) == (True, True)
    assert abs(found.gap) <= 1e-12


def test_independent_attributes_add_up():
    """prop-attributes: the union of the two is exact though its counts are not ultrametric; singles spoil it."""
    found = proxy_certificate(grid(3, 4))
    assert not is_ultrametric(grid(3, 4))
    assert (found.exact, found.unique) == (True, True)
    sides = np.vstack([proxy_certificate(side).polar for side in (grid(3, 4)[:3], grid(3, 4)[3:])])
    np.testing.assert_allclose(found.polar, sides, atol=1e-12)
    spoilt = proxy_certificate(np.vstack([grid(3, 4), subsets(12, 1)]))
    assert (spoilt.exact, spoilt.unique) == (False, False)
    assert spoilt.largest_off == pytest.approx(0.0044, abs=1e-4)


def test_the_pentagon_is_exact_and_not_strict():
    found = proxy_certificate(windows(5, 2))
    assert (found.exact, found.unique) == (True, False)
    row = np.array([1, 1, -1, 0, -1]) / np.sqrt(5)
    np.testing.assert_allclose(found.polar, [np.roll(row, j) for j in range(5)], atol=1e-14)


def test_windows_on_a_circle_fail_and_others_are_better():
    support = windows(8, 3)
    found = proxy_certificate(support)
    assert not is_ultrametric(support)
    assert (found.exact, found.unique) == (False, False)
    solution = nuclear_margin(with_probabilities(support))
    assert 1 < solution.proxy_ratio < 1 / (1 - found.gap)


def test_where_rank_is_missing_nothing_is_decided():
    """A circle whose tokens come in two kinds, with one support for a kind: nine supports of rank eight."""
    circle = np.repeat(windows(8, 3), 2, axis=1)
    support = np.vstack([circle, np.tile([True, False], 8)])
    assert np.linalg.matrix_rank(centred_support(support)) == 8
    found = proxy_certificate(support)
    assert found.largest_off > 0.01
    assert (found.exact, found.unique) == (None, False)


def test_copies_of_contexts_and_tokens_leave_the_verdict():
    for support in (windows(8, 3), windows(5, 2), blocks(8, [(4, 1), (2, 1)])):
        once = proxy_certificate(support)
        many = proxy_certificate(np.repeat(np.repeat(support, 3, axis=0), 2, axis=1))
        assert (many.exact, many.unique) == (once.exact, once.unique)
        np.testing.assert_allclose(many.polar[::3, ::2], once.polar / np.sqrt(6), atol=1e-12)
        assert many.gap == pytest.approx(once.gap, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_verdict_is_that_of_the_programme(seed):
    support = random_supports(9, 6, 2 + seed % 2, seed=seed)
    found, solution = proxy_certificate(support), nuclear_margin(with_probabilities(support))
    assert found.exact == (solution.proxy_ratio < 1 + 1e-8)
    assert solution.proxy_ratio <= 1 / (1 - found.gap) + 1e-12


def test_the_tolerance_decides_what_is_zero():
    support = np.vstack([grid(3, 4), subsets(12, 1)])
    assert proxy_certificate(support, tolerance=0.01).exact is True
    assert proxy_certificate(support, tolerance=0.001).exact is False
    assert proxy_certificate(fano(), tolerance=0.9).unique is False
    # Zeros of the pentagon's polar factor are zeros up to its rounding, whatever is asked for.
    pentagon = proxy_certificate(windows(5, 2), tolerance=0)
    assert pentagon.largest_off != 0
    assert (pentagon.exact, pentagon.unique) == (True, False)


@pytest.mark.parametrize(
    ("support", "message"),
    [
        ([[1, 0, 1], [0, 0, 0]], "context 1 has no token"),
        ([[1.0, 0.0], [0.3, 0.7]], r"context 1 has the entry 0\.3 at token 0; entries must be 0 or 1"),
        ([[1.0, 0.0], [np.nan, 1.0]], "context 1 has the entry nan at token 0"),
        ([[1, 0], [1, -1]], r"context 1 has the entry -1\.0 at token 1"),
        ([[1], [1]], r"two tokens; got shape \(2, 1\)"),
        ([1, 0, 1], r"two tokens; got shape \(3,\)"),
        (np.zeros((0, 3)), r"at least one context and two tokens; got shape \(0, 3\)"),
        ([[True, False], [True]], "support must be numbers of shape"),
        (None, "support must be numbers of shape"),
        ([["a", "b"]], "support must be numbers of shape"),
    ],
)
def test_supports_that_are_none_are_refused_by_name(support, message):
    for function in (centred_support, proxy_certificate, is_ultrametric):
        with pytest.raises(ntp.NTPDataError, match=message):
            function(support)


def test_a_certificate_needs_a_token_off_some_support():
    for whole in ([[1, 1, 1]], with_probabilities(np.ones((2, 3)))):
        with pytest.raises(ntp.NTPDataError, match="every context has the whole vocabulary"):
            proxy_certificate(whole)
        assert is_ultrametric(whole)
    with pytest.raises(ntp.NTPDataError, match=r"^tolerance is -1; it must be a finite number at least 0"):
        proxy_certificate(fano(), tolerance=-1)
