"""A solution measures itself against the data: support vectors, and a status that damage turns to inaccurate."""

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.margins.solution import SolveStatus


def test_support_vectors_lie_at_margin_one():
    found = ntp.ntp_svm(ntp.synthetic.toy_2d())
    data, pairs = found.data, found.support_vectors()
    assert pairs
    for j, v in pairs:
        logits = found.W @ data.embeddings[j]
        assert not data.support[j, v]
        assert logits[data.support[j]].min() - logits[v] == pytest.approx(1, abs=1e-9)


def damaged(found, **arrays):
    return dataclasses.replace(found, **arrays)


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        pytest.param(lambda r: damaged(r, W=0.999 * r.W), "margin", id="shrunk W"),
        pytest.param(lambda r: damaged(r, W=1.001 * r.W), "margin", id="grown W"),
        pytest.param(lambda r: damaged(r, W=r.W + 1e-3 * np.eye(5, 2)), "spread", id="W off F⊥"),
        pytest.param(lambda r: damaged(r, W=r.W + 1.0), "gap", id="common row added"),
        pytest.param(lambda r: damaged(r, dual=r.dual * [[1.0], [1.0], [1.1]]), "gap", id="dual of one context"),
        pytest.param(lambda r: damaged(r, dual=-r.dual), "dual_violation", id="dual signs"),
        pytest.param(lambda r: damaged(r, dual=r.dual + 1e-3), "dual_violation", id="dual rows"),
        pytest.param(lambda r: damaged(r, dual=0 * r.dual), "gap", id="no dual"),
    ],
)
def test_status_is_recomputed_from_the_arrays(change, fails):
    found = ntp.ntp_svm(ntp.synthetic.toy_2d())
    assert found.status is SolveStatus.OPTIMAL
    broken = change(found)
    assert broken.status is SolveStatus.INACCURATE
    value = getattr(broken, fails)
    assert (abs(1 - value) if fails == "margin" else value) > broken.tolerance


def test_untied_logits_alone_are_enough_to_be_inaccurate():
    """A context with the whole vocabulary has no margin that could give the fault away."""
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5], [1.0, 0.0]])
    found = ntp.ntp_svm(data)
    untied = damaged(found, W=found.W + 1e-5 * np.eye(2)[:, [0]] * [1.0, 0.0])
    assert untied.margin >= 1 - 1e-7
    assert abs(untied.gap) <= 1e-7
    assert untied.status is SolveStatus.INACCURATE


def test_sparse_multipliers_measure_as_dense_ones():
    found = ntp.ntp_svm(ntp.synthetic.toy_2d())
    sparse = dataclasses.replace(found, dual=sp.csr_array(found.dual))
    assert sparse.verify()
    for name in ("gap", "bound", "dual_violation", "margin", "spread"):
        assert getattr(sparse, name) == pytest.approx(getattr(found, name), rel=1e-12, abs=1e-15), name
    assert sorted(sparse.support_vectors()) == sorted(found.support_vectors())


@pytest.mark.parametrize(
    "change",
    [lambda A: -A, lambda A: A.multiply([[1.0], [1.0], [1.1]]), lambda A: 0 * A],
    ids=["signs", "row", "none"],
)
def test_damaged_sparse_multipliers_are_noticed(change):
    found = ntp.ntp_svm(ntp.synthetic.toy_2d())
    assert not dataclasses.replace(found, dual=sp.csr_array(change(sp.csr_array(found.dual)))).verify()
