"""Descent with its clock, and the flow."""

import numpy as np
import pytest

from ntp_lib.choice.clocks import choice_descent, choice_flow, direction_gaps
from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.draws import random_choice
from ntp_lib.choice.slope import ChoiceSlope
from ntp_lib.errors import DidNotConvergeError, NTPDataError

PENCIL = ChoiceData.from_sentences(["ab"], ["a"], queries=["a"])


def start(choice, seed=0):
    return np.random.default_rng(seed).uniform(-0.3, 0.3, choice.shape)


def test_the_flow_of_one_pair_is_known():
    """u = θ_a − θ_b obeys u' = 2/(1 + e^u), hence u + e^u = 2t + 1 from u = 0."""
    run = choice_flow(PENCIL, np.zeros((2, 2)), log_times=[-2.0, 0.0, 3.0, 9.0])
    u = run.weights[:, 0, 0] - run.weights[:, 1, 0]
    np.testing.assert_allclose(u + np.exp(u), 2 * run.times + 1, rtol=1e-7)
    assert run.steps.tolist() == [-1] * 4


def test_descent_takes_the_steps_it_says():
    choice = random_choice(tokens=5, dim=4, sentences=5, length=3, seed=2)
    run = choice_descent(choice, start(choice), step_size=0.1, step_decay=0.5, steps=6, num_records=None)
    slope = ChoiceSlope(choice)
    for k in range(6):
        gradient = slope(run.weights[k])
        size = 0.1 / np.sqrt(k + 1)
        length = np.linalg.norm(gradient)
        np.testing.assert_allclose(run.weights[k + 1], run.weights[k] - size * gradient / length, atol=1e-14)
        assert run.times[k + 1] - run.times[k] == pytest.approx(size / length)


@pytest.mark.parametrize("method", ["gd", "ngd"])
def test_small_steps_follow_the_flow(method):
    choice = random_choice(tokens=6, dim=6, sentences=5, length=3, seed=3, cyclic=True)
    W0 = start(choice, 1)
    distances = []
    for size in (0.02, 0.01):
        run = choice_descent(choice, W0, method=method, step_size=size, steps=round(2 / size), num_records=2)
        flow = choice_flow(choice, W0, log_times=[float(np.log(run.times[-1]))])
        distances.append(float(np.linalg.norm(run.weights[-1] - flow.weights[0])))
    assert distances[1] < 0.02
    assert distances[0] / distances[1] == pytest.approx(2, rel=0.15)


def test_gaps_do_not_cancel():
    target = np.array([[1.0, 0.0], [0.0, 0.0]])
    weights = np.array([[[1.0, 1e-9], [0.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]]])
    np.testing.assert_allclose(direction_gaps(weights, target), [5e-19, 1.0], rtol=1e-6)
    with pytest.raises(NTPDataError, match="no direction"):
        direction_gaps(np.zeros((1, 2, 2)), target)


def test_refusals():
    with pytest.raises(NTPDataError, match="log_times"):
        choice_flow(PENCIL, np.zeros((2, 2)), log_times=[1.0, 0.5])
    with pytest.raises(NTPDataError, match="method"):
        choice_descent(PENCIL, np.zeros((2, 2)), method="adam")
    with pytest.raises(NTPDataError, match="W0"):
        choice_descent(PENCIL, np.zeros((3, 2)))
    lone = ChoiceData.from_sentences(["a"], ["a"], vocabulary=["a", "b"])
    with pytest.raises(DidNotConvergeError, match="zero"):
        choice_descent(lone, np.zeros((2, 2)), steps=2)


def test_draws_are_of_the_kind_asked_for():
    for seed in range(4):
        cyclic = random_choice(tokens=6, dim=8, sentences=6, length=4, seed=seed, cyclic=True)
        assert cyclic.in_completed.sum() > cyclic.num_contexts
        plain = random_choice(tokens=8, dim=8, sentences=4, length=6, seed=seed, cyclic=False)
        assert plain.in_completed.sum() == plain.num_contexts < len(plain.rows)
        np.testing.assert_allclose(np.linalg.norm(plain.keys, axis=1), 1)
    with pytest.raises(NTPDataError, match="length"):
        random_choice(tokens=3, dim=2, sentences=2, length=4)
    with pytest.raises(DidNotConvergeError, match="no draw"):
        random_choice(tokens=2, dim=2, sentences=1, length=2, cyclic=True)
