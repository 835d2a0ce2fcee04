"""Nothing that a caller is given can spoil a result; results can be pickled, copied and sent to processes."""

import copy
import dataclasses
import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import cache, cached_property
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.features.families import windows, with_probabilities
from ntp_lib.features.flow import feature_flow
from ntp_lib.features.measurements import feature_references
from ntp_lib.features.nuclear_margin import nuclear_margin
from ntp_lib.features.proxy import proxy_certificate
from ntp_lib.features.ridge import ridge_features
from ntp_lib.features.training import train_features
from ntp_lib.features.trigonometric import trigonometric_features
from ntp_lib.features.uniqueness import unique_margin
from ntp_lib.numerics.results import copied, read_only, result
from ntp_lib.thresholds.matrix_law import matrix_threshold
from ntp_lib.thresholds.support_laws import SupportLaw
from ntp_lib.trajectories.freezing import adam_stages

TOY = ntp.synthetic.toy_2d()
INSEPARABLE = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[4 / 15, 11 / 15, 0.0], [1.0, 0.0, 0.0]])
CONFLICT = ntp.NTPData(
    [[1.0, 0.0, 0.3], [2.0, 0.0, 0.6], [0.0, 1.0, 0.0]],
    np.full(3, 1 / 3),
    [[0.5, 0.5, 0.0, 0.0], [0.8, 0.2, 0.0, 0.0], [0.0, 0.0, 0.3, 0.7]],
)


@cache
def references():
    return ntp.references(TOY)


@cache
def learned():
    return feature_references(TOY)


def _matrix_law():
    law = SupportLaw.parse("2")
    return matrix_threshold(lambda count, rng: law.draw(count, 4, rng), samples=2000, burn_in=0, iterations=2)


MADE = {
    "data": ntp.synthetic.toy_2d,
    "sparse data": lambda: ntp.NTPData(
        [[1.0], [2.0]], [0.5, 0.5], sp.csr_array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    ),
    "block": lambda: next(ntp.synthetic.toy_2d().blocks()),
    "references": references,
    "subspace": lambda: ntp.subspace(TOY),
    "svm": lambda: ntp.ntp_svm(TOY),
    "cvxpy": lambda: ntp.ntp_svm(TOY, solver="cvxpy"),
    "max margin": lambda: ntp.max_margin(TOY, norm="max"),
    "preconditioned margin": lambda: ntp.max_margin(TOY, preconditioner=np.full((5, 2), 2.0)),
    "separability": lambda: ntp.separability(TOY),
    "no separability": lambda: ntp.separability(INSEPARABLE),
    "compatibility": lambda: ntp.compatibility(TOY),
    "conflict": lambda: ntp.compatibility(CONFLICT),
    "decomposition": lambda: ntp.decomposition(INSEPARABLE),
    "asymptotics": lambda: ntp.asymptotics(references()),
    "training": lambda: ntp.train(TOY, steps=5, references=references()),
    "flow": lambda: ntp.gradient_flow(TOY, log_times=[0.0, 40.0], references=references()),
    "path": lambda: ntp.regularization_path(TOY, penalties=[1.0, 0.1], references=references()),
    "adam stage": lambda: adam_stages(references(), marks=[4])[0],
    "feature references": learned,
    "feature training": lambda: train_features(TOY, dim=2, steps=5, references=learned()),
    "feature flow": lambda: feature_flow(learned(), log_times=[0.0], W0=np.eye(5, 2), H0=np.eye(3, 2)),
    "feature path": lambda: ridge_features(TOY, penalties=[0.1], dim=3, references=learned()),
    "trigonometric": lambda: trigonometric_features(TOY),
    "nuclear margin": lambda: nuclear_margin(with_probabilities(windows(8, 3))),
    "proxy certificate": lambda: proxy_certificate(windows(8, 3)),
    "uniqueness": lambda: unique_margin(nuclear_margin(TOY)),
    "threshold": lambda: ntp.threshold_estimate(vocab_size=4, support_size=2),
    "matrix law": _matrix_law,
}


@cache
def made(name):
    return MADE[name]()


def public_values(item):
    """Everything that attributes without arguments hand out, by name."""
    names = [name for name in dir(type(item)) if isinstance(getattr(type(item), name), property | cached_property)]
    names += [field.name for field in dataclasses.fields(item)]
    return {name: getattr(item, name) for name in names if not name.startswith("_")}


def spoilable(value, again, path="", seen=None):
    """Paths to arrays that can be written to and come back at a second access, as what was written would."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        if value.flags.writeable and np.shares_memory(value, again):
            yield path
    elif sp.issparse(value):
        for name in ("data", "indices", "indptr"):
            yield from spoilable(getattr(value, name), getattr(again, name), f"{path}.{name}", seen)
    elif isinstance(value, tuple | list):
        for i, entry in enumerate(value):
            yield from spoilable(entry, again[i], f"{path}[{i}]", seen)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        second = public_values(again)
        for name, entry in public_values(value).items():
            yield from spoilable(entry, second[name], f"{path}.{name}", seen)


@pytest.mark.parametrize("name", MADE)
def test_arrays_cannot_be_spoilt(name):
    assert list(spoilable(made(name), made(name))) == []


def test_the_search_finds_arrays_that_can_be_spoilt():
    item = copy.copy(references())
    item.__dict__["F"].factorisation.U.setflags(write=True)
    assert list(spoilable(item, item)) != []
    item.F.factorisation.U.setflags(write=False)


@pytest.mark.parametrize("name", ["training", "flow", "path", "feature training", "feature flow", "feature path"])
def test_a_changed_table_changes_nothing(name):
    item = made(name)
    before = item.frame
    changed = item.frame
    changed.iloc[0, 1] = 17.0
    changed["more"] = 1.0
    changed.index.name = "spoilt"
    changed.columns = [f"x{i}" for i in range(changed.shape[1])]
    pd.testing.assert_frame_equal(item.frame, before)


def numbers(item):
    """What a result says, without what it was computed with."""
    return {
        key: value
        for key, value in public_values(item).items()
        if isinstance(value, bool | int | float | str | np.ndarray | pd.DataFrame)
    }


@pytest.mark.parametrize("how", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy])  # noqa: S301
@pytest.mark.parametrize("name", MADE)
def test_results_survive_pickling_and_copying(name, how):
    item = made(name)
    again, expected = how(item), numbers(item)
    assert type(again) is type(item)
    for key, value in numbers(again).items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(value, expected[key])
        else:
            np.testing.assert_array_equal(value, expected[key])
    assert numbers(again).keys() == expected.keys()
    assert list(spoilable(again, again)) == []


def test_what_is_shared_stays_shared_in_a_pickle():
    again = pickle.loads(pickle.dumps(references()))  # noqa: S301
    assert again.data is again.F.data is again.svm.data


def test_processes_take_and_return_results():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(ntp.smoothness, TOY).result() == ntp.smoothness(TOY)
        found = pool.submit(ntp.ntp_svm, TOY).result()
        with pytest.raises(ntp.NotSeparableError, match="not NTP-separable") as caught:
            pool.submit(ntp.ntp_svm, INSEPARABLE).result()
    np.testing.assert_array_equal(found.W, ntp.ntp_svm(TOY).W)
    assert caught.value.certificate.shape == (2, 3)


def test_going_on_with_an_answer_does_not_spoil_it():
    found = ntp.references(TOY)
    margin = ntp.margin(found.W_mm, TOY)
    for array in (found.W_mm, found.W_finite, found.svm.dual, TOY.support, TOY.support_sizes):
        with pytest.raises(ValueError, match="read-only"):
            array *= 0
    assert ntp.margin(found.W_mm, TOY) == found.svm.margin == margin
    assert found.compatibility.verify()
    mine = found.W_mm.copy()
    mine *= -1
    assert ntp.margin(mine, TOY) < 0 < ntp.margin(found.W_mm, TOY)


def test_tensors_are_handed_out_as_copies():
    import torch

    data = ntp.NTPData(torch.tensor(TOY.embeddings.copy()), TOY.context_probs, TOY.probs)
    for solution in (ntp.ntp_svm(data), copy.deepcopy(ntp.ntp_svm(data))):
        expected = solution.W.clone()
        solution.W.mul_(-1)
        solution.dual.zero_()
        assert torch.equal(solution.W, expected)
        assert solution.margin == pytest.approx(1)
        assert solution.gap < 1e-7
    found = ntp.references(data)
    found.W_mm[:] = 0
    assert ntp.margin(found.W_mm, data) == pytest.approx(1)


@result
class _Example:
    values: np.ndarray
    rows: tuple
    named: dict
    table: pd.DataFrame = copied()
    limit: float = 1.0

    def __post_init__(self):
        if self.limit < 0:
            raise ValueError("limit")

    @cached_property
    def doubled(self):
        """Twice the values."""
        return 2 * self.values


def test_the_mechanism_itself():
    table = pd.DataFrame({"a": [1.0, 2.0]})
    item = _Example(np.ones(2), (np.ones(2), [np.ones(2)]), {"x": np.ones(2)}, table=table)
    for array in (item.values, item.rows[0], item.rows[1][0], item.named["x"], item.doubled):
        assert not array.flags.writeable
    assert item.doubled is item.doubled
    assert _Example.doubled.__doc__ == "Twice the values."
    with pytest.raises(dataclasses.FrozenInstanceError):
        item.values = np.zeros(2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        item.table = table
    with pytest.raises(ValueError, match="limit"):
        dataclasses.replace(item, limit=-1.0)
    assert dataclasses.replace(item, limit=2.0).limit == 2
    assert item != dataclasses.replace(item)
    assert "doubled" not in copy.copy(item).__dict__, "a copy holds the fields alone"
    assert "table" not in repr(item)


def test_sparse_arrays_are_locked_too():
    matrix = read_only(sp.csr_array(np.eye(2)))
    assert not any(part.flags.writeable for part in (matrix.data, matrix.indices, matrix.indptr))
