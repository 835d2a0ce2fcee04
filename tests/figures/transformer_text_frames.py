"""Documented frames of the drawings of a transformer on real text."""

import numpy as np
import pandas as pd


def agreement():
    curves = (
        "log-probabilities", "PPMI", "centred support", "shuffled supports", "least nuclear norm",
        "ridge path, λ = 0.001", "start of training",
    )  # fmt: skip
    return pd.concat(
        pd.DataFrame({
            "panel": panel, "curve": curve, "step": [1, 3, 10, 100], "correlation": 0.1 * i + 0.1 * np.arange(4),
        })
        for panel in ("words", "contexts") for i, curve in enumerate(curves)
    )  # fmt: skip


def frozen():
    decay = np.exp(-np.arange(4.0))
    return pd.concat(
        pd.DataFrame({
            "curve": curve, "step": [1, 3, 10, 100], "excess_loss": 3 * decay, "log_odds_error": (i + 1) * decay,
            "finite_error": 0.9 * np.array(known), "cosine": known,
        })
        for i, (curve, known) in enumerate((
            ("64 dimensions, m/d = 11.3", [np.nan, np.nan, 0.8, 0.9]), ("32 dimensions, m/d = 22.5", [np.nan] * 4),
        ))
    )  # fmt: skip
