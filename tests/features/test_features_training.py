"""Descent, flow and weight decay on decoder and embeddings together."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features.flow import feature_flow
from ntp_lib.features.measurements import (
    centred,
    feature_references,
    largest_distance,
    measure_features,
    within_support,
)
from ntp_lib.features.ridge import convex_gap, ridge_features
from ntp_lib.features.training import random_start, train_features
from ntp_lib.features.trigonometric import trigonometric_features


@pytest.fixture(scope="module")
def plane():
    data = ntp.synthetic.toy_2d()
    return data, feature_references(data)


def objective(W, H, penalty, data):
    """The definition, without a word about gradients."""
    logits = H @ W.T
    log_q = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    loss = -np.sum(data.context_probs[:, None] * data.next_token_probs * log_q)
    return loss + penalty * (np.sum(W**2) + np.sum(H**2)) / 2


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_one_step_goes_down_the_gradient_of_both_factors(plane, ridge):
    data, references = plane
    eta, delta = 0.1, 1e-6
    W, H = random_start(data, dim=2, scale=1.0, seed=3)
    after = train_features(
        data, dim=2, step_size=eta, steps=1, ridge=ridge, scale=1.0, seed=3, references=references, num_records=2
    )
    for factor, new, place in ((W, after.W, (1, 0)), (H, after.H, (2, 1))):
        values = []
        for sign in (1, -1):
            factor[place] += sign * delta
            values.append(objective(W, H, ridge, data))
            factor[place] -= sign * delta
        # Central differences: an error of order delta² and rounding over delta.
        slope = (values[0] - values[1]) / (2 * delta)
        assert (factor[place] - new[place]) / eta == pytest.approx(slope, abs=1e-8)


def test_measurements_at_the_limits(plane):
    """Factors of L* + R L^mm are measured as what they are."""
    _, references = plane
    logits = references.finite + 50 * references.margin.logits
    left, sigma, right = np.linalg.svd(logits, full_matrices=False)
    W, H = right.T * np.sqrt(sigma), left * np.sqrt(sigma)
    found = measure_features(W, H, references)
    assert found["finite_error"] <= 1e-12
    assert found["cosine_corrected"] == pytest.approx(1, abs=1e-12)
    assert found["cosine"] < 1 - 1e-5
    assert found["imbalance"] <= 1e-11
    assert 0 < found["excess_loss"] < 1e-15
    assert np.isnan(found["context_collapse"])
    assert measure_features(W, 2 * H, references)["finite_error"] > 1


def test_parts_of_the_logits_are_orthogonal(plane):
    _, references = plane
    L = np.random.default_rng(0).standard_normal((3, 5))
    inside = within_support(L, references.support)
    assert abs(np.vdot(inside, L - inside)) <= 1e-14
    assert np.abs(centred(L).sum(axis=1)).max() <= 1e-15
    # L^mm has no part inside the supports.
    assert np.abs(within_support(references.margin.logits, references.support)).max() <= 1e-15


def test_largest_distance_sees_pairs_of_one_kind_only():
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 5.0]])
    assert largest_distance(vectors, np.array([0, 0, 1])) == 0
    assert largest_distance(vectors, np.array([0, 1, 0])) == pytest.approx(2 * np.sqrt(26) / 6)
    assert np.isnan(largest_distance(vectors, np.array([0, 1, 2])))


def test_weight_decay_finds_the_certified_minimum(plane):
    """Descent with the same penalty ends at the same logits: the minimiser is unique (thm-nuclear-ridge)."""
    data, references = plane
    path = ridge_features(data, penalties=[0.1, 0.03], dim=3, references=references)
    W, H = path.factors[-1]
    np.testing.assert_allclose(W.T @ W, H.T @ H, atol=1e-5)
    descent = train_features(
        data, dim=3, steps=4000, step_size=0.5, ridge=0.03, seed=1, references=references, num_records=2
    )
    # Strong convexity turns gaps of 1e-8 into distances of about their root.
    np.testing.assert_allclose(descent.H @ descent.W.T, H @ W.T, atol=1e-3)
    assert path.frame["gap"].max() <= 1e-6
    assert convex_gap(1.1 * H @ W.T, 0.03, references.data) > 1e-3
    # Rank one is not enough here, and the certificate says so.
    with pytest.raises(ntp.DidNotConvergeError, match="relative gap"):
        ridge_features(data, penalties=[0.01], dim=1, references=references)


def test_flow_is_the_limit_of_descent_and_keeps_the_balance(plane):
    data, references = plane
    W, H = random_start(data, dim=3, scale=0.5, seed=0)
    flow = feature_flow(references, log_times=[0.0, np.log(20.0)], W0=W, H0=H, tolerance=1e-9)
    end = flow.factors[-1][1] @ flow.factors[-1][0].T
    errors = []
    for eta in (0.1, 0.05):
        run = train_features(
            data, dim=3, steps=round(20 / eta), step_size=eta, scale=0.5, references=references, num_records=2
        )
        errors.append(np.linalg.norm(run.H @ run.W.T - end))
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.05)
    start = W.T @ W - H.T @ H
    W, H = flow.factors[-1]
    # Not exact: the first stretch of time is one Euler step.
    assert np.linalg.norm(W.T @ W - H.T @ H - start) <= 1e-4 * np.linalg.norm(start)
    assert flow.frame["singular_1"].iloc[-1] > flow.frame["singular_3"].iloc[-1] > 0


@pytest.mark.parametrize("seed", range(3))
def test_trigonometric_features_have_the_log_odds_and_margins(seed, random_problem):
    data = random_problem(seed, m=30, V=12, sizes=(1, 3))
    curve = trigonometric_features(data)
    assert curve.W.shape == (12, 2 * data.support_sizes.max())
    basis = ntp.NTPData(np.eye(30), data.context_probs, data.next_token_probs)
    logits = [h @ curve.W.T for h in (curve.H, curve.D, curve.H + 60 * curve.D)]
    probs = np.asarray(data.next_token_probs)
    finite = within_support(np.log(np.where(probs > 0, probs, 1.0)), data.support)
    np.testing.assert_allclose(within_support(logits[0], data.support), finite, atol=1e-10)
    assert np.abs(within_support(logits[1], data.support)).max() <= 1e-8
    assert ntp.margin(logits[1].T, basis) >= 1 - 1e-8
    assert ntp.excess_loss(logits[2].T, basis) <= 1e-12
    # Control: without the highest frequency the margins are gone.
    highest = data.support_sizes.max() - 1
    kept = np.delete(np.arange(curve.W.shape[1]), [highest, 2 * highest + 1])
    assert ntp.margin((curve.D[:, kept] @ curve.W[:, kept].T).T, basis) < 0.5


def test_refusals(plane):
    data, references = plane
    for options, message in (
        ({"dim": 0}, "dim is 0"),
        ({"dim": 2, "steps": 0}, "steps is 0"),
        ({"dim": 2, "step_size": np.nan}, "step_size is nan"),
        ({"dim": 2, "ridge": -1.0}, "ridge is -1"),
        ({"dim": 2, "num_records": 1}, "num_records is 1"),
    ):
        with pytest.raises(ntp.NTPDataError, match=message):
            train_features(data, references=references, **options)
    for penalties in ([], [0.1, 0.2], [-1.0]):
        with pytest.raises(ntp.NTPDataError, match="penalties"):
            ridge_features(data, penalties=penalties, dim=2, references=references)
    W, H = random_start(data, dim=2, scale=0.1, seed=0)
    for log_times in ([], [2.0, 1.0], [1.0, 100.0]):
        with pytest.raises(ntp.NTPDataError, match="log_times"):
            feature_flow(references, log_times=log_times, W0=W, H0=H)
    with pytest.raises(ntp.NTPDataError, match=r"W0 and H0 have shapes \(5, 2\) and \(5, 2\)"):
        feature_flow(references, log_times=[1.0], W0=W, H0=W)


def test_weights_that_overflow_are_reported(plane):
    data, references = plane
    with np.errstate(all="ignore"), pytest.raises(ntp.DidNotConvergeError, match="lower step_size"):
        train_features(data, dim=2, step_size=1e6, ridge=1.0, steps=2000, references=references, num_records=2)


def test_words_lie_evenly_on_the_whole_curve(random_problem):
    """cos kθ_z and sin kθ_z at V points evenly spread over the circle sum to zero for 0 < k < V."""
    data = random_problem(0, V=7, sizes=(2, 4))
    W = trigonometric_features(data).W
    degree = int(data.support_sizes.max())
    assert W.shape == (7, 2 * degree)
    assert np.abs(W.sum(axis=0)).max() <= 1e-12
    assert W[2, 0] == pytest.approx(np.cos(4 * np.pi / 7))
    assert W[2, degree] == pytest.approx(np.sin(4 * np.pi / 7))
