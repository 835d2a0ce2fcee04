"""A trace whose late steps are averaged, for methods that jitter and amplify rounding.

Normalised gradient descent and Adam take steps that do not shrink. Once these exceed what is left on F they
overshoot there at every step, and a last bit of the data decides where a single late step lands. Early steps, and
averages over many late ones, hardly depend on it (observed; see the reasons of fig-5 in notebooks/figures.yml).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.numbers import whole_number

MEASURES = ("excess_loss", "norm", "cosine", "cosine_corrected", "finite_error", "margin")
# Quantiles of the jitter on F that are kept beside its mean.
BAND = (0.1, 0.9)


def averaged_trace(trace: pd.DataFrame, *, after: int, per_decade: int = 10) -> pd.DataFrame:
    """Keep single steps up to `after` and average the later ones over windows of equal length in log(step).

    Args:
        trace: the frame of `train(..., num_records=None)`: every step from 0 to the last.
        after: the last step to stand alone, at least 1.
        per_decade: windows per factor of ten.

    Returns:
        One row per kept step or window. step: the step, or the window's middle in log(step). The columns of
        `measure_all`: at single steps, NaN for windows. The same with _mean, and finite_error_low and
        finite_error_high, the quantiles BAND: over windows, NaN at single steps.

    Raises:
        NTPDataError: steps are missing, or `after` or `per_decade` is not a positive whole number.
    """
    after, per_decade = whole_number(after, "after", least=1), whole_number(per_decade, "per_decade", least=1)
    steps = trace["step"].to_numpy()
    if not np.array_equal(steps, np.arange(len(steps))):
        raise NTPDataError("the trace lacks steps; averages need every step: train(..., num_records=None)")
    last = int(steps[-1])
    rows = [_single(trace.iloc[step]) for step in _spaced(1, min(after, last), 2 * per_decade, first=0)]
    edges = _spaced(after, last, per_decade) if last > after else []
    rows += [_window(trace.iloc[low + 1 : high + 1]) for low, high in pairwise(edges)]
    columns = ["step", *MEASURES, *(f"{name}_mean" for name in MEASURES), "finite_error_low", "finite_error_high"]
    return pd.DataFrame(rows, columns=columns)


def _spaced(low: int, high: int, per_decade: int, *, first: int | None = None) -> list[int]:
    count = max(1, round(per_decade * np.log10(high / low)))
    inner = np.unique(np.rint(np.geomspace(low, high, count + 1)).astype(int)).tolist()
    return inner if first is None else [first, *inner]


def _single(row: pd.Series) -> dict[str, float]:
    return {"step": int(row["step"]), **{name: float(row[name]) for name in MEASURES}}


def _window(part: pd.DataFrame) -> dict[str, float]:
    low, high = np.quantile(part["finite_error"], BAND)
    middle = round(float(np.sqrt(part["step"].iloc[0] * part["step"].iloc[-1])))
    means = {f"{name}_mean": float(part[name].mean()) for name in MEASURES}
    return {"step": middle, **means, "finite_error_low": low, "finite_error_high": high}


def window_means(trace: pd.DataFrame, *, columns: Sequence[str], per_decade: int = 10) -> pd.DataFrame:
    """Average columns of a trace over windows of equal length in log(step), step 0 left out.

    Args:
        trace: a frame of `train`, with several recorded steps in every window that matters.
        columns: those averaged; NaN counts as NaN.
        per_decade: windows per factor of ten.

    Returns:
        One row per window: step, the middle of its recorded steps in log(step), a whole number; and the means.

    Raises:
        NTPDataError: `per_decade` is not a positive whole number, or a column is missing.
    """
    per_decade = whole_number(per_decade, "per_decade", least=1)
    if missing := [name for name in columns if name not in trace]:
        raise NTPDataError(f"the trace has no column {missing[0]!r}; it has {', '.join(trace.columns)}")
    part = trace[trace["step"] > 0]
    # The last step of a decade closes a window: 1e-9 is less than the distance of two steps up to 1e8.
    window = np.ceil(np.log10(part["step"]) * per_decade - 1e-9).astype(int)
    groups = part.groupby(window)
    middle = np.rint(np.sqrt(groups["step"].min() * groups["step"].max())).astype(int)
    return groups[list(columns)].mean().assign(step=middle)[["step", *columns]].reset_index(drop=True)
