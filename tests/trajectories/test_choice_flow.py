"""The flow on choice data: the flow of its pairs, descent at equal clocks, its limits, refusals."""

import sys
from pathlib import Path

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.choice import loss
from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.references import choice_references
from ntp_lib.trajectories.choice_flow import choice_flow

sys.path.insert(0, str(Path(__file__).parents[1] / "choice"))
from choice_problems import random_choice

CYCLIC = ChoiceData.from_sentences(["abcq", "bacq", "abq", "dcr"], ["a", "b", "a", "d"])
REFERENCES = choice_references(CYCLIC)


def test_two_candidates_follow_the_flow_of_their_pairs():
    """W = θ = w_1 − w_2, whose clock runs twice as fast."""
    data = random_choice(4, contexts=6, tokens=7, candidates=2, labels=1, counts=False, dims=(7, 6))
    W0 = np.random.default_rng(0).standard_normal(data.shape)
    times = np.array([-8.0, 0.0, 3.0, 10.0, 60.0])
    own = choice_flow(data, log_times=times, W0=W0)
    theirs = ntp.gradient_flow(
        data.pairs(data.context_probs),
        log_times=times - np.log(2),
        W0=np.array([W0.ravel(), -W0.ravel()]) / 2,
        tolerance=1e-10,
    )
    for i in range(len(times)):
        theta = theirs.W(i)[0] - theirs.W(i)[1]
        # Local errors of 1e-9, and of the second stage's neglected part, add up.
        assert own.W[i].ravel() == pytest.approx(theta, abs=2e-7 * max(1, np.abs(theta).max()))


def test_short_steps_of_descent_stay_near_it():
    W0 = np.zeros(CYCLIC.shape)
    run = ntp.train(CYCLIC, W0=W0, step_size=1e-3, steps=4000, num_records=8, references=REFERENCES)
    seen = run.frame.iloc[1:]
    flow = choice_flow(CYCLIC, log_times=np.log(seen["clock"]), W0=W0, references=REFERENCES)
    for name in ("norm", "excess_loss", "finite_error"):
        assert flow.frame[name].to_numpy() == pytest.approx(seen[name].to_numpy(), rel=2e-3)
    # Euler's error halves with the step.
    half = ntp.train(CYCLIC, W0=W0, step_size=5e-4, steps=8000, num_records=2, references=REFERENCES)
    apart = [np.linalg.norm(found.W - flow.W[-1]) for found in (run, half)]
    assert apart[0] / apart[1] == pytest.approx(2, rel=0.05)


def test_it_begins_along_the_gradient_and_ends_in_its_limits():
    W0 = np.random.default_rng(1).standard_normal(CYCLIC.shape)
    flow = choice_flow(CYCLIC, log_times=[-40.0, -12.0, 5.0, 40.0], W0=W0, references=REFERENCES)
    slope = loss.gradient(W0, CYCLIC)
    assert flow.W[0] == pytest.approx(W0, abs=1e-15)
    # t = 6e-6: what is second order in t is 1e-11.
    assert flow.W[1] == pytest.approx(W0 - np.exp(-12) * slope, abs=1e-10)
    late = flow.frame.iloc[-1]
    assert late["finite_error"] <= 1e-11
    assert late["one_minus_cosine"] <= 0.01
    # thm-flow-law: the margin is s + O(1), the hard part of the order of 1/t.
    assert late["margin"] == pytest.approx(40, abs=4)
    assert np.log(late["hard_part"]) == pytest.approx(-40, abs=4)
    assert (np.diff(flow.frame["excess_loss"]) < 0).all()


def test_what_no_feature_reaches_stays():
    W0 = np.random.default_rng(2).standard_normal(CYCLIC.shape)
    moved = choice_flow(CYCLIC, log_times=[10.0], W0=W0).W[0] - W0
    # Queries are tokens q and r alone; every context's differences add up to zero over tokens.
    asked = [CYCLIC.vocabulary.index(name) for name in "qr"]
    assert np.abs(np.delete(moved, asked, axis=1)).max() <= 1e-14
    assert np.abs(moved.sum(axis=0)).max() <= 1e-12
    assert np.abs(moved).max() > 1


def test_data_whose_candidates_all_stay_converge():
    data = ChoiceData.from_sentences(["ab"] * 3, ["a", "b", "a"], queries=["q"] * 3)
    flow = choice_flow(data, log_times=[20.0])
    assert flow.references.W_mm is None
    assert flow.frame["soft_part"].iloc[0] <= 1e-20
    assert np.isnan(flow.frame["cosine"].iloc[0])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0.0, 101.0], r"log_times\[1\] is 101; at most 100"),
        ([1.0, 1.0], "entry 1, 1, does not"),
        ([], "log_times is empty"),
    ],
)
def test_times_that_make_no_sense_are_refused(times, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        choice_flow(CYCLIC, log_times=times, references=REFERENCES)


def test_late_times_without_a_margin_and_huge_features_are_refused(monkeypatch):
    data = ChoiceData.from_sentences(["ab"] * 2, ["a", "b"], queries=["q"] * 2)
    with pytest.raises(ntp.NTPDataError, match="at most 25 is possible for these data"):
        choice_flow(data, log_times=[26.0])
    monkeypatch.setattr("ntp_lib.trajectories.choice_flow.MOST_ENTRIES", 10)
    with pytest.raises(ntp.NTPDataError, match="at most 10"):
        choice_flow(data, log_times=[1.0])
