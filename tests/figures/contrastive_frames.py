"""Frames of the drawings of the contrastive loss."""

import pandas as pd


def imbalance():
    rows = [
        (curve, ratio, sign * (0.3 + 0.2 * i), 0.1 * i - 0.8, int(ratio == 100 and sign > 0))
        for curve, sign in (
            ("contrastive, τ = 1", 1),
            ("contrastive, τ = 4", 0.5),
            ("cross-entropy, contexts", -1),
        )
        for i, ratio in enumerate((1, 10, 100))
    ]
    return pd.DataFrame(rows, columns=["curve", "ratio", "small_pair", "large_pair", "together"])


def long_features():
    rows = [
        (pair, tau, -1 / 3 + shift / tau, shift * (1 - 0.3 / tau), -1 / 3, shift)
        for pair, shift in (("large, large", -0.2), ("large, small", -0.3), ("small, small", 1.2))
        for tau in (1.0, 10.0, 100.0)
    ]
    return pd.DataFrame(rows, columns=["pair", "squared_length", "cosine", "shift", "simplex", "limit"])
