"""Data that are hard on floats, kind by kind: training and the flow go on, with or without W^mm."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories import long_descent


def problem(embeddings, seed=0, V=6):
    rng, m = np.random.default_rng(seed), len(embeddings)
    probs = np.zeros((m, V))
    for j in range(m):
        support = rng.choice(V, size=rng.integers(1, 4), replace=False)
        probs[j, support] = rng.dirichlet(np.ones(len(support)))
    return ntp.NTPData(embeddings, np.full(m, 1 / m), probs)


def toy_beyond_the_threshold():
    """The third context a hundredth of a degree past where the margin ends."""
    toy, angle = ntp.synthetic.toy_2d(), np.deg2rad(270.01)
    return ntp.NTPData(
        np.vstack([toy.embeddings[:-1], [np.cos(angle), np.sin(angle)]]), toy.context_probs, toy.probs
    )


def near_duplicates(*, same):
    rng = np.random.default_rng(1)
    E = rng.normal(size=(8, 12))
    E[1] = E[0] + 1e-9 * rng.normal(size=12)
    data = problem(E)
    probs = data.probs.toarray()
    if same:
        probs[1] = probs[0]
    return ntp.NTPData(E, data.context_probs, probs)


GAUSSIAN = np.random.default_rng(0).normal(size=(8, 12))
KINDS = {
    "common offset": lambda: problem(GAUSSIAN + 1e4),
    "near duplicates that agree": lambda: near_duplicates(same=True),
    "near duplicates that do not": lambda: near_duplicates(same=False),
    "just separable": toy_beyond_the_threshold,
    "short": lambda: problem(1e-30 * GAUSSIAN),
    "long": lambda: problem(1e30 * GAUSSIAN),
    "lengths apart": lambda: problem(GAUSSIAN * np.geomspace(1e-3, 1e3, 8)[:, None]),
}


@cache
def limits_of(kind):
    return ntp.limits(KINDS[kind]())


@pytest.mark.parametrize("kind", KINDS)
def test_training_and_flow_go_on(kind):
    references = limits_of(kind)
    data = references.data
    step = 1 / ntp.smoothness(data)
    run = ntp.train(data, steps=60, step_size=step, references=references)
    flow = ntp.gradient_flow(data, log_times=np.log(step * np.array([1e-3, 60.0])), references=references)
    losses = run.frame["excess_loss"]
    assert (np.diff(losses) <= 1e-12 * losses[:-1]).all(), "a step below 2/L never raises the loss"
    # After sixty steps both are near each other; the flow of another length of time, the control, is not.
    far, near = (np.linalg.norm(flow.W(i) - run.W) for i in (0, 1))
    assert near < 0.5 * far or (kind == "long" and far < 1e-12), "long embeddings make W hardly move"
    for frame in (run.frame, flow.frame):
        assert frame.drop(columns=["cosine", "cosine_corrected"], errors="ignore")["norm"].notna().all()
        assert frame["cosine"].isna().all() == (references.W_mm is None)


def test_a_margin_that_was_neither_found_nor_excluded_leaves_columns_empty():
    """As where the solver gives up: the verdict is unknown, and training asks for none."""
    data = problem(GAUSSIAN)
    known = ntp.limits(data)
    assert known.W_mm is not None, "control: with W^mm the columns are there"
    unknown = replace(known, svm=None, why_no_svm="the solver gave up")
    for references, empty in ((known, False), (unknown, True)):
        run = ntp.train(data, steps=20, references=references).frame
        flow = ntp.gradient_flow(data, log_times=[0.0, 8.0], references=references).frame
        for frame in (run, flow):
            assert frame["cosine"].isna().all() == empty
            assert frame["cosine_corrected"].isna().all() == empty
            others = frame.drop(columns=[name for name in frame if "cosine" in name])
            assert np.isfinite(others.to_numpy(dtype=float)).all()


@pytest.mark.parametrize("kind", ["near duplicates that do not", "just separable"])
def test_long_runs_stay_within_their_estimate(kind, monkeypatch):
    monkeypatch.setattr("ntp_lib.trajectories.training.STEPS_OF_A_SECOND", 4999)
    references = limits_of(kind)
    data = references.data
    options = {"steps": 5000, "step_size": 1 / ntp.smoothness(data), "num_records": 2, "references": references}
    real = ntp.train(data, **options)
    found = ntp.train(data, tolerance=1e-4, **options)
    assert np.linalg.norm(found.W - real.W) <= found.long.error * np.linalg.norm(real.W)
    start = ntp.train(data, **{**options, "steps": found.long.step})
    assert np.linalg.norm(start.W - real.W) > found.long.error * np.linalg.norm(real.W), "control: no flow at all"


def test_before_the_gradient_falls_no_distance_is_estimated(monkeypatch):
    """A common offset keeps descent far from its limit for ten thousand steps; each bend on the way adds an error.

    The control is what happened without the condition: a distance of three times the estimate.
    """
    monkeypatch.setattr(long_descent, "LAST_LOOK", 2**11)
    references = limits_of("common offset")
    options = {"steps": 10**6, "step_size": 1 / ntp.smoothness(references.data), "references": references}
    with pytest.raises(ntp.DidNotConvergeError, match=r"the gradient is still 1.00 times as long"):
        ntp.train(references.data, tolerance=1e-4, **options)
    monkeypatch.setattr(long_descent, "MOST_FALL", 2.0)
    monkeypatch.setattr("ntp_lib.trajectories.training.STEPS_OF_A_SECOND", 4999)
    options["steps"] = 5000
    real = ntp.train(references.data, **options).W
    found = ntp.train(references.data, tolerance=1e-4, **options)
    assert np.linalg.norm(found.W - real) > 2 * found.long.error * np.linalg.norm(real)


@pytest.mark.parametrize("steps", [10**6, 10**10])
def test_descent_that_has_ended_is_not_far_from_its_limit(steps):
    """Without a margin the gradient falls to rounding, which falls no further."""
    with pytest.warns(ntp.NTPDataWarning) as told:
        data = ntp.NTPData([[1.0], [1.0]], [0.5, 0.5], [[1.0, 0.0], [0.0, 1.0]])
    assert len(told) == 1
    found = ntp.train(data, steps=steps, step_size=0.5, W0=[[1.0], [0.0]], tolerance=1e-5)
    np.testing.assert_allclose(found.W, np.full((2, 1), 0.5), atol=1e-9)
    assert found.long.step <= 512
