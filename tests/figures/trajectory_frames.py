"""Documented frames of drawings over the steps of a run, the time of a flow or the radii of a path."""

import numpy as np
import pandas as pd

STEPS = [0, 1, 3, 10, 100]


def training(curves):
    decay = np.exp(-np.arange(len(STEPS)))
    return pd.concat(
        pd.DataFrame({
            "step": STEPS, "curve": curve, "excess_loss": (i + 1) * decay, "entropy": 0.88,
            "norm": 1 + i + np.arange(len(STEPS)), "cosine": [np.nan, 0.2, 0.4, 0.6, 0.8],
            "cosine_corrected": 1 - decay, "finite_error": (i + 1) * decay,
        })
        for i, curve in enumerate(curves)
    )  # fmt: skip


def cases():
    parts = [
        pd.DataFrame({"case": case, "step": STEPS, "excess_loss": floor + 10.0 ** -np.arange(5), "floor": value})
        for case, floor, value in (("both hold", 0, 0.0), ("incompatible", 0.1, 0.1), ("unknown", 0.2, np.nan))
    ]
    return pd.concat(parts)


def path():
    radius = np.geomspace(1, 30, 6)
    return pd.DataFrame(
        {
            "radius": radius, "penalty": np.exp(-radius), "excess_loss": np.exp(-radius),
            "genie_bound": 5 * np.exp(-radius), "direction_gap": radius**-2.0,
            "direction_gap_corrected": 0.5 * radius**-2.0, "finite_error": np.exp(-radius),
        }
    )  # fmt: skip


def drift():
    k = np.array([1, 10, 100, 1000])
    growths = (("exact gradients", np.log(1 + k)), ("1 token a step", 1.0 * k))
    return pd.concat(
        pd.DataFrame({"curve": c, "step": k, "off": off, "slope": [np.nan, 0.3, 0.6, 0.9], "margin": off - 2})
        for c, off in growths
    )


def remainders():
    k = np.array([10, 100, 1000, 10000])
    lengths = (("degenerate", np.log(np.log(k))), ("generic", np.ones(4)))
    return pd.concat(
        pd.DataFrame({"case": case, "step": k, "remainder": length, "scaled_finite": 0.2 + 1 / k})
        for case, length in lengths
    )


def comparison():
    rows = [(step, alpha, 1 / (1 + alpha * step)) for alpha in (0.1, 0.5) for step in (1, 10, 100)]
    return pd.DataFrame(rows, columns=["step", "alpha", "ratio"])


def dimensions():
    names = ("excess_loss", "norm", "alignment", "finite_error")
    bands = {"low": 0.1, "median": 0.2, "high": 0.4}
    return pd.DataFrame(
        {"dim": dim, "ratio": dim / 10, "step": step}
        | {f"{name}_{band}": value + step / dim for name in names for band, value in bands.items()}
        for dim in (10, 12, 20)
        for step in STEPS
    )


def averaged():
    single = training(["normalised GD", "Adam"])
    measures = ["excess_loss", "norm", "cosine", "cosine_corrected", "finite_error"]
    late = single["step"] > 3
    columns = {f"{name}_mean": single[name].where(late) for name in measures}
    columns["finite_error_low"] = 0.7 * columns["finite_error_mean"]
    columns["finite_error_high"] = 1.5 * columns["finite_error_mean"]
    return single.assign(**{name: single[name].mask(late) for name in measures}, **columns)


def flow_law():
    s = np.array([3.0, 30.0, 300.0])
    rows = [
        pd.DataFrame({"log_time": s, "measure": measure, "gap": c / s**2 * (1 + 1 / s), "law": c / s**2})
        for measure, c in (("W", 2.0), ("W − W*", 1.0))
    ]
    return (
        pd.concat(rows)
        .assign(law_refined=lambda f: f["law"], miss=lambda f: 1 / f["log_time"])
        .assign(miss_refined=lambda f: f["miss"] ** 2)
    )


def flow_multipliers():
    s = np.array([5.0, 10.0, 20.0])
    return pd.concat(pd.DataFrame({"log_time": s, "pair": p, "error": np.exp(-s)}) for p in ("active", "inactive"))


def flow_clocks():
    s = np.array([1.0, 5.0, 8.0])
    curves = (("flow", np.nan), ("gradient descent", 2.0), ("normalised", 1.0), ("law", np.nan))
    return pd.concat(
        pd.DataFrame({"curve": c, "log_time": s, "step": k * np.exp(s), "gap": s**-2, "gap_corrected": s**-2 / 2})
        for c, k in curves
    )


def flow_degenerate():
    s = np.array([10.0, 100.0, 1000.0])
    cases = (("degenerate", np.log(s)), ("generic", np.ones(3)))
    return pd.concat(
        pd.DataFrame({"case": case, "log_time": s, "scaled_gap": d**2, "drift": d}) for case, d in cases
    )


def token_clocks():
    t = np.array([0.5, 5.0, 50.0])
    curves = ("exact gradients", "single tokens, shrinking steps", "single tokens, constant steps")
    return pd.concat(pd.DataFrame({"curve": c, "clock": t, "gap": 1 / t, "finite_error": 2 / t}) for c in curves)


def token_settling():
    t = np.array([1.0, 10.0, 100.0])
    return pd.concat(
        pd.DataFrame({"run": run, "clock": t, "along": 1 / t, "across": run - 1 / t}) for run in (1, 2)
    )


def token_pencil():
    t = np.array([1.0, 10.0, 100.0])
    limits = {"probability_limit": 0.2, "lag_limit": -1.0}
    return pd.concat(
        pd.DataFrame({"curve": curve, "clock": t, "probability": 0.2 + 1 / t, "lag": -1 + 1 / t, **limits})
        for curve in ("shrinking steps", "constant steps")
    )


def settling():
    rows = [
        (
            kind,
            f"{kind} {i}",
            step,
            0.2 * (i + 1) + 0.3 / (1 + step) if limit else 1 / (i + 2 + step),
            limit * (i + 1),
        )
        for kind, limit in (("bounded", 0.2), ("diverging", 0.0))
        for i in range(2)
        for step in STEPS
    ]
    return pd.DataFrame(rows, columns=["kind", "curve", "step", "probability", "limit"])


def feature_flow():
    rows = [("wanted", 0.0, np.nan, 0.26)]
    rows += [
        (start, s, 0.9 + 0.001 * s, 0.01 * s) for start in ("start 0", "two directions") for s in (2.0, 5.0, 9.0)
    ]
    return pd.DataFrame(rows, columns=["start", "log_time", "cosine", "singular_3"])


def features():
    decay = np.exp(-np.arange(len(STEPS)))
    return pd.concat(
        pd.DataFrame({
            "curve": curve, "step": STEPS, "excess_loss": (i + 1) * decay, "finite_error": (i + 2) * decay,
            "direction_gap": 0.5 * decay, "collapse": (i + 0.5) * decay,
        })
        for i, curve in enumerate(["two dimensions", "twins"])
    )  # fmt: skip


def shares():
    return pd.DataFrame(
        {"panel": panel, "curve": curve, "step": STEPS[1:], "share": [0.1, 0.4, 0.7, 0.9]}
        for panel in ("max", "Frobenius")
        for curve in ("SignGD", "normalised GD")
    ).explode(["step", "share"], ignore_index=True).astype({"step": float, "share": float})  # fmt: skip


def candidates():
    rows = [("paper's run", 10, 1e-3), ("paper's run", 100, 1e-4), ("two tokens", 100, 2e-3), ("four", 100, 3e-3)]
    return pd.DataFrame(
        {"case": case, "end": end, "gap_frozen": gap, "gap_frobenius": 20 * gap, "gap_max": 0.3}
        for case, end, gap in rows
    )
