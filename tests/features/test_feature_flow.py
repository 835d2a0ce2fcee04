"""The flow of decoder and embeddings: its start, its columns, and what it refuses."""

import re

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

import ntp_lib as ntp
from ntp_lib.features.flow import feature_flow
from ntp_lib.features.measurements import centred, feature_references, measure_features
from ntp_lib.features.training import random_start


@pytest.fixture(scope="module")
def plane():
    data = ntp.synthetic.toy_2d()
    return feature_references(data), *random_start(data, dim=2, scale=0.5, seed=0)


def flow(plane, log_times=(0.0,), **changes):
    references, W, H = plane
    return feature_flow(references, **{"log_times": log_times, "W0": W, "H0": H} | changes)


def test_it_sets_out_down_the_gradient(plane):
    """W(t) = W(0) − t∇ + O(t²), and t = e^−4 is small."""
    references, W, H = plane
    t, (W1, H1) = np.exp(-4.0), flow(plane, (-4.0,), tolerance=1e-10).factors[0]
    slope = ntp.gradient(W @ H.T, references.data)
    for before, after, gradient in ((W, W1, slope @ H), (H, H1, slope.T @ W)):
        assert np.linalg.norm((before - after) / t - gradient) < 0.02 * np.linalg.norm(gradient)


def test_every_time_has_its_factors_and_measurements(plane):
    found = flow(plane, (-1.0, 0.5, 2.0))
    assert found.frame["log_time"].tolist() == [-1.0, 0.5, 2.0]
    for row, (W, H) in zip(found.frame.to_dict("records"), found.factors, strict=True):
        measured = measure_features(W, H, plane[0])
        assert list(row) == ["log_time", *measured, "singular_1", "singular_2"]
        assert {name: row[name] for name in measured} == pytest.approx(measured, rel=1e-12, nan_ok=True)
        values = np.linalg.svd(centred(H @ W.T))[1]
        assert [row["singular_1"], row["singular_2"]] == pytest.approx(values[:2], rel=1e-12)
    assert (np.diff(found.frame["excess_loss"]) < 0).all()


@pytest.mark.parametrize(("dim", "columns"), [(1, 1), (2, 2), (7, 3)])
def test_there_are_as_many_singular_values_as_can_differ_from_zero(plane, dim, columns):
    """Three contexts, five tokens whose logits are centred, and d dimensions."""
    W, H = random_start(ntp.synthetic.toy_2d(), dim=dim, scale=0.5, seed=1)
    frame = flow(plane, W0=W, H0=H).frame
    assert [name for name in frame if name.startswith("singular")] == [f"singular_{i + 1}" for i in range(columns)]


def test_centring_takes_one_from_the_tokens():
    """Many contexts and two tokens: centred logits have rank one."""
    data = ntp.NTPData(np.eye(4), np.full(4, 0.25), np.eye(2)[[0, 1, 0, 1]])
    W, H = random_start(data, dim=3, scale=0.5, seed=0)
    frame = feature_flow(feature_references(data), log_times=[0.0], W0=W, H0=H).frame
    assert [name for name in frame if name.startswith("singular")] == ["singular_1"]


def test_a_smaller_tolerance_comes_closer(plane):
    exact = flow(plane, (3.0,), tolerance=1e-11).factors[0][0]
    errors = [np.abs(flow(plane, (3.0,), tolerance=t).factors[0][0] - exact).max() for t in (1e-2, 1e-5, 1e-8)]
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 1e-6 < errors[0] < 0.1


def test_the_last_time_is_24(plane):
    found = flow(plane, (24.0,), tolerance=1e-2)
    assert found.frame["log_time"].tolist() == [24.0]
    assert found.frame["excess_loss"].iloc[0] < 1e-4


@pytest.mark.parametrize("log_times", [(-5.0, 1.0), (24.1,), (1.0, 1.0), (2.0, 1.0)])
def test_times_out_of_order_or_range_are_refused(plane, log_times):
    message = f"log_times are {list(log_times)}; they must increase and lie in (-5.0, 24.0]"
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        flow(plane, log_times)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log_times": ["soon"]}, "log_times[0] is 'soon'"),
        ({"tolerance": 0.02}, "tolerance is 0.02; it must be a finite number at least 1e-12 and at most 0.01"),
        ({"tolerance": 9e-13}, "tolerance is 9e-13; it must be a finite number at least 1e-12 and at most 0.01"),
        ({"W0": [["a"]]}, "W0 must be numbers of shape (rows, d); got "),
        ({"H0": [[1.0], [1.0, 2.0]]}, "H0 must be numbers of shape (rows, d); got "),
        ({"W0": np.full((5, 2), np.nan)}, "W0 holds NaN, infinity or an entry above 1e+50; none may be so large"),
        ({"H0": np.full((3, 2), -2e50)}, "H0 holds NaN, infinity or an entry above 1e+50; none may be so large"),
        (
            {"W0": np.ones(5)},
            "W0 and H0 have shapes (5,) and (3, 2); they must be (V, d) and (m, d) with V=5, m=3",
        ),
        ({"W0": np.ones((4, 2))}, "W0 and H0 have shapes (4, 2) and (3, 2); "),
        ({"W0": np.ones((5, 3))}, "W0 and H0 have shapes (5, 3) and (3, 2); "),
        ({"H0": np.ones((4, 2))}, "W0 and H0 have shapes (5, 2) and (4, 2); "),
    ],
)
def test_what_does_not_fit_is_refused_by_name(plane, changes, message):
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        flow(plane, **changes)


def test_an_integrator_that_stops_is_reported(plane, monkeypatch):
    stopped = OptimizeResult(success=False, t=np.array([0.5, 1.0, 1.25]), message="step size too small")
    monkeypatch.setattr("ntp_lib.features.flow.solve_ivp", lambda *args, **options: stopped)
    message = "^the flow stopped at log t = 1.25: step size too small"
    with pytest.raises(ntp.DidNotConvergeError, match=message):
        flow(plane)


def test_few_contexts_have_few_singular_values():
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5, 0, 0, 0], [0, 0, 1, 0, 0]])
    W, H = random_start(data, dim=7, scale=0.5, seed=0)
    columns = feature_flow(feature_references(data), W0=W, H0=H, log_times=(0.0,)).frame.columns
    assert [name for name in columns if name.startswith("singular_")] == ["singular_1", "singular_2"]
