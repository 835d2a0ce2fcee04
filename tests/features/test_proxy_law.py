"""The law for random supports: its table, its symmetry, its ingredients by sampling, and what is refused."""

import numpy as np
import pytest

from ntp_lib.errors import NTPDataError
from ntp_lib.features.proxy_law import _rows, marchenko_pastur, proxy_law

# From a separate program for the same equations.
TABLE = [
    (1, 0.05, 1.0956, 0.895, 0.560, 0.563),
    (1, 0.1, 1.0551, 0.941, 0.400, 0.694),
    (1, 0.2, 1.0237, 0.975, 0.223, 0.832),
    (1, 0.5, 1.0018, 0.998, 0.029, 0.979),
    (2, 0.1, 1.0166, 0.965, 0.345, 0.964),
    (4, 0.1, 1.0018, 0.997, 0.139, 1.0),
    (1, 0.003, 1.2969, 0.650, 0.905, 0.210),
]


@pytest.mark.parametrize(("ratio", "density", "norm_ratio", "cosine", "slack", "rank"), TABLE)
def test_table(ratio, density, norm_ratio, cosine, slack, rank):
    law = proxy_law(ratio, density)
    assert law.norm_ratio == pytest.approx(norm_ratio, abs=5e-5)
    assert [law.cosine, law.slack, law.rank] == pytest.approx([cosine, slack, rank], abs=5.1e-4)


@pytest.mark.parametrize("ratio", [1.3, 2, 6])
def test_contexts_and_tokens_are_exchanged(ratio):
    left, right = proxy_law(ratio, 0.1), proxy_law(1 / ratio, 0.1)
    assert left.norm_ratio == pytest.approx(right.norm_ratio, rel=1e-9)
    assert left.cosine == pytest.approx(right.cosine, rel=1e-9)
    assert left.level == pytest.approx(right.level, rel=1e-6)


def test_the_proxy_is_worst_for_sparse_supports_in_a_square():
    sparse = [proxy_law(1, p).norm_ratio for p in (0.5, 0.1, 0.01, 0.001)]
    assert sparse == sorted(sparse)
    assert proxy_law(1, 0.1).cosine < proxy_law(2, 0.1).cosine < proxy_law(10, 0.1).cosine < 1


@pytest.mark.parametrize(("level", "density"), [(0.2, 0.1), (0.5, 0.4), (2.0, 0.05)])
def test_row_side_against_draws(level, density):
    """Every expectation over 10^6 draws is within 5 standard errors, about 0.01 in these units."""
    rows = _rows(level, density)
    noise = level * np.random.default_rng(0).standard_normal(1_000_000)
    raised = np.maximum(noise - rows.tie + 1, 0).mean()
    kept = np.minimum(noise, rows.tie - 1)
    assert density * rows.tie == pytest.approx((1 - density) * raised, abs=0.01)
    assert rows.divergence == pytest.approx((1 - density) * (noise < rows.tie - 1).mean(), abs=0.01)
    assert rows.square == pytest.approx(density * rows.tie**2 + (1 - density) * (kept**2).mean(), abs=0.02)
    assert rows.off == pytest.approx(kept.mean(), abs=0.01)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.5])
def test_singular_values_against_a_random_matrix(ratio):
    """At V = 400 the quantiles of one draw are within 0.03 of the law, the size of fluctuations being 1/V."""
    sizes, weights = marchenko_pastur(ratio)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert min(ratio, 1) / ratio * (weights @ sizes**2) == pytest.approx(1, abs=1e-3)
    V = 400
    drawn = np.random.default_rng(1).standard_normal((int(ratio * V), V)) / np.sqrt(V)
    singular = np.linalg.svd(drawn, compute_uv=False)
    for share in (0.1, 0.5, 0.9):
        value = np.quantile(singular, share)
        assert weights[sizes <= value].sum() == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(
    ("ratio", "density", "words"),
    [
        (0, 0.1, "ratio is 0; it must be a finite number above 0"),
        (-1, 0.1, "ratio is -1"),
        (float("inf"), 0.1, "ratio is inf"),
        (1, 0, "density is 0; it must be a finite number above 0 and below 1"),
        (1, 1, "density is 1"),
        ("1", 0.1, "ratio is '1'"),
        (1, 0.95, "density 0.95: the law's equation has no root"),
        (1000, 0.1, "take a ratio nearer to 1"),
    ],
)
def test_what_the_law_does_not_cover_is_refused(ratio, density, words):
    with pytest.raises(NTPDataError, match=words):
        proxy_law(ratio, density)
