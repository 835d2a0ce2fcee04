"""The pentagon: its norms, its points, and its path against general descent."""

import numpy as np
import pytest

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.features.nuclear_margin import nuclear_norm
from ntp_lib.features.pentagon import (
    GOLDEN,
    NORM,
    extra_margin,
    pentagon,
    pentagon_logits,
    pentagon_path,
    pentagon_points,
)
from ntp_lib.features.ridge import ridge_features


def turning(p):
    """Labels with probability p for the first of the two words of every context."""
    probs = p * np.eye(5) + (1 - p) * np.roll(np.eye(5), 1, axis=1)
    return NTPData(np.eye(5), np.full(5, 0.2), probs)


@pytest.mark.parametrize("t", [0.0, 0.25, 1 / GOLDEN])
def test_the_norm_is_flat_and_then_rises(t):
    assert nuclear_norm(pentagon_logits(t)) == pytest.approx(NORM, rel=1e-13)
    beyond = 1 / GOLDEN + 0.1
    assert nuclear_norm(pentagon_logits(beyond)) == pytest.approx(NORM + 0.4, rel=1e-12)
    np.testing.assert_allclose(extra_margin(3 * pentagon_logits(t)), t, atol=1e-13)


def test_supports_and_first_logits_are_the_proxy():
    S = pentagon()
    np.testing.assert_array_equal(S[4], [1, 0, 0, 0, 1])
    np.testing.assert_allclose(pentagon_logits(0), S - 0.4, atol=1e-15)


@pytest.mark.parametrize("t", [0.0, 0.3, 1 / GOLDEN])
def test_points_are_balanced_factors(t):
    frame = pentagon_points(t)
    parts = []
    for kind in ("context", "word"):
        chosen = frame[frame["kind"] == kind]
        parts.append(np.hstack([chosen[chosen["plane"] == plane][["x", "y"]] for plane in (1, 2)]))
    H, W = parts
    np.testing.assert_allclose(H @ W.T, pentagon_logits(t), atol=1e-12)
    np.testing.assert_allclose(H.T @ H, W.T @ W, atol=1e-12)


@pytest.mark.parametrize("p", [0.5, 0.8, 0.3])
def test_the_reduced_path_is_the_path(p):
    penalties = np.array([1e-3, 1e-5])
    path = ridge_features(turning(p), penalties=penalties, dim=4)
    frame = pentagon_path(np.log(p / (1 - p)), -np.log(penalties))
    for (W, H), row, penalty in zip(path.factors, frame.itertuples(), penalties, strict=True):
        L = H @ W.T
        # The reduced path holds the log-odds, which are O(λ) off; L-BFGS resolves the rest to 1e-5.
        assert extra_margin(L) == pytest.approx(row.extra, abs=max(1e-5, penalty))
        turned = np.roll(L[2], -2)
        assert turned[2] - turned[4] == pytest.approx(row.skew, abs=max(1e-4, 2 * penalty))
        assert turned[:2].mean() - turned[[2, 4]].mean() == pytest.approx(row.R, abs=max(1e-4, 2 * penalty))


def test_far_out_the_law_holds():
    logs = np.log(10) * 2.0 ** np.arange(5, 13)
    frame = pentagon_path(np.log(4), logs)
    gaps = np.abs(frame["excess"] - 2 * np.log(frame["R"] / np.log(4)))
    assert np.all(np.diff(gaps) < 0)
    assert gaps.iloc[-1] < 0.02
    assert pentagon_path(0, logs)["extra"].tolist() == pytest.approx([1 / GOLDEN] * 8)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: pentagon_logits(-0.1), "extra is -0.1"),
    (lambda: pentagon_points(0.7), "extra is 0.7"),
    (lambda: extra_margin(np.eye(4)), r"shape \(4, 4\)"),
    (lambda: pentagon_path(1.0, [3.0]), "log_penalties are"),
    (lambda: pentagon_path(1.0, [8.0, 7.0]), "must increase"),
    (lambda: pentagon_path(np.nan, [8.0]), "log_odds is nan"),
])  # fmt: skip
def test_what_is_refused(call, message):
    with pytest.raises(NTPDataError, match=message):
        call()
