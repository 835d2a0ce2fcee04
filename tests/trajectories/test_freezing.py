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


def test_stages_with_batches_are_the_run_with_batches():
    options = {"step_size": 0.02, "step_decay": 0.5, "betas": (0.8, 0.9), "epsilon": 1e-3, "seed": 3}
    for batch_size in (2, None):
        stages = adam_stages(REFERENCES, marks=(10, 30), batch_size=batch_size, **options)
        run = ntp.train(DATA, method="adam", steps=30, batch_size=batch_size, references=REFERENCES, **options)
        total = REFERENCES.F.project_complement(run.W - lecun(DATA, seed=3))
        found = sum(stage.increment for stage in stages)
        assert np.abs(found - total).max() <= 1e-12
    batched = adam_stages(REFERENCES, marks=(10, 30), batch_size=2, **options)
    assert np.abs(sum(stage.increment for stage in batched) - found).max() > 1e-3, "control: batches matter"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_size": 0.0}, "step_size is 0.0"),
        ({"step_decay": 2.0}, "step_decay is 2.0"),
        ({"betas": (0.9, 1.0)}, r"betas\[1\] is 1.0"),
        ({"epsilon": -1.0}, "epsilon is -1.0"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"marks": [3, 2]}, r"^marks are \[3, 2\]; they must increase$"),
        ({"marks": [0, 2]}, "marks is 0"),
        ({"marks": [10**10]}, "marks is 1"),
    ],
)
def test_constants_out_of_range_are_refused_by_name(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        adam_stages(REFERENCES, **{"marks": [5], **options})


def test_a_comparison_names_its_columns_and_measures_each_solution():
    P = np.exp(np.random.default_rng(0).standard_normal((5, 8)))
    before = Stage(10, 20, LARGEST.W, P, 5.0)
    after = Stage(20, 40, LARGEST.W, P * np.where(np.arange(40).reshape(5, 8) % 2, np.e, 1 / np.e), 0.25)
    row = compare_stage(before, after, REFERENCES, LARGEST)
    names = [f"{kind}_{name}" for name in ("frozen", "frobenius", "max") for kind in ("share", "cosine")]
    assert list(row) == ["start", "end", "residual", "growth", "drift", "spread", *names, "separation"]
    assert (row["start"], row["end"], row["residual"]) == (20, 40, 0.25)
    assert row["growth"] == pytest.approx(0, abs=1e-14)
    assert row["drift"] == pytest.approx(1, rel=1e-14)
    assert row["spread"] == pytest.approx(np.std(np.log(P)), rel=1e-13)
    assert row["cosine_max"] == pytest.approx(1, abs=1e-9)
    assert row["share_max"] == pytest.approx(1, abs=1e-6)
    assert row["cosine_frobenius"] == pytest.approx(
        np.sum(LARGEST.W * REFERENCES.W_mm) / np.linalg.norm(LARGEST.W) / np.linalg.norm(REFERENCES.W_mm), abs=1e-6
    )
    W_P = ntp.max_margin(DATA, preconditioner=P).W
    assert row["separation"] == pytest.approx(
        np.sum(W_P * REFERENCES.W_mm) / np.linalg.norm(W_P) / np.linalg.norm(REFERENCES.W_mm), abs=1e-9
    )


def test_a_solution_of_other_data_is_refused_by_name():
    other = ntp.NTPData(2 * DATA.embeddings, DATA.context_probs, DATA.probs)
    stage = Stage(0, 1, LARGEST.W, np.ones((5, 8)), 1.0)
    with pytest.raises(ntp.NTPDataError, match="largest"):
        compare_stage(stage, stage, REFERENCES, ntp.max_margin(other, norm="max"))
    with pytest.raises(ntp.NTPDataError, match="solution 'mine'"):
        MarginShares(REFERENCES.F, {"mine": ntp.max_margin(other, norm="max")})


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
    with pytest.raises(ntp.NTPDataError, match=r"no column 'y'; it has step, x$"):
        window_means(trace, columns=["x", "y"])
    with pytest.raises(ntp.NTPDataError, match="per_decade is 0"):
        window_means(trace, columns=["x"], per_decade=0)


def test_windows_are_equal_in_the_logarithm_of_the_step():
    """Powers of √10 part them: 3.16, 10, 31.6, 100. The middle is the geometric one of what was recorded."""
    steps = np.arange(101)
    trace = pd.DataFrame({"step": steps, "x": steps.astype(float), "y": -(steps.astype(float) ** 2)})
    found = window_means(trace, columns=["y", "x"], per_decade=2)
    parts = [range(1, 2), range(2, 4), range(4, 11), range(11, 32), range(32, 101)]
    assert list(found.columns) == ["step", "y", "x"]
    assert found["x"].tolist() == [np.mean(part) for part in parts]
    assert found["y"].to_numpy() == pytest.approx([-np.mean(np.square(part)) for part in parts], rel=1e-14)
    assert found["step"].tolist() == [1, 2, 6, 18, 57]
    assert found.index.tolist() == list(range(5))
    # By default ten a decade: one each from 10 to 100, and seven of the first ten hold a whole number.
    assert len(window_means(trace, columns=["x"])) == 17


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
