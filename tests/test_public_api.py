"""The names other people rely on, and that importing them costs little."""

import dataclasses
import inspect
import subprocess
import sys

import numpy as np
import pytest

import ntp_lib as ntp

HEAVY = ("torch", "cvxpy", "papermill", "seaborn", "matplotlib")

NAMES = [
    "NTPData",
    "NTPDataError",
    "NotSeparableError",
    "compatibility",
    "cross_entropy",
    "excess_loss",
    "gradient",
    "ntp_svm",
    "regularization_path",
    "separability",
    "subspace",
    "synthetic",
    "train",
]

# What reads `data` or a result in the documented example, by object.
ATTRIBUTES = {
    "data": ["num_contexts", "dim", "vocab_size", "support", "entropy", "embeddings", "context_probs"],
    "subspace": ["dim", "project", "project_complement"],
    "compatibility": ["holds", "W_star", "residual", "W_finite"],
    "separability": ["holds", "direction", "certificate", "verify"],
    "ntp_svm": ["W", "dual", "margin", "gap", "iterations", "status"],
    "train": ["W", "frame"],
    "regularization_path": ["W", "frame"],
}


def loaded_after(statement):
    script = f"import sys\n{statement}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_importing_the_library_loads_nothing_heavy():
    assert loaded_after("import ntp_lib").isdisjoint(HEAVY)


def test_the_check_sees_a_heavy_module():
    assert "matplotlib" in loaded_after("import ntp_lib, matplotlib")


@pytest.mark.parametrize("name", NAMES)
def test_documented_names_exist(name):
    assert hasattr(ntp, name)
    assert name in ntp.__all__


def test_all_lists_what_there_is():
    assert list(ntp.__all__) == sorted(set(ntp.__all__))
    assert all(hasattr(ntp, name) for name in ntp.__all__)


@pytest.fixture(scope="module")
def results():
    data = ntp.synthetic.toy_2d()
    return {
        "data": data,
        "subspace": ntp.subspace(data),
        "compatibility": ntp.compatibility(data),
        "separability": ntp.separability(data),
        "ntp_svm": ntp.ntp_svm(data, solver="structured"),
        "train": ntp.train(data, method="gd", step_size=0.5, steps=3, W0=None, seed=0),
        "regularization_path": ntp.regularization_path(data, radii=[1.0]),
    }


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_results_are_frozen_and_have_the_documented_attributes(name, results):
    result = results[name]
    assert all(hasattr(result, attribute) for attribute in ATTRIBUTES[name])
    assert dataclasses.is_dataclass(result)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, dataclasses.fields(result)[0].name, None)


def test_frames_have_the_documented_columns(results):
    shared = {"excess_loss", "norm", "cosine", "cosine_corrected", "finite_error", "margin"}
    assert shared | {"step"} <= set(results["train"].frame.columns)
    assert shared | {"radius"} <= set(results["regularization_path"].frame.columns)


@pytest.mark.parametrize(
    "function",
    [ntp.compatibility, ntp.separability, ntp.ntp_svm, ntp.train, ntp.regularization_path, ntp.references],
)
def test_options_are_keyword_only(function):
    parameters = list(inspect.signature(function).parameters.values())
    assert parameters[0].name == "data"
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters[1:])


def test_public_functions_say_what_they_do():
    for name in ntp.__all__:
        assert len(inspect.getdoc(getattr(ntp, name)) or "") > 20, name


def test_an_error_in_the_data_is_a_value_error():
    assert issubclass(ntp.NTPDataError, ValueError)
    with pytest.raises(ValueError, match="context 1"):
        ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5], [-0.5, 1.5]])
