"""Distances from the cones, and the two answers of a descent, against programmes of another kind."""

import numpy as np
import pytest
import scipy.optimize
from separability_by_definition import assert_is_certificate, assert_is_direction, separable_by_feasibility

import ntp_lib as ntp
from ntp_lib.margins import certificates
from ntp_lib.margins.few_tokens.cones import Cones
from ntp_lib.margins.few_tokens.descent import descend
from ntp_lib.margins.few_tokens.newton_step import newton_step
from ntp_lib.margins.few_tokens.part import Part


def supports(rng, n, K):
    mask = np.zeros((n, K), dtype=bool)
    for row in mask:
        row[rng.choice(K, rng.integers(1, K + 1), replace=False)] = True
    return mask


@pytest.mark.parametrize("seed", range(5))
def test_residuals_are_those_of_the_nearest_point(seed):
    """Against a quadratic programme in (c, ℓ) solved by bounded least squares, row by row."""
    rng = np.random.default_rng(seed)
    mask, points = supports(rng, 6, 5), rng.standard_normal((6, 5))
    residual = Cones(mask).residual(points)
    assert np.abs(residual.sum(axis=1)).max() <= 1e-14
    assert residual[~mask].min(initial=0) >= 0
    for row, point, left in zip(mask, points, residual, strict=True):
        # ℓ = c·1 − y with y ≥ 0 off the support and y = 0 on it.
        columns = np.hstack([np.ones((5, 1)), -np.eye(5)[:, ~row]])
        lower = np.r_[-np.inf, np.zeros((~row).sum())]
        nearest = scipy.optimize.lsq_linear(columns, point, (lower, np.inf), tol=1e-14)
        np.testing.assert_allclose(left, point - columns @ nearest.x, atol=1e-6)


@pytest.mark.parametrize(("K", "by_factors"), [(2, False), (5, False), (5, True)])
def test_a_step_solves_newtons_equations(K, by_factors):
    rng = np.random.default_rng(0)
    rows, pinned = rng.standard_normal((60, 4)), supports(rng, 60, K)
    gradient = rng.standard_normal((K, 4))
    gradient -= gradient.mean(axis=0)
    D = newton_step(rows, pinned, gradient, ridge=1e-10, gram=rows @ rows.T if by_factors else None)
    left = np.zeros_like(D)
    for row, mask in zip(rows, pinned, strict=True):
        centring = np.diag(mask * 1.0) - np.outer(mask, mask) / mask.sum()
        left += centring @ D @ np.outer(row, row)
    np.testing.assert_allclose(left, -gradient, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("K", [2, 3, 5])
def test_both_answers_hold_by_definition(K):
    answers = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n, d = int(rng.integers(3, 9)), 4
        mask = supports(rng, n, K)
        mask[0] = np.eye(K, dtype=bool)[0]
        data = ntp.NTPData(rng.standard_normal((n, d)), np.full(n, 1 / n), mask / mask.sum(axis=1, keepdims=True))
        unit = data.embeddings / np.linalg.norm(data.embeddings, axis=1)[:, None]
        found = descend(unit, mask)
        expected = separable_by_feasibility(data)
        assert (found.direction is not None) is expected
        assert (found.certificate is None) is expected
        if expected:
            margins = ntp.margin(found.direction, data)
            assert_is_direction(found.direction / margins, data)
        else:
            repaired = certificates.repaired_certificate(found.certificate, data)
            assert_is_certificate(certificates.for_embeddings(repaired, data), data)
        answers.append(expected)
    assert len(set(answers)) == 2, "both answers must occur"


def test_dependent_contexts_are_refuted():
    """Sums of token vectors span fewer dimensions than they have."""
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 8, 40))
    rows = (first[:, None] + second[None, :]).reshape(64, 40)
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    mask = np.eye(2, dtype=bool)[rng.integers(0, 2, 64)]
    found = descend(rows, mask)
    data = ntp.NTPData(rows, np.full(64, 1 / 64), mask.astype(float))
    assert separable_by_feasibility(data) is False
    assert certificates.certificate_holds(certificates.repaired_certificate(found.certificate, data), data)


def test_few_steps_are_taken():
    """Pieces visited do not grow with the size; the count is that of Newton's method, not of a first-order one."""
    for n, d in ((60, 20), (300, 100)):
        rng = np.random.default_rng(d)
        rows = rng.standard_normal((n, d))
        rows /= np.linalg.norm(rows, axis=1)[:, None]
        found = descend(rows, np.eye(2, dtype=bool)[rng.integers(0, 2, n)])
        assert found.certificate is not None
        assert found.steps <= 10


def test_no_time_is_no_answer():
    rng = np.random.default_rng(0)
    found = descend(rng.standard_normal((20, 3)), np.eye(2, dtype=bool)[rng.integers(0, 2, 20)], deadline=0.0)
    assert found.certificate is None
    assert found.direction is None


@pytest.mark.parametrize(("both", "one"), [(0, 400), (100, 200), (200, 0)])
def test_the_demand_of_two_tokens_is_covers_count(both, one):
    """m₂ + m₁/2, with a fair coin for each context with one of them."""
    support = np.vstack([np.ones((both, 2), dtype=bool), np.eye(2, dtype=bool)[np.arange(one) % 2]])
    part = Part(np.arange(2), np.arange(both + one), support)
    assert part.demand == pytest.approx(both + one / 2, abs=2 * np.sqrt(one))
