"""Training from several seeds at once is training from each."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories import seeds as several
from ntp_lib.trajectories.seeds import train_seeds

DATA = ntp.synthetic.random(num_contexts=8, dim=10, vocab_size=5, support_size=2, num_sequences=400, seed=3)
TOY = ntp.synthetic.toy_2d()
REFERENCES = ntp.limits(DATA)


def assert_each_as_alone(data, found, seeds, **options):
    assert len(found) == len(seeds)
    for seed, run in zip(seeds, found, strict=True):
        alone = ntp.train(data, seed=seed, **options)
        np.testing.assert_allclose(run.W, alone.W, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(run.frame, alone.frame, rtol=1e-8, atol=1e-12)
        assert list(run.frame.columns) == list(alone.frame.columns)
    assert np.abs(found[0].W - found[1].W).max() > 1e-3, "control: seeds differ"


@pytest.mark.parametrize("method", ["gd", "ngd"])
def test_together(monkeypatch, method):
    options = {"method": method, "steps": 600, "num_records": 20, "step_size": 0.5 if method == "gd" else 0.002}
    monkeypatch.setattr(several, "train", None)
    found = train_seeds(DATA, seeds=range(3), references=REFERENCES, **options)
    assert_each_as_alone(DATA, found, range(3), references=REFERENCES, **options)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (TOY, {"steps": 600, "num_records": 5}),
        (DATA, {"steps": 30, "method": "adam"}),
        (DATA, {"steps": 30, "batch_size": 2}),
        (DATA, {"steps": 30, "num_records": None}),
    ],
)
def test_one_after_the_other(data, options):
    found = train_seeds(data, seeds=[4, 7], **options)
    assert_each_as_alone(data, found, [4, 7], **options)
    assert found[0].references is found[1].references


def test_further_columns_are_those_of_each():
    options = {"steps": 600, "num_records": 5, "measure": lambda decoders: {"first": decoders[:, 0, 0]}}
    for run in train_seeds(DATA, seeds=[0, 1], references=REFERENCES, **options):
        assert run.frame["first"].iloc[-1] == run.W[0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": []}, "seeds is empty"),
        ({"seeds": 3}, "seeds is 3; a sequence"),
        ({"seeds": [0, 1.5]}, r"seeds\[1\] is 1\.5"),
        ({"seeds": [0], "seed": 1}, "W0 and seed"),
        ({"seeds": [0], "W0": np.zeros((5, 10))}, "W0 and seed"),
        ({"seeds": [0, 1], "method": "sgd"}, "unknown method 'sgd'"),
        ({"seeds": [0, 1], "steps": 0}, "steps is 0"),
        ({"seeds": [0, 1], "step_size": -1}, "step_size is -1"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        train_seeds(DATA, references=REFERENCES, **options)


def test_a_run_that_leaves_the_range_is_an_error():
    with pytest.raises(ntp.DidNotConvergeError, match="left the range"):
        train_seeds(DATA, seeds=[0, 1], references=REFERENCES, step_size=1e200, steps=600)
