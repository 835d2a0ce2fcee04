"""What training refuses: arguments, embeddings out of range, and runs that leave the range of floats."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories.initialisation import lecun

TOY = ntp.synthetic.toy_2d()
REFERENCES = ntp.references(TOY)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "sgd"}, "unknown method 'sgd'; valid: gd, ngd, "),
        ({"step_size": 0.0}, "step_size is 0.0"),
        ({"step_size": -1.0}, "step_size is -1.0"),
        ({"step_size": float("nan")}, "step_size is nan"),
        ({"step_size": float("inf")}, "step_size is inf"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": 10.5}, "steps is 10.5"),
        ({"num_records": 1}, "num_records is 1; it must be a whole number of at least 2"),
        ({"num_records": 2.5}, "num_records is 2.5"),
        ({"W0": np.zeros((2, 5))}, r"W0 has shape \(2, 5\)"),
        ({"W0": np.full((5, 2), np.nan)}, "W0 holds NaN"),
        ({"method": "adam", "betas": (1.0, 0.9)}, "betas"),
        ({"method": "adam", "betas": (0.9, -0.1)}, "betas"),
        ({"method": "adam", "epsilon": -1e-8}, "epsilon"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.train(TOY, references=REFERENCES, **{"steps": 3, **options})


@pytest.mark.parametrize("num_records", [2, 100])
def test_weights_that_leave_the_range_of_floats_are_an_error(num_records):
    with pytest.raises(ntp.DidNotConvergeError, match=r"gd left the range of float64 .*lower step_size"):
        ntp.train(TOY, step_size=1e308, steps=50, num_records=num_records, references=REFERENCES)


BAD_ARGUMENTS = {
    "steps": [10**30, float("nan"), "10", None, True, [3]],
    "step_size": ["0.5", None, True, 1j, [0.5], 10**400],
    "seed": [-1, "x", 1.5, None, True],
    "step_decay": [-1, 2, float("nan"), "x"],
    "momentum": [1, -0.1, "x", None],
    "epsilon": ["x", None, float("inf")],
    "betas": [0.9, None, "ab", (0.9,), (0.9, 0.9, 0.9), (float("nan"), 0.9), {0.9, 0.5}],
    "num_records": ["7", 10**9, float("inf"), True],
    "batch_size": [10**9, 0, "x"],
    "sample_tokens": [True, "x", 1, None],
    "method": [None, ["gd"], "GD", ""],
    "W0": [np.full((5, 2), 1e150)],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_ARGUMENTS.items() for value in values]
)
def test_other_bad_arguments_are_refused_by_name(name, value):
    with pytest.raises(ntp.NTPDataError, match=name):
        ntp.train(TOY, references=REFERENCES, **{"steps": 3, name: value})


def test_every_step_of_a_long_run_is_not_recorded():
    with pytest.raises(ntp.NTPDataError, match=r"num_records is None, which records every step"):
        ntp.train(TOY, references=REFERENCES, steps=10**7, num_records=None)


@pytest.mark.parametrize("scale", [1e-300, 1e-101, 1e101, 1e300])
def test_embeddings_out_of_range_are_refused_by_name(scale):
    data = ntp.NTPData(TOY.embeddings * scale, TOY.context_probs, TOY.probs)
    with pytest.raises(ntp.NTPDataError, match=r"the longest has length .*multiply the embeddings"):
        ntp.train(data, steps=3)


@pytest.mark.parametrize("method", ["gd", "ngd", "adam", "sign", "muon"])
def test_steps_far_too_long_end_by_name(method):
    with pytest.raises(ntp.DidNotConvergeError, match=f"{method} left the range"):
        ntp.train(TOY, method=method, steps=50, step_size=1e150, references=REFERENCES)


def test_a_seed_that_is_none_is_named():
    with pytest.raises(ntp.NTPDataError, match=r"seed is 1\.5"):
        lecun(TOY, seed=1.5)
