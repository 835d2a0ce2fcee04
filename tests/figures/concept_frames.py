"""Documented frames of the drawings of concepts."""

import numpy as np
import pandas as pd

MATRICES = ["start", "log counts", "PPMI centred", "centred support", "least norm"]


def order():
    time = np.linspace(0.0, 100.0, 11)
    return pd.concat(
        pd.DataFrame({
            "frequencies": title, "mode": mode, "time": time,
            "strength": np.minimum(1e-5 * np.exp(0.02 * (i + 4) * time), 3.0), "predicted": 40.0 + 9 * i,
            "level": 0.5,
        })
        for title in ("Equal frequencies", "One pair twelve times as frequent")
        for i, mode in enumerate(["root", "half a", "half b", "pair aa", "pair ab"])
    )  # fmt: skip


def curves():
    steps = np.array([1, 10, 100, 1000])
    return pd.DataFrame(
        {"side": side, "matrix": matrix, "step": step, "correlation": 0.1 * i + 0.1 * np.log10(step)}
        for side in ("Words", "Contexts")
        for i, matrix in enumerate(MATRICES)
        for step in steps
    )


def rows():
    return pd.DataFrame(
        {
            "side": side,
            "matrix": matrix,
            "text": text,
            "mean": 0.1 * i + 0.05 * k,
            "low": 0.1 * i,
            "high": 0.1 * i + 0.1,
        }
        for side in ("Words", "Contexts")
        for i, matrix in enumerate([*MATRICES, "counts", "PMI", "support", "log-odds", "shuffled support"])
        for k, text in enumerate(["language reference", "docstrings"])
    )


def precision():
    panels = {
        "By matrix": (MATRICES, ["language reference", "docstrings", "both"]),
        "By class": (
            ["exceptions", "special methods", "modals", "forms of be"],
            ["centred support", "log counts"],
        ),
    }
    return pd.DataFrame(
        {"panel": panel, "row": row, "series": series, "precision": 0.1 * (i + 1) + 0.03 * k, "chance": 0.012}
        for panel, (rows, many) in panels.items()
        for i, row in enumerate(rows)
        for k, series in enumerate(many)
    )


def stability():
    number = np.arange(1, 13)
    return pd.DataFrame({
        "number": number, "resampled_low": 1 / number, "resampled_mean": number**-0.5, "halves": 0.9 / number,
        "resampled_nearest": number**-0.3, "subspace": 0.99 - 0.005 * number,
    })  # fmt: skip


def spectrum():
    number = np.arange(1, 21)
    return pd.DataFrame(
        {"curve": curve, "number": k, "share": k ** -(0.4 + 0.2 * i)}
        for i, curve in enumerate(["centred support, language reference", "centred support, docstrings", "start"])
        for k in number
    )


def sample():
    tokens = np.array([20_000, 50_000, 100_000])
    return pd.DataFrame({
        "tokens": tokens, "mean_support": [1.8, 2.2, 2.6], "weighted_support": [8.0, 20.0, 50.0],
        "single_share": [0.73, 0.68, 0.6], "unseen_mass": [0.5, 0.4, 0.3],
    })  # fmt: skip
