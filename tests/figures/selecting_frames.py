"""Frames of the drawings of a layer that selects."""

import numpy as np
import pandas as pd

STEPS = np.array([1, 10, 100, 1000, 10_000])


def stage_one():
    return pd.DataFrame(
        {
            "step": STEPS,
            "excess_loss": np.exp(-STEPS / 500.0),
            "norm": 0.05 * STEPS,
            "norm_bound": 0.01 * STEPS,
            "one_minus_cosine": 0.1 / STEPS,
            "bound": 10.0 / STEPS,
            "law": 0.5 / STEPS,
        }
    )


def stage_two():
    late = np.where(STEPS >= 1000, 1.0, np.nan)
    return pd.DataFrame(
        {
            "step": STEPS,
            "excess_loss": np.exp(-STEPS / 1000.0),
            "loss_bound": late * np.exp(1 - STEPS / 2000.0),
            "norm": 0.01 * STEPS,
            "norm_bound": late * 0.005 * STEPS,
            "one_minus_cosine": 0.3 / np.sqrt(STEPS),
            "bound": late * 20.0 / np.sqrt(STEPS),
        }
    )


def trap():
    rows = [
        ("margins", curve, x, 0, sign * x)
        for curve, sign in (
            ("values: {i, j}", -1.0),
            ("values: others", 0.5),
            ("label head: {i, j}", 0.8),
            ("label head: others", 1.1),
        )
        for x in (0.0, 1.0, 30.0)
    ]
    rows += [("map", "run", float(tau), r, float(r > tau)) for tau in (1, 2, 3) for r in (2, 4, 6)]
    rows += [("map", "proved", tau, 0, (1 + np.sqrt(33 + 16 * np.exp(tau))) / 4) for tau in (1.0, 2.0, 3.0)]
    return pd.DataFrame(rows, columns=["panel", "curve", "x", "rivals", "value"])


def generalise():
    rows = [
        (size, kind, step, 0.3 + 0.1 * i + 0.1 * j, 0.4 + 0.2 * i)
        for size in (100, 400)
        for i, kind in enumerate(("seen", "by transitivity", "in part", "undecided"))
        for j, step in enumerate((1, 100, 5000))
    ]
    return pd.DataFrame(rows, columns=["sentences", "kind", "step", "accuracy", "limit"])


def joint():
    rows = [
        (regime, seed, step, 0.01 * step * (1 + i), 0.3 / (1 + step / 100 + seed), 0.6 + 0.1 * i)
        for i, regime in enumerate(("two stages", "joint, collocations", "joint, sentences alone"))
        for seed in (0, 1)
        for step in (10, 100, 1000)
    ]
    return pd.DataFrame(rows, columns=["regime", "seed", "step", "norm", "one_minus_cosine", "accuracy"])


def soft():
    tau = np.linspace(1.0, 12.0, 12)
    return pd.DataFrame(
        {
            "scale": tau,
            "attention": np.maximum(0, 0.4 - 1 / tau),
            "head": 0.3,
            "critical": 2.66,
            "excess": 10 * np.exp(-tau / 2),
            "one_token": 20 * np.exp(-tau),
            "two_tokens": 20 * np.exp(-tau / 2),
        }
    )


def calibrated():
    x = np.linspace(1.0, 20.0, 20)
    rows = [("clock", "calibrated", t, t / 2) for t in x] + [("clock", "labels", t, t - 1) for t in x]
    rows += [("loss", "excess", 5 * t, np.exp(-t)) for t in x]
    rows += [("loss", "proved", 5 * t, 3 * np.exp(-t / 2)) for t in x[8:]]
    return pd.DataFrame(rows, columns=["panel", "curve", "x", "value"])
