"""Free factors under descent, Adam and the flow."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.concepts.factors import Snapshot, factor_flow, factor_slope, train_factors
from ntp_lib.features.training import random_start
from ntp_lib.loss.cross_entropy import gradient

PROBS = np.array([[0.75, 0.25, 0.0, 0.0], [0.0, 0.5, 0.25, 0.25], [0.0, 0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def data():
    return ntp.NTPData(np.eye(3), [0.5, 0.25, 0.25], PROBS)


@pytest.fixture
def start(data):
    return random_start(data, dim=3, scale=1.0, seed=1)


def test_the_slope_is_that_of_the_loss_in_the_logits(data, start):
    W, H = start
    G = gradient(W @ H.T, data)
    slope = factor_slope(data)(np.vstack([H, W]))
    np.testing.assert_allclose(slope, np.vstack([G.T @ W, G @ H]), atol=1e-15)


def test_descent_takes_the_steps_written_out(data, start):
    W, H = start
    kept = train_factors(data, dim=3, records=[0, 1, 3], method="gd", step_size=0.5, scale=1.0, seed=1)
    assert [s.time for s in kept] == [0.0, 1.0, 3.0]
    np.testing.assert_array_equal(kept[0].W, W)
    for step in range(1, 4):
        G = gradient(W @ H.T, data)
        W, H = W - 0.5 * G @ H, H - 0.5 * G.T @ W
        if step == 1:
            np.testing.assert_allclose(kept[1].H, H, atol=1e-14)
    np.testing.assert_allclose(kept[2].logits, H @ W.T, atol=1e-13)


def test_adam_comes_close_to_the_entropy(data):
    kept = train_factors(data, dim=3, records=[0, 600], step_size=0.05)
    excess = [ntp.excess_loss(s.logits.T, ntp.NTPData(np.eye(3), data.context_probs, PROBS)) for s in kept]
    assert excess[0] > 0.3
    assert excess[1] < 1e-3


def test_the_flow_is_the_limit_of_descent_and_keeps_its_balance(data, start):
    W, H = start
    flow = factor_flow(data, W, H, [0.0, 1.0, 2.0], tolerance=1e-9)
    np.testing.assert_allclose(flow[0].W, W, atol=1e-14)
    for s in flow:
        np.testing.assert_allclose(s.W.T @ s.W - s.H.T @ s.H, W.T @ W - H.T @ H, atol=1e-7)
    errors = []
    for halvings in (0, 1):
        steps = 200 * 2**halvings
        end = train_factors(data, dim=3, records=[steps], method="gd", step_size=2 / steps, scale=1.0, seed=1)[0]
        errors.append(np.linalg.norm(end.logits - flow[2].logits))
    # First order in the step.
    assert 1.9 < errors[0] / errors[1] < 2.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"records": []}, "at least one step is needed"),
        ({"records": [3, 3]}, r"records are \[3, 3\]"),
        ({"records": [-1]}, r"records\[0\] is -1"),
        ({"records": [1], "method": "newton"}, "unknown method 'newton'"),
        ({"records": [1], "dim": 0}, "dim is 0"),
        ({"records": [1], "step_size": 0.0}, "step_size is 0.0"),
    ],
)
def test_impossible_runs_are_refused(data, options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        train_factors(data, **{"dim": 2, **options})


def test_a_run_that_blows_up_is_stopped(data):
    with pytest.raises(ntp.DidNotConvergeError, match="lower step_size"):
        train_factors(data, dim=3, records=[400], method="gd", step_size=1e12)


def test_a_flow_from_zero_stays_there(data):
    end = factor_flow(data, np.zeros((data.vocab_size, 2)), np.zeros((data.num_contexts, 2)), [0.0, 3.0])[-1]
    assert not end.W.any()
    assert not end.H.any()


def test_flows_from_impossible_places_are_refused(data, start):
    W, H = start
    with pytest.raises(ntp.NTPDataError, match=r"must be \(4, d\) and \(3, d\)"):
        factor_flow(data, H, W, [1.0])
    for times in ([-1.0], [1.0, 1.0]):
        with pytest.raises(ntp.NTPDataError, match="must start at zero or later and increase"):
            factor_flow(data, W, H, times)


def test_too_many_contexts_for_one_block_are_refused(monkeypatch, data):
    monkeypatch.setattr("ntp_lib.data.ntp_data.BLOCK_ENTRIES", 8)
    with pytest.raises(ntp.NTPDataError, match="take a slice of the text"):
        factor_slope(data)


def test_snapshots_know_their_logits():
    s = Snapshot(1.0, np.array([[1.0, 2.0]]), np.array([[3.0, 1.0], [0.0, 1.0]]))
    assert s.logits.tolist() == [[5.0], [2.0]]
