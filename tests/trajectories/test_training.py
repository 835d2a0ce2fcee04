"""What the theorems say of a trajectory, and the trace."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ntp_lib as ntp
from ntp_lib.trajectories import training
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.measurements import cosine, measure

COLUMNS = ["step", "excess_loss", "norm", "cosine", "cosine_corrected", "finite_error", "margin"]
TOY = ntp.synthetic.toy_2d()
REFERENCES = ntp.references(TOY)


def losses_of_every_step(data, step_size, steps, W0):
    trace = ntp.train(data, step_size=step_size, steps=steps, W0=W0, num_records=50 * steps)
    assert trace.frame["step"].tolist() == list(range(steps + 1))
    return trace.frame["excess_loss"].to_numpy()


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("seed", range(3))
def test_loss_falls_at_every_step_below_two_over_L(seed, fraction, random_problem):
    data = random_problem(seed, m=4, d=4)
    losses = losses_of_every_step(data, fraction * 2 / ntp.smoothness(data), 40, lecun(data, seed=seed))
    assert (np.diff(losses) < 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_loss_can_rise_far_above_two_over_L(seed, random_problem):
    """The control: descent is a property of the step size."""
    data = random_problem(seed, m=4, d=4)
    losses = losses_of_every_step(data, 40 / ntp.smoothness(data), 40, lecun(data, seed=seed))
    assert (np.diff(losses) > 0).any()


def test_descent_obeys_the_bound_of_smoothness(random_problem):
    """CE(W_{k+1}) ≤ CE(W_k) − η(1 − ηL/2)‖∇CE(W_k)‖² (T5)."""
    data = random_problem(0, m=4, d=4)
    L, W = ntp.smoothness(data), lecun(data)
    for eta in (0.5 / L, 1.0 / L, 1.9 / L):
        slope = ntp.gradient(W, data)
        drop = ntp.excess_loss(W, data) - ntp.excess_loss(W - eta * slope, data)
        assert drop >= eta * (1 - eta * L / 2) * np.linalg.norm(slope) ** 2 - 1e-15


def test_the_part_no_gradient_reaches_stays(random_problem):
    """D⊥ ∋ X with X h̄_j constant over tokens: common rows, and rows orthogonal to all contexts."""
    data = random_problem(0, m=3, d=6)
    W0 = lecun(data, seed=3)
    W = ntp.train(data, steps=300, W0=W0).W
    null = np.linalg.svd(data.embeddings)[2][3:]
    assert np.abs((W - W0).mean(axis=0)).max() <= 1e-13
    assert np.abs((W - W0) @ null.T).max() <= 1e-13
    assert np.abs(W0 @ null.T).max() > 0.1, "there must be something to keep"
    assert np.abs(W - W0).max() > 0.1, "the rest must move"


def test_gradient_descent_approaches_both_references():
    """Theorem 2, as far as 3000 steps can show: every measure moves the right way."""
    trace = ntp.train(TOY, step_size=1.0, steps=3000, references=REFERENCES)
    late = trace.frame.query("step >= 300")
    for column, sign in (
        ("excess_loss", -1),
        ("norm", 1),
        ("finite_error", -1),
        ("cosine_corrected", 1),
        ("margin", 1),
    ):
        assert (sign * np.diff(late[column]) > 0).all(), column
    # The excess falls like 1/step and the finite error with it; the cosine itself would need log log time.
    assert late["excess_loss"].iloc[-1] < 1e-2
    assert late["finite_error"].iloc[-1] < 0.05
    assert late["cosine_corrected"].iloc[-1] > 0.999
    assert late["cosine_corrected"].iloc[-1] > late["cosine"].iloc[-1] > 0.8
    # Control: the opposite direction is not approached.
    assert cosine(trace.W, -REFERENCES.W_mm) < 0


@pytest.mark.parametrize("method", ["ngd", "adam"])
def test_the_other_methods_approach_the_entropy_faster(method):
    plain = ntp.train(TOY, step_size=0.05, steps=1000, references=REFERENCES).frame
    other = ntp.train(TOY, method=method, step_size=0.05, steps=1000, references=REFERENCES).frame
    assert other["excess_loss"].iloc[-1] < 0.1 * plain["excess_loss"].iloc[-1]
    assert other["cosine_corrected"].iloc[-1] > 0.9


def test_the_frame_holds_the_measures_of_its_steps(random_problem):
    data = random_problem(1, m=3, d=4)
    W0 = lecun(data, seed=5)
    trace = ntp.train(data, steps=7, seed=5, num_records=100)
    assert list(trace.frame.columns) == COLUMNS
    assert trace.frame["step"].tolist() == list(range(8))
    for row, W in ((0, W0), (7, trace.W)):
        expected = measure(W, trace.references)
        # Decoders are measured together, and sums of a product of matrices may run in another order.
        assert trace.frame.iloc[row][COLUMNS[1:]].to_dict() == pytest.approx(expected, rel=1e-11)
    P_F = trace.references.F.project(trace.W)
    assert expected["excess_loss"] == ntp.excess_loss(trace.W, data)
    assert expected["margin"] == ntp.margin(trace.W, data)
    assert expected["norm"] == pytest.approx(np.sqrt((trace.W**2).sum()), rel=1e-14)
    assert expected["finite_error"] == pytest.approx(np.linalg.norm(P_F - ntp.compatibility(data).W_star))
    unit = trace.W / np.linalg.norm(trace.W)
    W_mm = ntp.ntp_svm(data).W
    assert expected["cosine"] == pytest.approx(np.sum(unit * W_mm) / np.linalg.norm(W_mm))


def test_a_start_at_zero_has_no_direction():
    frame = ntp.train(TOY, steps=3, W0=np.zeros((5, 2)), references=REFERENCES).frame
    assert np.isnan(frame["cosine"][0])
    assert frame["norm"][0] == 0
    assert frame["cosine"][1:].notna().all()
    # Loss log V, and W* is as far from zero as it is long.
    assert frame["excess_loss"][0] == pytest.approx(np.log(5) - TOY.entropy, rel=1e-13)
    assert frame["finite_error"][0] == pytest.approx(np.linalg.norm(REFERENCES.W_finite), rel=1e-13)


def test_the_start_is_a_copy():
    W0 = np.zeros((5, 2))
    ntp.train(TOY, steps=3, W0=W0, references=REFERENCES)
    assert not W0.any()


def test_the_seed_decides_the_start_and_nothing_else():
    first, again, other = (ntp.train(TOY, steps=5, seed=seed, references=REFERENCES).frame for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    assert np.array_equal(lecun(TOY, seed=1), lecun(TOY, seed=1))


def test_initialisation_has_variance_one_over_d():
    data = ntp.synthetic.random(num_contexts=4, dim=500, vocab_size=40, support_size=3, num_sequences=100)
    W = lecun(data, seed=0)
    assert W.shape == (40, 500)
    # 20 000 draws: the standard deviation is known to 0.5 per cent, the mean to 0.0003.
    assert W.std() * np.sqrt(500) == pytest.approx(1, abs=0.02)
    assert abs(W.mean()) < 2e-3


def test_data_that_are_not_separable_are_trained_without_a_direction():
    data = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    trace = ntp.train(data, steps=200, step_size=0.3)
    assert trace.references.W_mm is None
    assert trace.frame["cosine"].isna().all()
    assert trace.frame["excess_loss"].iloc[-1] > 0.01


@given(steps=st.integers(1, 10**7), num_records=st.integers(2, 300))
def test_recorded_steps(steps, num_records):
    recorded = training.recorded_steps(steps, num_records)
    assert recorded[0] == 0
    assert recorded[-1] == steps
    assert (np.diff(recorded) > 0).all()
    assert len(recorded) <= num_records + 1
    assert all(isinstance(step, int) for step in recorded)
    # Gaps never shrink by more than rounding: the steps are evenly spread in their logarithm.
    assert np.diff(recorded[1:], 2).min(initial=0) >= -2


def test_recording_changes_neither_the_trajectory_nor_the_measures(monkeypatch):
    """Measured one by one, together, or only at the end: the same run."""
    together = ntp.train(TOY, steps=300, references=REFERENCES)
    monkeypatch.setattr("ntp_lib.trajectories.trace.WAITING_ENTRIES", 1)
    alone = ntp.train(TOY, steps=300, references=REFERENCES)
    ends = ntp.train(TOY, steps=300, references=REFERENCES, num_records=2)
    every = ntp.train(TOY, steps=300, references=REFERENCES, num_records=None)
    assert np.array_equal(together.W, alone.W)
    assert np.array_equal(together.W, ends.W)
    assert together.frame["step"].tolist() == alone.frame["step"].tolist()
    np.testing.assert_allclose(together.frame, alone.frame, rtol=1e-11)
    assert every.frame["step"].tolist() == list(range(301))
    np.testing.assert_allclose(every.frame.iloc[together.frame["step"]], together.frame, rtol=1e-11)


def test_the_seed_decides_the_batches():
    W0 = np.zeros((5, 2))
    first, again, other = (
        ntp.train(TOY, steps=20, batch_size=1, seed=seed, W0=W0, references=REFERENCES).W for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
