"""Frames of the drawings of capacity."""

import numpy as np
import pandas as pd


def rank():
    rows = [
        (labels, m, 0.3 * scale * (1 - m / 8) if m < 8 else 1e-31, 0.4 * scale * (1 - m / 8))
        for labels, scale in (("Uneven labels", 1.0), ("Nearly uniform labels", 0.02))
        for m in range(1, 11)
    ]
    frame = pd.DataFrame(rows, columns=["labels", "width", "floor", "quadratic"])
    return frame.assign(quadratic=frame["quadratic"].clip(lower=0))


def selections():
    rows = [
        (case, kind, law * ratio, float(np.clip(1.6 - ratio - 0.05 * i, 0, 1)), law, 1 / (1 + ratio**12))
        for case, law in (
            ("1 of 2 tokens", 2.0),
            ("1 of 3 tokens", 1.2),
            ("1 of 4 tokens", 0.92),
            ("2 of 3 tokens", 0.667),
            ("2 of 4 tokens", 0.529),
        )
        for i, kind in enumerate(("attention", "Gaussian features"))
        for ratio in (0.6, 0.8, 1.0, 1.2, 1.4)
    ]
    return pd.DataFrame(rows, columns=["case", "kind", "ratio", "share", "law", "exact"])


def orders():
    rows = [
        (case, d, exact**power + 0.03, exact**power)
        for case, power in (("one query", 1), ("three queries", 3))
        for d, exact in ((6, 0.01), (8, 0.2), (9, 0.5), (10, 0.83), (11, 1.0))
    ]
    return pd.DataFrame(rows, columns=["case", "dim", "share", "exact"])


def vocabulary():
    rows = [
        (kind, ratio, top * (1 - 1 / ratio), 2.0)
        for kind, top in (("tokens alike", 2.0), ("Zipf weights", 1.0))
        for ratio in (2, 3, 6, 25)
    ]
    return pd.DataFrame(rows, columns=["kind", "tokens_per_dim", "half", "law"])


def text():
    return pd.DataFrame(
        {
            "data": ["40 prefixes", "74 prefixes", "143 prefixes", "215 pairs"],
            "contexts": [40, 74, 143, 215],
            "rank": [40, 74, 143, 215],
            "worst_case": [18, 33, 66, 102],
            "matrix_law": [np.nan, np.nan, 26.8, 75.0],
            "law": [6.5, 11.9, 19.9, 46.5],
            "count": [1, 1, 1, 25],
            "gaussian": [8.5, 13.5, 29.5, 77.0],
            "transformer": [8.0, 15.0, np.nan, np.nan],
        }
    )


def trained():
    rows = [
        (n, m, 2.0 / m**2 * (n / 20), law, 10)
        for n, law in ((20, 3.0), (40, 6.5), (74, 11.9))
        for m in (1, 2, 4, 8, 16)
    ]
    return pd.DataFrame(rows, columns=["contexts", "width", "excess", "law", "free"])
