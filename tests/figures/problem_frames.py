"""Documented frames of drawings of one problem, or of many: data, conditions, thresholds, solvers."""

import numpy as np
import pandas as pd


def plane(words):
    angles = np.linspace(0.3, 6, words)
    rows = [("word", str(i + 1), np.cos(a) * (i + 1), np.sin(a)) for i, a in enumerate(angles)]
    rows += [("context", name, x, y) for name, x, y in (("A", 0, 1), ("B", -0.8, -0.5), ("C", 0.8, -0.5))]
    return pd.DataFrame(rows, columns=["kind", "name", "x", "y"])


def support_and_rows():
    probs = [("P", c, w, p) for c, row in zip("ABC", np.eye(3, 5), strict=True) for w, p in enumerate(row, 1)]
    rng = np.random.default_rng(0)
    rows = [(m, w, k, rng.standard_normal()) for m in ("W_mm", "W_star") for w in range(1, 6) for k in "xy"]
    contexts = [("context", c, k, rng.standard_normal()) for c in "ABC" for k in "xy"]
    return pd.DataFrame(probs + rows + contexts, columns=["matrix", "row", "column", "value"])


def sparse():
    entries = [(0, 0, 1.0), (1, 0, 0.5), (1, 2, 0.5), (2, 1, 0.2), (2, 3, 0.8)]
    return pd.DataFrame(entries, columns=["context", "token", "probability"])


def certificate():
    rows = [(j, v, w, s) for j in range(3) for v, (w, s) in enumerate([(1.0, True), (-0.7, False), (-0.3, False)])]
    return pd.DataFrame(rows, columns=["context", "token", "weight", "in_support"])


def lengths():
    return pd.DataFrame(
        {
            "context_length": [1, 2, 3], "num_contexts": [10, 50, 90], "num_sequences": [100, 99, 98],
            "mean_support": [5.0, 1.8, 1.1], "single_share": [0.2, 0.6, 0.9], "entropy": [2.0, 0.5, 0.1],
        }
    )  # fmt: skip


def ranks():
    return pd.DataFrame(
        [(n, s, 1 / (n * s)) for n in (1, 2, 3) for s in (1, 2, 4)],
        columns=["context_length", "support_size", "share"],
    )


def multipliers():
    rows = [
        ("A", 1, 1.5, True, 0.0),
        ("A", 2, 0.0, False, 2.0),
        ("B", 1, -3.0, False, 1.0),
        ("B", 2, 0.5, True, 0.0),
    ]
    return pd.DataFrame(rows, columns=["context", "word", "multiplier", "in_support", "margin"])


def parts():
    rows = [("F", "limit", 1, 0, 0.5, 0.5), ("F", "limit", 2, 0, -0.5, 0.2)]
    rows += [("complement", "limit", 1, 0, 0.0, 1.0), ("complement", "limit", 2, 0, 1.0, -1.0)]
    rows += [
        (part, "trajectory", word, step, (-1) ** word * 0.1 * (step + 1), 0.2 * step)
        for part in ("F", "complement")
        for word in (1, 2)
        for step in (0, 1, 3, 10)
    ]
    return pd.DataFrame(rows, columns=["part", "curve", "word", "step", "x", "y"])


def splitting():
    k = np.array([10, 20, 30])
    return pd.concat(
        pd.DataFrame({"problem": name, "iteration": k, "violation": q**k, "excluded_margin": 1 / k})
        for name, q in (("separable", 0.8), ("not separable", 1.0))
    )


def contenders():
    rows = [
        ("small", "ntp_lib", "reached", 0.1),
        ("small", "peer", "reached", 2.0),
        ("large", "ntp_lib", "reached", 0.3),
    ]
    rows += [("large", "peer", "time limit", 60.0)]
    names = ["title", "contender", "outcome", "median"]
    return pd.DataFrame(rows, columns=names).assign(low=lambda f: f["median"] / 2, high=lambda f: f["median"] * 2)


def growth():
    rows = [
        (series, size, name, size * k)
        for series in "mdV"
        for name, k in (("ours", 1), ("peer", 9))
        for size in (1, 2)
    ]
    frame = pd.DataFrame(rows, columns=["series", "size", "contender", "median"])
    return frame.assign(low=frame["median"] / 2, high=frame["median"] * 2)


def pairs():
    kinds = ["follows", "bounded", "diverging"]
    rows = [(j, v, f"word {v}", kinds[(j + v) % 3]) for j in range(1, 5) for v in range(1, 4)]
    return pd.DataFrame(rows, columns=["context", "token", "token_name", "kind"])


def fibre():
    curve = [("", x, x * (1 - x)) for x in (0.2, 0.4, 0.5, 0.6, 0.8)]
    return pd.DataFrame([*curve, ("data", 0.2, 0.16), ("limit", 0.5, 0.25)], columns=["name", "share", "entropy"])


def phases():
    rows = [
        (
            axis,
            value,
            ratio,
            f"over {axis}",
            max(0.0, 1 - ratio / 3),
            3.0 / value,
            10.0 / value,
            np.inf if value == 1 else 9 / value,
            1.5 if value == 5 else np.nan,
        )
        for axis, values in (("support_size", (1, 2, 5)), ("vocab_size", (4, 6)))
        for value in values
        for ratio in (1.0, 2.0, 3.0)
    ]
    return pd.DataFrame(
        rows, columns=["axis", "value", "ratio", "title", "share", "law", "pair", "count", "theorem"]
    )


def scaling():
    rows = [
        (case, dim, 2 - 1 / dim, 0.02, 2.0, 0.01, -1.0, law, matrix, pair)
        for case, law, matrix, pair in (("uniform", 2.0, np.nan, np.nan), ("Zipf", 2.5, 2.1, 2.2))
        for dim in (10, 20, 40)
    ]
    columns = ["case", "dim", "centre", "error", "limit", "limit_error", "slope", "law", "matrix_law", "pair"]
    return pd.DataFrame(rows, columns=columns)


def transitions():
    rows = [
        (question, ratio, max(0.0, 1 - ratio / predicted), predicted, 2.0)
        for question, predicted in (("separability", 1.5), ("compatibility", 2.5))
        for ratio in (1.0, 2.0, 3.0)
    ]
    return pd.DataFrame(rows, columns=["question", "ratio", "share", "predicted", "pair"])
