"""Stages of Adam, their summaries, shares of margins, and averages over windows."""

import numpy as np
import pandas as pd
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories.freezing import Stage, adam_stages, compare_stage
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.shares import MarginShares
from ntp_lib.trajectories.windows import window_means

DATA = ntp.synthetic.random(num_contexts=5, dim=8, vocab_size=5, support_size=2, num_sequences=200)
REFERENCES = ntp.references(DATA)
LARGEST = ntp.max_margin(DATA, norm="max")


def test_stages_add_up_to_the_run():
    stages = adam_stages(REFERENCES, marks=(20, 60), betas=(0.9, 0.95))
    run = ntp.train(DATA, method="adam", step_size=0.01, steps=60, betas=(0.9, 0.95), references=REFERENCES)
    total = REFERENCES.F.project_complement(run.W - lecun(DATA))
    assert np.abs(sum(stage.increment for stage in stages) - total).max() <= 1e-10
    assert np.abs(stages[0].increment - total).max() > 1e-2, "control: one stage is not the run"
    assert [(s.start, s.end) for s in stages] == [(0, 20), (20, 60)]


def test_an_increment_along_the_preconditioned_solution_is_recognised():
    P = np.exp(np.random.default_rng(0).standard_normal((5, 8)))
    W_P = ntp.max_margin(DATA, preconditioner=P).W
    before, after = (Stage(k, k + 1, W_P, c * P, 1.0) for k, c in ((0, 1.0), (1, 7.0)))
    row = compare_stage(before, after, REFERENCES, LARGEST)
    assert row["cosine_frozen"] == pytest.approx(1, abs=1e-9)
    assert row["share_frozen"] == pytest.approx(1, abs=1e-6)
    assert row["growth"] == pytest.approx(np.log(7))
    assert row["drift"] <= 1e-12
    assert row["separation"] == pytest.approx(row["cosine_frobenius"], abs=1e-9)
    assert row["cosine_frobenius"] < 0.99, "control: W^mm is another direction"


def test_marks_must_increase():
    for marks in ([], [0, 5], [5, 5]):
        with pytest.raises(ntp.NTPDataError, match=r"marks .*must (increase|be a whole number)|marks is empty"):
            adam_stages(REFERENCES, marks=marks)


def test_shares_of_the_solutions_themselves_are_one():
    W_mm = REFERENCES.W_mm
    solutions = {"max": LARGEST, "frobenius": ntp.max_margin(DATA)}
    columns = MarginShares(REFERENCES.F, solutions)(
        np.array([LARGEST.W, 3 * W_mm + REFERENCES.W_finite, 0 * W_mm])
    )
    assert columns["share_max"][0] == pytest.approx(1, abs=1e-6)
    assert columns["share_frobenius"][1] == pytest.approx(1, abs=1e-6)
    assert columns["cosine_frobenius"][1] == pytest.approx(1, abs=1e-6)
    assert columns["share_max"][1] < 1 - 1e-3
    assert columns["share_frobenius"][0] < 1 - 1e-3
    assert all(np.isnan(values[2]) for values in columns.values())


def test_window_means_average_between_powers():
    steps = np.arange(101)
    trace = pd.DataFrame({"step": steps, "x": steps.astype(float)})
    found = window_means(trace, columns=["x"], per_decade=1)
    assert found["x"].tolist() == [1.0, np.mean(range(2, 11)), np.mean(range(11, 101))]
    with pytest.raises(ntp.NTPDataError, match="no column 'y'"):
        window_means(trace, columns=["y"])
    with pytest.raises(ntp.NTPDataError, match="per_decade is 0"):
        window_means(trace, columns=["x"], per_decade=0)


def test_stages_average_their_second_half():
    """The run once more, step by step: means of the preconditioner and of log residual from step 7 on."""
    betas, epsilon = (0.9, 0.95), 1e-8
    stage = adam_stages(REFERENCES, marks=(12,), betas=betas, epsilon=epsilon)[0]
    W, first, second, kept, residuals = lecun(DATA), 0.0, 0.0, [], []
    for step in range(1, 13):
        g = ntp.gradient(W, DATA)
        first, second = betas[0] * first + (1 - betas[0]) * g, betas[1] * second + (1 - betas[1]) * g**2
        scale = np.sqrt(second / (1 - betas[1] ** step)) + epsilon
        W = W - 0.01 * first / (1 - betas[0] ** step) / scale
        slope = ntp.gradient(W, DATA)
        kept.append(1 / scale)
        residuals.append(
            np.linalg.norm(REFERENCES.F.project(slope)) / np.linalg.norm(REFERENCES.F.project_complement(slope))
        )
    assert stage.preconditioner == pytest.approx(np.mean(kept[6:], axis=0), rel=1e-10)
    assert stage.preconditioner != pytest.approx(np.mean(kept, axis=0), rel=1e-3)
    assert stage.residual == pytest.approx(np.exp(np.mean(np.log(residuals[6:]))), rel=1e-10)
    assert 1 / stage.residual != pytest.approx(stage.residual, rel=0.1)
