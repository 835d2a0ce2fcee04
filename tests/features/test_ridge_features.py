"""Weight decay on decoder and embeddings: the certificate, the path, and what it refuses."""

import re

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features.measurements import centred, feature_references, measure_features
from ntp_lib.features.ridge import convex_gap, ridge_features


@pytest.fixture(scope="module")
def plane():
    data = ntp.synthetic.toy_2d()
    return data, feature_references(data)


def objective(L, penalty, data):
    """CE − entropy + λ‖L‖_*, by the definitions."""
    log_q = L - np.logaddexp.reduce(L, axis=1)[:, None]
    probs = np.asarray(data.next_token_probs)
    ratio = np.log(np.where(probs > 0, probs, 1.0)) - np.where(probs > 0, log_q, 0.0)
    return np.sum(data.context_probs[:, None] * probs * ratio) + penalty * np.linalg.svd(L)[1].sum()


@pytest.mark.parametrize(("share", "gap"), [(0.25, 3.0), (0.5, 1.0), (1.0, 0.0), (2.0, 0.0)])
def test_zero_is_the_minimum_once_the_penalty_reaches_the_slope(plane, share, gap):
    """At L = 0 the slope is π_j (1/V − p̂_jz); nothing is left but (‖G‖/λ − 1)₊."""
    data, references = plane
    slope = data.context_probs[:, None] * (1 / 5 - np.asarray(data.next_token_probs))
    penalty = share * np.linalg.svd(slope)[1][0]
    assert convex_gap(np.zeros((3, 5)), penalty, references.data) == pytest.approx(gap, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_where_the_penalty_exceeds_the_slope_the_gap_is_a_logarithmic_derivative(plane, seed):
    """⟨G, L⟩ + λ‖L‖_* is the derivative of f(tL) by t."""
    data, references = plane
    L, h = np.random.default_rng(seed).standard_normal((3, 5)), 1e-5
    ends = [objective(t * L, 2.0, data) for t in (1 + h, 1 - h)]
    expected = (ends[0] - ends[1]) / (2 * h) / objective(L, 2.0, data)
    assert convex_gap(L, 2.0, references.data) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_the_gap_bounds_the_distance_from_the_minimum(plane, seed):
    data, references = plane
    path = ridge_features(data, penalties=[0.05], dim=3, references=references)
    W, H = path.factors[0]
    least = objective(H @ W.T, 0.05, data)
    L = H @ W.T + 0.3 * np.random.default_rng(seed).standard_normal((3, 5))
    value = objective(L, 0.05, data)
    assert value > least
    assert convex_gap(L, 0.05, references.data) >= (value - least) / value


def test_a_path_holds_its_factors_measurements_and_gaps(plane):
    data, references = plane
    path = ridge_features(data, penalties=[0.1, 0.03], dim=4, references=references)
    assert path.references is references
    assert path.frame["penalty"].tolist() == [0.1, 0.03]
    for row, (W, H) in zip(path.frame.to_dict("records"), path.factors, strict=True):
        measured = measure_features(W, H, references)
        assert (W.shape, H.shape) == ((5, 4), (3, 4))
        assert list(row) == ["penalty", *measured, "gap"]
        assert {name: row[name] for name in measured} == pytest.approx(measured, nan_ok=True)
        assert row["gap"] == pytest.approx(convex_gap(H @ W.T, row["penalty"], references.data))
        assert row["gap"] <= 1e-6
        np.testing.assert_allclose(centred(H @ W.T), H @ W.T, atol=1e-5)


def test_directions_open_after_a_penalty_that_shut_them_all(plane):
    """The origin is the minimum for λ = 1 and a saddle for λ = 0.05."""
    data, references = plane
    path = ridge_features(data, penalties=[1.0, 0.05], dim=3, references=references)
    (W, H), (W2, H2) = path.factors
    assert np.linalg.norm(H @ W.T) < 1e-6 < 0.1 < np.linalg.norm(H2 @ W2.T)
    alone = ridge_features(data, penalties=[0.05], dim=3, seed=5, references=references).factors[0]
    np.testing.assert_allclose(H2 @ W2.T, alone[1] @ alone[0].T, atol=1e-4)


def test_references_are_made_where_none_are_given(plane):
    path = ridge_features(plane[0], penalties=[0.1], dim=3)
    np.testing.assert_allclose(path.references.finite, plane[1].finite)


def test_the_start_follows_the_seed(plane):
    data, references = plane
    options = {"penalties": [0.1], "dim": 3, "references": references}
    plain, zero, one = (
        ridge_features(data, **options, **seed).factors[0][0] for seed in ({}, {"seed": 0}, {"seed": 1})
    )
    np.testing.assert_array_equal(plain, zero)
    assert np.abs(plain - one).max() > 1e-3


def test_progress_is_shown_where_asked_for(plane, capsys):
    for progress in (False, True):
        ridge_features(plane[0], penalties=[0.1, 0.05], dim=3, references=plane[1], progress=progress)
        shown = capsys.readouterr().err
        assert ("ridge: 100%" in shown) == progress
        assert ("penalty" in shown) == progress


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalties": [0.1, 0.1]}, "penalties are [0.1, 0.1]; they must lie between 1e-100 and 1e100"),
        (
            {"penalties": [0.0]},
            "penalties are [0.0]; they must lie between 1e-100 and 1e100 and strictly decrease",
        ),
        ({"penalties": [2e100]}, "penalties are [2e+100]; they must lie between"),
        ({"penalties": [1.0, 5e-101]}, "penalties are [1.0, 5e-101]; they must lie between"),
        ({"penalties": ["x"]}, "penalties[0] is 'x'"),
        ({"dim": 0}, "dim is 0; it must be a whole number of at least 1"),
        ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be a finite number above 0"),
        ({"references": 1}, "references is int"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(plane, options, message):
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        ridge_features(plane[0], **{"penalties": [0.1], "dim": 2, "references": plane[1]} | options)


def test_a_gap_above_the_tolerance_names_its_penalty(plane):
    with pytest.raises(
        ntp.DidNotConvergeError, match=r"^penalty 0\.01 ended with a relative gap of \d\.\de[-+]\d\d"
    ):
        ridge_features(plane[0], penalties=[1.0, 0.01], dim=1, references=plane[1])
    loose = ridge_features(plane[0], penalties=[1.0, 0.01], dim=1, tolerance=100.0, references=plane[1])
    assert loose.frame["gap"].iloc[-1] > 1e-4
