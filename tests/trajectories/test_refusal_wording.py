"""Refusals read as a whole: what is wrong, and what would be right."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories import training
from ntp_lib.trajectories.initialisation import start_of

TOY = ntp.synthetic.toy_2d()


def refusal_of(call, error=ntp.NTPDataError):
    with pytest.raises(error) as refusal:
        call()
    return str(refusal.value)


def scaled(factor):
    return ntp.NTPData(factor * TOY.embeddings, TOY.context_probs, TOY.probs)


def test_starts_too_large():
    assert refusal_of(lambda: start_of(TOY, np.full((5, 2), -2e100), seed=0)) == (
        "W0 has an entry of size 2e+100; at most 1e+100 is possible"
    )
    longest = np.abs(TOY.embeddings).max()
    assert refusal_of(lambda: start_of(scaled(1e60), np.full((5, 2), 2e50), seed=0)) == (
        f"W0 has entries up to 2e+50 and the embeddings up to {1e60 * longest:.3g}; their product, a logit, may "
        "be at most 1e+100"
    )
    W0 = np.full((5, 2), 1e100)
    assert np.array_equal(start_of(scaled(0.5 / longest), W0, seed=0), W0)


def test_embeddings_too_long_or_too_short():
    for factor, text in ((3e100, "3e+100"), (3e-101, "3e-101")):
        assert refusal_of(lambda factor=factor: ntp.train(scaled(factor), steps=1)) == (
            f"embeddings: the longest has length {text}; trajectories are computed for lengths between 1e-100 and "
            "1e+100: multiply the embeddings by a number, which divides W by it"
        )


def test_schedules():
    assert refusal_of(lambda: training.valid_schedule(10**6, None)) == (
        "num_records is None, which records every step, and steps is 1000000; at most 1000000 are recorded: give "
        "a number of records"
    )
    assert training.valid_schedule(999_999, None) == (999_999, None)
    assert training.valid_schedule(10**9, 10**6) == (10**9, 10**6)
    assert training.valid_schedule(1, 2) == (1, 2)
    for steps, records, name in ((0, 2, "steps is 0"), (10**9 + 1, 2, "steps is 1000000001")):
        assert name in refusal_of(lambda steps=steps, records=records: training.valid_schedule(steps, records))
    for records in (1, 10**6 + 1):
        assert f"num_records is {records}" in refusal_of(
            lambda records=records: training.valid_schedule(5, records)
        )


def constants(**given):
    usual = {"step_size": 1, "step_decay": 0, "betas": (0.9, 0.99), "epsilon": 0, "momentum": 0}
    return training.valid_constants(**{**usual, **given})


def test_constants_at_the_ends_of_their_ranges():
    found = constants(step_decay=1, betas=[0, 0], epsilon=0)
    assert found == {"step_size": 1.0, "step_decay": 1.0, "betas": (0.0, 0.0), "epsilon": 0.0, "momentum": 0.0}
    assert refusal_of(lambda: constants(betas=(0.5,))) == "betas has 1 entries; it must be two numbers in [0, 1)"
    for name, value in {"step_size": 0, "step_decay": 1.01, "epsilon": -1e-9, "momentum": 1}.items():
        assert f"{name} is {value}" in refusal_of(lambda name=name, value=value: constants(**{name: value}))
    for i, betas in enumerate([(1.0, 0.9), (0.9, 1.0)]):
        assert f"betas[{i}] is 1.0" in refusal_of(lambda betas=betas: constants(betas=betas))


def test_a_run_that_leaves_the_range_says_before_which_step():
    text = refusal_of(
        lambda: ntp.train(TOY, method="ngd", step_size=1e150, steps=7, num_records=2), ntp.DidNotConvergeError
    )
    assert text == "ngd left the range of float64 before step 1; lower step_size"


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([-2e9, 0.0], "log_times[0] is -2e+09; it must lie within ±1e+09"),
        ([0.0, 5.0, 4.0], "log_times must strictly increase; entry 2, 4, does not"),
        ([3.0, 3.0], "log_times must strictly increase; entry 1, 3, does not"),
    ],
)
def test_logarithmic_times(times, message):
    assert refusal_of(lambda: ntp.gradient_flow(TOY, log_times=times)) == message


def test_what_are_no_references():
    for run in (
        lambda: ntp.train(TOY, steps=1, references="mine"),
        lambda: ntp.gradient_flow(TOY, log_times=[0.0], references="mine"),
        lambda: ntp.regularization_path(TOY, radii=[1.0], references="mine"),
    ):
        assert refusal_of(run) == "references is str; it must be what ntp_lib.limits returns, or None"
    for run in (
        lambda: ntp.train(scaled(2.0), steps=1, references=ntp.references(TOY)),
        lambda: ntp.regularization_path(scaled(2.0), radii=[1.0], references=ntp.references(TOY)),
    ):
        assert "references" in refusal_of(run)


def test_requests_for_a_path():
    for options, message in (
        ({}, "give either radii or penalties"),
        ({"radii": [1.0, 3.0, 2.0]}, "radii must strictly increase; entry 2 does not"),
        ({"penalties": [1.0, 3.0, 2.0]}, "penalties must strictly decrease; entry 1 does not"),
    ):
        assert refusal_of(lambda options=options: ntp.regularization_path(TOY, **options)) == message
