"""Documented frames of the drawings about supports."""

import numpy as np
import pandas as pd


def planes():
    rows = []
    for extra in (0.0, 0.3, 0.6):
        for plane, radius in ((1, 1.0 + extra / 3), (2, 0.7 - extra)):
            for kind, shift in (("word", 0.0), ("context", 0.5)):
                turns = 2 * np.pi * plane * (np.arange(5) + shift) / 5
                rows += [(extra, plane, kind, str(j), radius * np.cos(a), radius * np.sin(a))
                         for j, a in enumerate(turns)]  # fmt: skip
    return pd.DataFrame(rows, columns=["extra", "plane", "kind", "name", "x", "y"])


def paths():
    decades = np.array([3.0, 4, 8, 16, 64, 256, 1024])
    rows = []
    for curve, extra in (("even", np.full(7, 0.618)), ("uneven", 3 * np.log(decades) / decades)):
        rows += [(curve, "path", d, t) for d, t in zip(decades, extra, strict=True)]
        rows += [(curve, "general", d, t) for d, t in zip(decades[:3], extra[:3], strict=True)]
        if curve == "uneven":
            rows += [(curve, "predicted", d, 1.05 * t) for d, t in zip(decades, extra, strict=True)]
    return pd.DataFrame(rows, columns=["curve", "kind", "decades", "extra"])


def speeds():
    norm = np.array([20.0, 40, 80, 160])
    return pd.concat(
        pd.DataFrame({
            "curve": curve, "penalty": 10.0 ** -np.arange(2, 6), "norm": norm, "distance": norm**power,
            "rest": [1.0, 1.3, 1.4, 1.4], "offset": [-2.0, -1.7, -1.6, -1.6], "share": 0.5, "power": power,
        })
        for curve, power in (("tree", -0.5), ("blocks", 0.0))
    )  # fmt: skip


def fan():
    penalty = np.geomspace(0.1, 0.01, 6)
    return pd.concat(
        pd.DataFrame({
            "case": case, "index": k, "penalty": penalty,
            "value": np.maximum(np.log(0.08 / k / penalty), 0), "start": 0.08 / k,
        })
        for case in ("all alike", "one pair frequent")
        for k in (1, 2, 3)
    )  # fmt: skip


def law():
    density = np.array([0.05, 0.1, 0.2, 0.5])
    columns = {
        "excess": 0.005 / density,
        "cosine": 1 - 0.005 / density,
        "slack": 0.5 - density,
        "rank": density + 0.4,
    }
    parts = []
    for curve, shift in (("law", 0.0), ("V = 60", 0.01), ("V = 120", 0.005)):
        part = pd.DataFrame({"curve": curve, "density": density, **{k: v + shift for k, v in columns.items()}})
        for column in columns:
            part[f"{column}_spread"] = np.nan if curve == "law" else 0.004
        parts.append(part)
    return pd.concat(parts)


def beyond_strict():
    place = 20 * 2.0 ** np.arange(8)
    rows = []
    for i, curve in enumerate(("strict", "free pair, margin above one", "free pair, margin one")):
        rows += [("distance", curve, B / 2, B, 3 + (i == 2) * np.log(B) - 1 / B, np.nan) for B in place]
    for curve, rule in (("random pentagon", 0.11), ("even odds, unequal contexts", 0.0), ("nine words", 0.36)):
        rows += [("point", curve, log, log, rule + np.log(log) / log, rule) for log in place]
    return pd.DataFrame(rows, columns=["panel", "curve", "log_penalty", "place", "value", "rule"])
