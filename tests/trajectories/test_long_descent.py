"""Gradient descent for any number of steps: as real steps where these can be taken, else refused by name."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.numerics.linearisation import DenseLinearisation
from ntp_lib.subspaces.data_space import data_space
from ntp_lib.trajectories import long_descent, training
from ntp_lib.trajectories.modified_flow import ModifiedLinearisation, ModifiedStage, modified_flow
from ntp_lib.trajectories.real_steps import RealSteps

DATA = ntp.synthetic.random(num_contexts=8, dim=10, vocab_size=5, support_size=2, num_sequences=400, seed=3)
REFERENCES = ntp.limits(DATA)
STEPS = 30_000
KS = (200, 400, 800, 1600)


@pytest.fixture(scope="module")
def real():
    return ntp.train(DATA, steps=STEPS, num_records=12, references=REFERENCES)


@pytest.fixture
def follows_early(monkeypatch):
    """Runs follow the flow where real steps can still be compared with."""
    monkeypatch.setattr(training, "STEPS_OF_A_SECOND", STEPS - 1)


def space():
    return data_space(REFERENCES.F)


def distance(W, other):
    return np.linalg.norm(W - other) / np.linalg.norm(other)


@pytest.mark.parametrize("tolerance", [1e-5, 1e-7])
def test_the_flow_stays_within_its_estimate(real, follows_early, tolerance):
    found = ntp.train(DATA, steps=STEPS, num_records=12, references=REFERENCES, tolerance=tolerance)
    assert distance(found.W, real.W) <= found.long.error <= tolerance
    assert found.long.step < STEPS / 4, "most steps were not taken"
    assert found.frame["step"].tolist() == real.frame["step"].tolist()
    assert list(found.frame.columns) == list(real.frame.columns)
    # Columns follow W; the excess loss and the error in F, which die like 1/k, up to log k times as far.
    for column in real.frame.columns:
        np.testing.assert_allclose(found.frame[column], real.frame[column], rtol=100 * tolerance, err_msg=column)
    np.testing.assert_array_equal(found.frame.query("step < 256"), real.frame.query("step < 256"))


def test_the_plain_flow_is_no_substitute(real):
    """The control: without the correction the distance is a thousand times larger from the same step."""
    W = ntp.train(DATA, steps=512, num_records=2, references=REFERENCES).W
    found = {
        eta: modified_flow(
            REFERENCES, W, start=256.0, times=[float(np.log(STEPS / 2))], step_size=eta, tolerance=1e-9
        )[0].W
        for eta in (0.5, 0.0)
    }
    assert distance(found[0.5], real.W) <= 1e-8
    assert distance(found[0.0], real.W) >= 1e-6


def test_what_the_flow_misses_falls_with_the_square_of_the_steps():
    """The estimates from k to 2k steps, for k = 200, 400, 800."""
    W, misses = {k: ntp.train(DATA, steps=k, num_records=2, references=REFERENCES).W for k in KS}, []
    for k in KS[:-1]:
        there = modified_flow(
            REFERENCES, W[k], start=k / 2, times=[float(np.log(k))], step_size=0.5, tolerance=1e-9
        )
        misses.append(distance(there[0].W, W[2 * k]))
    ratios = np.array(misses[:-1]) / misses[1:]
    assert (ratios > 3).all()
    assert (ratios < 6).all()


def test_the_slope_is_that_of_the_modified_equation():
    """−∇CE − (η/2) ∇²CE ∇CE, with the Hessian's product as a difference of gradients."""
    W, eta, h = 0.3 * np.random.default_rng(0).normal(size=(5, 10)), 0.5, 1e-5
    stage = ModifiedStage(DATA, REFERENCES.W_finite, space(), step_size=eta)
    x, y = stage.space.coordinates(W - REFERENCES.W_finite)
    in_F, rest = stage.slope(x, y)
    found = stage.space.embed_finite(in_F) + stage.space.embed_offset(rest)
    g = ntp.gradient(W, DATA)
    curved = (ntp.gradient(W + h * g, DATA) - ntp.gradient(W - h * g, DATA)) / (2 * h)
    assert distance(found, -g - eta / 2 * curved) <= 1e-8
    assert distance(found, -g) > 1e-2, "control: the plain flow"


def test_the_linearisation_is_that_of_the_plain_flow_and_its_square():
    """(I − cJ + c (η/2t) J²) x = b up to what a rational function misses."""
    stage, s, c, t = (
        ModifiedStage(DATA, REFERENCES.W_finite, space(), step_size=0.5),
        float(np.log(500.0)),
        0.2,
        500.0,
    )
    W = ntp.train(DATA, steps=1000, num_records=2, references=REFERENCES).W
    state = stage.state(s, *stage.space.coordinates(W - REFERENCES.W_finite))
    J = stage.plain_linearisation(s, state).jacobian
    right = np.random.default_rng(1).normal(size=len(state))
    solution = stage.linearise(s, state).factorised(c)(right)
    matrix = np.eye(len(J)) - c * J + c * 0.5 / (2 * t) * J @ J
    b = stage.step_size / 2 * ntp.smoothness(DATA)
    # Weighted by J: where it is large, both terms count.
    allowed = b**2 / (8 * (1 + b))
    assert distance(J @ solution, J @ np.linalg.solve(matrix, right)) <= allowed
    plain = np.linalg.solve(np.eye(len(J)) - c * J, right)
    assert distance(J @ plain, J @ np.linalg.solve(matrix, right)) > 2 * allowed, "control: the plain flow"


@pytest.mark.parametrize("c", [1e-6, 1e-3, 4e-3, 0.1, 10.0])
@pytest.mark.parametrize("bend", [0.01, 0.3, 1.0])
def test_a_rational_function_stands_for_both_factors(c, bend):
    """Of an H with eigenvalues from 0 to its largest, to b²/(8 (1 + b)), however short a step is beside η/t."""
    ratio = 4e-3
    largest = bend / (ratio / 2)
    h = np.concatenate([[0.0], np.geomspace(1e-9, 1.0, 60)]) * largest
    apply = ModifiedLinearisation(DenseLinearisation(-np.diag(h)), ratio, largest).factorised(c)
    exact = 1 + c * h * (1 + ratio / 2 * h)
    allowed = bend**2 / (8 * (1 + bend)) + 1e-12
    assert np.abs(exact * apply(np.ones(len(h))) - 1).max() <= allowed
    # Eigenvalues beyond the bound are not meant.
    beyond = ModifiedLinearisation(DenseLinearisation(-np.diag(h)), ratio, largest / 8).factorised(10.0)
    assert np.abs((1 + 10 * h * (1 + ratio / 2 * h)) * beyond(np.ones(len(h))) - 1).max() > allowed


def test_a_trillion_steps_and_more():
    run = ntp.train(DATA, steps=10**18, references=REFERENCES, num_records=30)
    assert run.frame["step"].iloc[-1] == 10**18
    assert run.frame["step"].dtype == np.int64
    assert (np.diff(run.frame["step"]) > 0).all()
    late = run.frame.query("step > 1e6")
    slopes = np.diff(np.log(late["excess_loss"])) / np.diff(np.log(late["step"].astype(float)))
    assert np.abs(slopes + 1).max() < 0.02, "the excess falls like 1/k, far below the rounding of logits"
    assert (np.diff(late["cosine"]) > 0).all()
    assert run.W.shape == (5, 10)
    assert run.long.error <= training.USUAL_TOLERANCE


def test_the_last_step_is_recorded_though_no_float():
    steps = 10**17 + 1
    assert training.recorded_steps(steps, 5)[-1] == steps


def test_shorter_runs_take_all_their_steps():
    run = ntp.train(DATA, steps=300, references=REFERENCES, tolerance=1e-6)
    assert run.long is None
    assert run.frame.equals(ntp.train(DATA, steps=300, references=REFERENCES).frame)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "ngd"},
            "steps is 1000000000000; it must be a whole number of at least 1 and at most 1000000000",
        ),
        ({"batch_size": 2}, "steps is 1000000000000"),
        ({"step_decay": 0.5}, "steps is 1000000000000"),
        ({"method": "ngd", "tolerance": 1e-6}, "tolerance is 1e-06; only gradient descent"),
        ({"step_decay": 0.5, "tolerance": 1e-6}, "tolerance is 1e-06; only gradient descent"),
        ({"tolerance": 0.0}, r"tolerance is 0\.0"),
        ({"tolerance": "x"}, "tolerance is 'x'"),
        ({"steps": 10**18 + 1}, "steps is 1000000000000000001"),
        ({"step_size": 3.0}, r"step_size is 3; so many steps are possible below 2/L = "),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.train(DATA, references=REFERENCES, **{"steps": 10**12, **options})


def test_an_estimate_above_the_tolerance_is_named(monkeypatch):
    monkeypatch.setattr(long_descent, "LAST_LOOK", 512)
    with pytest.raises(
        ntp.DidNotConvergeError, match=r"after 512 real steps the flow still misses .* estimated .*raise tolerance"
    ):
        ntp.train(DATA, steps=10**12, references=REFERENCES, tolerance=1e-9)


def test_without_a_margin_up_to_log_time_thirty():
    data = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    run = ntp.train(data, steps=10**12, step_size=0.3)
    assert run.references.W_mm is None
    assert run.frame["cosine"].isna().all()
    assert np.linalg.norm(ntp.gradient(run.W, data)) <= 1e-6 * np.linalg.norm(run.W), "it has come to rest"
    with pytest.raises(ntp.NotSeparableError, match=r"steps may be at most 3\.56e\+13"):
        ntp.train(data, steps=10**15, step_size=0.3)


def test_progress_counts_real_steps_once():
    seen = []

    class Bar:
        def update(self, count):
            seen.append(count)

    run = RealSteps(
        lambda W, count: W + count, np.zeros((1, 1)), [0, 5, 250], lambda k, W: None, name="gd", bar=Bar()
    )
    assert run.to(3) == 3
    assert run.to(260) == 260
    assert run.targets == []
    assert sum(seen) == 260 == run.done
