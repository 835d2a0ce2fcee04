"""Averages over late steps, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories.windows import MEASURES, averaged_trace


def trace_of(steps, value=lambda step: np.asarray(step, dtype=float)):
    step = np.arange(steps + 1)
    return pd.DataFrame({"step": step, **{name: value(step) for name in MEASURES}})


def test_single_steps_are_kept_and_late_ones_averaged():
    trace = trace_of(1000, lambda step: step.astype(float) ** 2)
    frame = averaged_trace(trace, after=100, per_decade=4)
    single, late = frame[frame["norm"].notna()], frame[frame["norm"].isna()]
    assert (single["norm"] == single["step"] ** 2).all()
    assert (
        single[[name for name in frame if "_" in name and name.endswith(("mean", "low", "high"))]]
        .isna()
        .all()
        .all()
    )
    assert single["step"].tolist()[0] == 0
    assert single["step"].max() == 100
    assert late["step"].tolist() == [134, 238, 422, 750]
    edges = [100, 178, 316, 562, 1000]
    for before, last, (_, row) in zip(edges[:-1], edges[1:], late.iterrows(), strict=True):
        window = np.arange(before + 1, last + 1) ** 2.0
        assert row["norm_mean"] == pytest.approx(window.mean())
        assert [row["finite_error_low"], row["finite_error_high"]] == pytest.approx(
            np.quantile(window, [0.1, 0.9])
        )


@pytest.mark.parametrize("after", [10, 50])
def test_a_short_trace_has_no_windows(after):
    frame = averaged_trace(trace_of(10), after=after)
    assert frame["step"].max() == 10
    assert frame["norm_mean"].isna().all()


def test_one_step():
    assert averaged_trace(trace_of(1), after=1)["step"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("trace", "options", "message"),
    [
        (trace_of(10).iloc[[0, 1, 3, 10]], {"after": 3}, "lacks steps"),
        (trace_of(10).iloc[1:], {"after": 3}, "lacks steps"),
        (trace_of(10), {"after": 0}, "after is 0"),
        (trace_of(10), {"after": 2.5}, "after is 2.5"),
        (trace_of(10), {"after": 2, "per_decade": 0}, "per_decade is 0"),
    ],
)
def test_bad_arguments_are_refused(trace, options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        averaged_trace(trace, **options)
