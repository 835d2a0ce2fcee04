"""One documented frame per drawing function, small and without any computation of its own."""

import numpy as np
import pandas as pd
import pytest

from ntp_lib import figures

STEPS = [0, 1, 3, 10, 100]


def _training(curves):
    decay = np.exp(-np.arange(len(STEPS)))
    return pd.concat(
        pd.DataFrame({
            "step": STEPS, "curve": curve, "excess_loss": (i + 1) * decay, "entropy": 0.88,
            "norm": 1 + i + np.arange(len(STEPS)), "cosine": [np.nan, 0.2, 0.4, 0.6, 0.8],
            "cosine_corrected": 1 - decay, "finite_error": (i + 1) * decay,
        })
        for i, curve in enumerate(curves)
    )  # fmt: skip


def _plane(words):
    angles = np.linspace(0.3, 6, words)
    rows = [("word", str(i + 1), np.cos(a) * (i + 1), np.sin(a)) for i, a in enumerate(angles)]
    rows += [("context", name, x, y) for name, x, y in (("A", 0, 1), ("B", -0.8, -0.5), ("C", 0.8, -0.5))]
    return pd.DataFrame(rows, columns=["kind", "name", "x", "y"])


def _support_and_rows():
    probs = [("P", c, w, p) for c, row in zip("ABC", np.eye(3, 5), strict=True) for w, p in enumerate(row, 1)]
    rng = np.random.default_rng(0)
    rows = [(m, w, k, rng.standard_normal()) for m in ("W_mm", "W_star") for w in range(1, 6) for k in "xy"]
    contexts = [("context", c, k, rng.standard_normal()) for c in "ABC" for k in "xy"]
    return pd.DataFrame(probs + rows + contexts, columns=["matrix", "row", "column", "value"])


def _sparse():
    entries = [(0, 0, 1.0), (1, 0, 0.5), (1, 2, 0.5), (2, 1, 0.2), (2, 3, 0.8)]
    return pd.DataFrame(entries, columns=["context", "token", "probability"])


def _cases():
    parts = [
        pd.DataFrame({"case": case, "step": STEPS, "excess_loss": floor + 10.0 ** -np.arange(5), "floor": value})
        for case, floor, value in (("both hold", 0, 0.0), ("incompatible", 0.1, 0.1), ("unknown", 0.2, np.nan))
    ]
    return pd.concat(parts)


def _certificate():
    rows = [(j, v, w, s) for j in range(3) for v, (w, s) in enumerate([(1.0, True), (-0.7, False), (-0.3, False)])]
    return pd.DataFrame(rows, columns=["context", "token", "weight", "in_support"])


def _lengths():
    return pd.DataFrame(
        {
            "context_length": [1, 2, 3], "num_contexts": [10, 50, 90], "num_sequences": [100, 99, 98],
            "mean_support": [5.0, 1.8, 1.1], "single_share": [0.2, 0.6, 0.9], "entropy": [2.0, 0.5, 0.1],
        }
    )  # fmt: skip


def _ranks():
    return pd.DataFrame(
        [(n, s, 1 / (n * s)) for n in (1, 2, 3) for s in (1, 2, 4)],
        columns=["context_length", "support_size", "share"],
    )


def _path():
    radius = np.geomspace(1, 30, 6)
    return pd.DataFrame(
        {
            "radius": radius, "penalty": np.exp(-radius), "excess_loss": np.exp(-radius),
            "genie_bound": 5 * np.exp(-radius), "direction_gap": radius**-2.0,
            "direction_gap_corrected": 0.5 * radius**-2.0, "finite_error": np.exp(-radius),
        }
    )  # fmt: skip


def _comparison():
    rows = [(step, alpha, 1 / (1 + alpha * step)) for alpha in (0.1, 0.5) for step in (1, 10, 100)]
    return pd.DataFrame(rows, columns=["step", "alpha", "ratio"])


def _multipliers():
    rows = [
        ("A", 1, 1.5, True, 0.0),
        ("A", 2, 0.0, False, 2.0),
        ("B", 1, -3.0, False, 1.0),
        ("B", 2, 0.5, True, 0.0),
    ]
    return pd.DataFrame(rows, columns=["context", "word", "multiplier", "in_support", "margin"])


def _parts():
    rows = [("F", "limit", 1, 0, 0.5, 0.5), ("F", "limit", 2, 0, -0.5, 0.2)]
    rows += [("complement", "limit", 1, 0, 0.0, 1.0), ("complement", "limit", 2, 0, 1.0, -1.0)]
    rows += [
        (part, "trajectory", word, step, (-1) ** word * 0.1 * (step + 1), 0.2 * step)
        for part in ("F", "complement")
        for word in (1, 2)
        for step in (0, 1, 3, 10)
    ]
    return pd.DataFrame(rows, columns=["part", "curve", "word", "step", "x", "y"])


def _dimensions():
    names = ("excess_loss", "norm", "alignment", "finite_error")
    bands = {"low": 0.1, "median": 0.2, "high": 0.4}
    return pd.DataFrame(
        {"dim": dim, "ratio": dim / 10, "step": step}
        | {f"{name}_{band}": value + step / dim for name in names for band, value in bands.items()}
        for dim in (10, 12, 20)
        for step in STEPS
    )


def _averaged():
    single = _training(["normalised GD", "Adam"])
    measures = ["excess_loss", "norm", "cosine", "cosine_corrected", "finite_error"]
    late = single["step"] > 3
    columns = {f"{name}_mean": single[name].where(late) for name in measures}
    columns["finite_error_low"] = 0.7 * columns["finite_error_mean"]
    columns["finite_error_high"] = 1.5 * columns["finite_error_mean"]
    return single.assign(**{name: single[name].mask(late) for name in measures}, **columns)


def _flow_law():
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


def _flow_multipliers():
    s = np.array([5.0, 10.0, 20.0])
    return pd.concat(pd.DataFrame({"log_time": s, "pair": p, "error": np.exp(-s)}) for p in ("active", "inactive"))


def _flow_clocks():
    s = np.array([1.0, 5.0, 8.0])
    curves = (("flow", np.nan), ("gradient descent", 2.0), ("normalised", 1.0), ("law", np.nan))
    return pd.concat(
        pd.DataFrame({"curve": c, "log_time": s, "step": k * np.exp(s), "gap": s**-2, "gap_corrected": s**-2 / 2})
        for c, k in curves
    )


def _flow_degenerate():
    s = np.array([10.0, 100.0, 1000.0])
    cases = (("degenerate", np.log(s)), ("generic", np.ones(3)))
    return pd.concat(
        pd.DataFrame({"case": case, "log_time": s, "scaled_gap": d**2, "drift": d}) for case, d in cases
    )


def _splitting():
    k = np.array([10, 20, 30])
    return pd.concat(
        pd.DataFrame({"problem": name, "iteration": k, "violation": q**k, "excluded_margin": 1 / k})
        for name, q in (("separable", 0.8), ("not separable", 1.0))
    )


def _contenders():
    rows = [
        ("small", "ntp_lib", "reached", 0.1),
        ("small", "peer", "reached", 2.0),
        ("large", "ntp_lib", "reached", 0.3),
    ]
    rows += [("large", "peer", "time limit", 60.0)]
    names = ["title", "contender", "outcome", "median"]
    return pd.DataFrame(rows, columns=names).assign(low=lambda f: f["median"] / 2, high=lambda f: f["median"] * 2)


def _growth():
    rows = [
        (series, size, name, size * k)
        for series in "mdV"
        for name, k in (("ours", 1), ("peer", 9))
        for size in (1, 2)
    ]
    frame = pd.DataFrame(rows, columns=["series", "size", "contender", "median"])
    return frame.assign(low=frame["median"] / 2, high=frame["median"] * 2)


def _settling():
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


def _pairs():
    kinds = ["follows", "bounded", "diverging"]
    rows = [(j, v, f"word {v}", kinds[(j + v) % 3]) for j in range(1, 5) for v in range(1, 4)]
    return pd.DataFrame(rows, columns=["context", "token", "token_name", "kind"])


def _fibre():
    curve = [("", x, x * (1 - x)) for x in (0.2, 0.4, 0.5, 0.6, 0.8)]
    return pd.DataFrame([*curve, ("data", 0.2, 0.16), ("limit", 0.5, 0.25)], columns=["name", "share", "entropy"])


def _feature_flow():
    rows = [("wanted", 0.0, np.nan, 0.26)]
    rows += [
        (start, s, 0.9 + 0.001 * s, 0.01 * s) for start in ("start 0", "two directions") for s in (2.0, 5.0, 9.0)
    ]
    return pd.DataFrame(rows, columns=["start", "log_time", "cosine", "singular_3"])


def _features():
    decay = np.exp(-np.arange(len(STEPS)))
    return pd.concat(
        pd.DataFrame({
            "curve": curve, "step": STEPS, "excess_loss": (i + 1) * decay, "finite_error": (i + 2) * decay,
            "direction_gap": 0.5 * decay, "collapse": (i + 0.5) * decay,
        })
        for i, curve in enumerate(["two dimensions", "twins"])
    )  # fmt: skip


def _phases():
    rows = [
        (
            axis,
            value,
            ratio,
            f"over {axis}",
            max(0.0, 1 - ratio / 3),
            3.0 / value,
            np.inf if value == 1 else 9 / value,
        )
        for axis, values in (("support_size", (1, 2, 5)), ("vocab_size", (4, 6)))
        for value in values
        for ratio in (1.0, 2.0, 3.0)
    ]
    return pd.DataFrame(rows, columns=["axis", "value", "ratio", "title", "share", "law", "count"])


def _scaling():
    rows = [
        (case, dim, 2 - 1 / dim, 0.02, 2.0, 0.01, -1.0, law, matrix)
        for case, law, matrix in (("uniform", 2.0, np.nan), ("Zipf", 2.5, 2.1))
        for dim in (10, 20, 40)
    ]
    columns = ["case", "dim", "centre", "error", "limit", "limit_error", "slope", "law", "matrix_law"]
    return pd.DataFrame(rows, columns=columns)


def _transitions():
    rows = [
        (question, ratio, max(0.0, 1 - ratio / predicted), predicted)
        for question, predicted in (("separability", 1.5), ("compatibility", 2.5))
        for ratio in (1.0, 2.0, 3.0)
    ]
    return pd.DataFrame(rows, columns=["question", "ratio", "share", "predicted"])


def _shares():
    return pd.DataFrame(
        {"panel": panel, "curve": curve, "step": STEPS[1:], "share": [0.1, 0.4, 0.7, 0.9]}
        for panel in ("max", "Frobenius")
        for curve in ("SignGD", "normalised GD")
    ).explode(["step", "share"], ignore_index=True).astype({"step": float, "share": float})  # fmt: skip


def _candidates():
    rows = [("paper's run", 10, 1e-3), ("paper's run", 100, 1e-4), ("two tokens", 100, 2e-3), ("four", 100, 3e-3)]
    return pd.DataFrame(
        {"case": case, "end": end, "gap_frozen": gap, "gap_frobenius": 20 * gap, "gap_max": 0.3}
        for case, end, gap in rows
    )


FRAMES = {
    "candidate_panels": _candidates,
    "share_panels": _shares,
    "averaged_training_panels": _averaged,
    "bounded_and_diverging": _settling,
    "decomposition_map": _pairs,
    "fibre_curve": _fibre,
    "certificate_map": _certificate,
    "comparison_curves": _comparison,
    "contender_times": _contenders,
    "context_length_panels": _lengths,
    "dimension_panels": _dimensions,
    "distribution_bars": _sparse,
    "excess_by_case": _cases,
    "flow_clocks": _flow_clocks,
    "flow_degenerate": _flow_degenerate,
    "flow_law": _flow_law,
    "flow_multipliers": _flow_multipliers,
    "growth_curves": _growth,
    "feature_flow_panels": _feature_flow,
    "feature_panels": _features,
    "multiplier_map": _multipliers,
    "path_panels": _path,
    "phase_diagram": _phases,
    "plane_geometry": lambda: _plane(5),
    "sparsity_pattern": _sparse,
    "splitting_residuals": _splitting,
    "subspace_plane": _parts,
    "support_and_rows": _support_and_rows,
    "support_size_ranks": _ranks,
    "threshold_scaling": _scaling,
    "training_panels": lambda: _training(["gradient descent"]),
    "two_transitions": _transitions,
}


@pytest.fixture(scope="session")
def frames():
    """The documented frame of every public drawing function, by name."""
    return {name: make() for name, make in FRAMES.items()}


@pytest.fixture(params=sorted(figures.__all__))
def drawing(request, frames):
    """Every drawing function with its frame; a new one needs a frame here."""
    assert request.param in frames, f"add a documented frame for {request.param} to FRAMES"
    return getattr(figures, request.param), frames[request.param]


@pytest.fixture(scope="session")
def training_frame():
    """A frame for the training panels with the curves asked for."""
    return _training
