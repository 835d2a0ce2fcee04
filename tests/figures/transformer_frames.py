"""Frames of the drawings of a transformer on a grammar."""

import pandas as pd

STEPS = (0, 1, 10, 100)


def training():
    rows = [
        (curve, step, 2.0 / (1 + step), (1.1 + i) / (1 + step), 0.5 / (2 + step) ** 0.5, 0.3 + 0.1 * i)
        for i, curve in enumerate(("nested", "crossing"))
        for step in STEPS
    ]
    columns = ["curve", "step", "excess_loss", "finite_error", "direction_gap", "twin_distance"]
    return pd.DataFrame(rows, columns=columns)


def order():
    rows = [
        (panel, contrast, step, min(1.0, step / (20.0 * (i + 1))))
        for panel in ("Equal frequencies", "Plum and cake frequent")
        for i, contrast in enumerate(("food, tools", "sweet, savoury", "garden, kitchen", "plum, cake"))
        for step in STEPS
    ]
    return pd.DataFrame(rows, columns=["panel", "contrast", "step", "share"])


def maps():
    """Six maps; the groups are as many and as small as in the book."""
    sizes = {
        "contexts": {"halves": 4, "classes": 8, "pairs": 8, "single": 12, "crossing": 4},
        "words": {"sweet": 3, "savoury": 3, "garden": 3, "kitchen": 3},
    }
    rows = []
    for kind, groups in sizes.items():
        names = [group for group, size in groups.items() for _ in range(size)]
        for source in ("network", "margin", "proxy"):
            rows += [
                (f"{kind.capitalize()}, {source}", kind, i, j, names[i], 1.0 if i == j else (i - j) / len(names))
                for i in range(len(names))
                for j in range(i, len(names))
            ]
    return pd.DataFrame(rows, columns=["panel", "kind", "row", "column", "group", "cosine"])
