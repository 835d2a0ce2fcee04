"""Descent on decoder and embeddings: its start, its records, and what it refuses."""

import re

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features.measurements import feature_references, measure_features
from ntp_lib.features.training import random_start, train_features


@pytest.fixture(scope="module")
def plane():
    data = ntp.synthetic.toy_2d()
    return data, feature_references(data)


def trained(plane, **options):
    data, references = plane
    return train_features(data, **{"dim": 2, "steps": 20, "references": references, "num_records": 3} | options)


def test_starts_are_independent_gaussians_of_the_scale_asked_for(random_problem):
    data = random_problem(0, m=60, V=50)
    W, H = random_start(data, dim=16, scale=2.0, seed=3)
    assert (W.shape, H.shape) == ((50, 16), (60, 16))
    for factor in (W, H):
        # Standard deviation scale/√d = 1/2; five standard errors of about 800 entries.
        assert factor.std() == pytest.approx(0.5, abs=0.065)
        assert abs(factor.mean()) < 0.09
        assert np.mean(np.abs(factor) < 0.5) == pytest.approx(0.683, abs=0.08)
        assert np.abs(factor).max() < 2.5
    assert abs(np.corrcoef(W.ravel(), H[:50].ravel())[0, 1]) < 0.18
    again, other = (random_start(data, dim=16, scale=2.0, seed=seed)[0] for seed in (3, 4))
    np.testing.assert_array_equal(W, again)
    assert np.abs(W - other).max() > 0.1


def test_every_record_is_a_step_with_its_measurements(plane):
    run = trained(plane, steps=50, num_records=None)
    assert run.frame["step"].tolist() == list(range(51))
    measured = measure_features(run.W, run.H, run.references)
    assert list(run.frame) == ["step", *measured]
    assert run.frame.iloc[-1].drop("step").to_dict() == pytest.approx(measured, nan_ok=True)
    start = measure_features(*random_start(plane[0], dim=2, scale=0.1, seed=0), plane[1])
    assert run.frame.iloc[0].drop("step").to_dict() == pytest.approx(start, nan_ok=True)
    assert (np.diff(run.frame["excess_loss"]) < 0).all()
    assert run.references is plane[1]


def test_how_often_a_run_is_recorded_does_not_change_it(plane):
    often, seldom = trained(plane, num_records=None), trained(plane, num_records=2)
    np.testing.assert_array_equal(often.W, seldom.W)
    np.testing.assert_array_equal(often.H, seldom.H)
    assert len(seldom.frame) < len(often.frame) == 21
    assert seldom.frame["step"].iloc[[0, -1]].tolist() == [0, 20]


def test_options_not_given_are_those_documented(plane):
    data, references = plane
    options = {"dim": 2, "steps": 20, "references": references}
    plain = train_features(data, **options)
    spelt = train_features(data, **options, step_size=0.5, ridge=0.0, scale=0.1, seed=0, num_records=60)
    np.testing.assert_array_equal(plain.W, spelt.W)
    assert plain.frame["step"].tolist() == spelt.frame["step"].tolist()
    np.testing.assert_allclose(train_features(data, dim=2, steps=20).references.finite, references.finite)


def test_progress_is_shown_where_asked_for(plane, capsys):
    trained(plane)
    assert capsys.readouterr().err == ""
    trained(plane, progress=True)
    shown = capsys.readouterr().err
    assert re.search(r"\rfeatures: 100%.* 20/20 .*step", shown)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 0}, "dim is 0; it must be a whole number of at least 1"),
        ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
        ({"step_size": 0.0}, "step_size is 0.0; it must be a finite number above 0"),
        ({"scale": 0.0}, "scale is 0.0; it must be a finite number above 0"),
        ({"ridge": -0.1}, "ridge is -0.1; it must be a finite number at least 0"),
        ({"steps": 0}, "steps is 0"),
        ({"num_records": 1}, "num_records is 1"),
        ({"references": 3}, "references is int"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(plane, options, message):
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        trained(plane, **options)


def test_weights_that_leave_the_range_are_reported_with_the_step(plane):
    message = "^the weights left the range of float64 by step 500; lower step_size"
    with pytest.raises(ntp.DidNotConvergeError, match=message):
        trained(plane, step_size=1e3, ridge=1.0, steps=500, num_records=2)


def test_the_smallest_dimension_will_do(plane):
    assert trained(plane, dim=1).W.shape == (5, 1)


@pytest.mark.parametrize("seed", range(6))
def test_weights_beyond_float64_are_refused_whichever_factor_is_longer(plane, seed):
    with pytest.raises(ntp.DidNotConvergeError, match="the weights left the range of float64 by step 1;"):
        trained(plane, steps=1, step_size=1e80, seed=seed)
