"""Frames of the drawings of attention as a choice."""

import numpy as np
import pandas as pd


def priorities():
    tokens = [("a", "0", 0.0, 2), ("b", "0", 1.0, 2), ("c", "1", 0.5, 1), ("d", "2", 0.0, 0)]
    edges = [("a", "b"), ("b", "a"), ("a", "c"), ("b", "c"), ("c", "d")]
    rows = [("token", *token) for token in tokens]
    rows += [("edge", winner, loser, 0.0, 0.0) for winner, loser in edges]
    for name, end in (("a", 0.7), ("b", 0.3), ("c", 0.0)):
        rows += [("attention", name, "training", step, end + (1 / 3 - end) / step) for step in (1, 10, 100, 1000)]
        rows.append(("attention", name, "settled", 0.0, end))
    return pd.DataFrame(rows, columns=["kind", "name", "partner", "x", "y"])


def split():
    step = np.array([1, 10, 100, 1000, 10_000])
    return pd.DataFrame(
        {
            "step": step,
            "hard_part": 0.5 / step,
            "soft_part": 0.2 / step**2,
            "one_minus_cosine": 1 / (2 + np.log(step)) ** 2,
            "finite_error": 0.9 / step,
        }
    )


def clocks():
    rows = []
    for method, speed in (("normalised descent", 3.0), ("gradient descent", 1.0)):
        for step in (10, 100, 1000):
            s = float(np.log(speed * step))
            rows.append((method, step, s, 1 / (1 + s) ** 2))
    rows += [("gradient flow", np.nan, s, 1 / (1 + s) ** 2) for s in (2.0, 4.0, 6.0, 8.0)]
    frame = pd.DataFrame(rows, columns=["method", "step", "log_time", "gap"])
    return frame.assign(point=frame.groupby("method").cumcount())


def misses():
    rows = [("share", "programme", x, min(1.0, 0.3 * x**1.3)) for x in (0.75, 1.0, 2.0, 2.5)]
    rows += [("share", "graph", x, 0.3) for x in (0.75, 1.0, 2.0, 2.5)]
    rows += [("attention", "completion", k, k**-0.5) for k in (1, 10, 100, 1000)]
    rows += [("attention", "graph", k, 0.6 + k**-0.5) for k in (1, 10, 100, 1000)]
    return pd.DataFrame(rows, columns=["kind", "name", "x", "y"])
