"""F, W* and W^mm in one bundle."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins import svm


def test_the_bundle_holds_what_its_parts_compute(random_problem):
    data = random_problem(0, m=3, d=4)
    found = ntp.references(data)
    assert found.F.dim == ntp.subspace(data).dim
    assert np.array_equal(found.W_finite, ntp.compatibility(data).W_star)
    assert np.array_equal(found.W_mm, ntp.ntp_svm(data).W)
    # W^mm lies in F⊥, W* in F.
    assert np.abs(found.F.project(found.W_mm)).max() <= 1e-12
    assert np.abs(found.F.project_complement(found.W_finite)).max() <= 1e-12
    assert np.abs(found.F.project(found.W_mm + found.W_finite)).max() > 0.01


def test_data_that_are_not_separable_have_no_margin_solution():
    data = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    found = ntp.references(data)
    assert found.svm is None
    assert found.W_mm is None
    assert found.W_finite.shape == (3, 1)
    assert found.W_mm_or_nan.shape == (3, 1)
    assert np.isnan(found.W_mm_or_nan).all()
    with pytest.raises(ntp.NotSeparableError, match="so there is no picture"):
        found.require_margin("so there is no picture")


def test_a_margin_solution_that_is_there_is_handed_out():
    found = ntp.references(ntp.synthetic.toy_2d())
    assert found.require_margin("nothing") is found.svm
    assert np.array_equal(found.W_mm_or_nan, found.W_mm)


def test_incompatible_data_have_a_finite_part_all_the_same():
    data = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [0.1, 0.9, 0.0]])
    found = ntp.references(data)
    assert not found.compatibility.holds
    assert found.W_mm is not None
    # The in-support loss is stationary at W°, so the gradient there is off the supports only.
    slope = found.F.project(ntp.gradient(found.W_finite + 40 * found.W_mm, data))
    assert np.abs(slope).max() <= 1e-12
    assert np.abs(found.F.project(ntp.gradient(40 * found.W_mm, data))).max() > 1e-3


def test_an_unsolved_svm_is_named_and_not_taken_for_a_missing_margin(monkeypatch):
    """Training needs no W^mm; what needs it says why there is none."""
    monkeypatch.setattr(svm, "FALLBACKS", ())
    monkeypatch.setitem(svm.SOLVERS, "structured", lambda data, *, tolerance: None)
    data = ntp.synthetic.toy_2d()
    found = ntp.references(data)
    assert found.svm is None
    assert found.W_mm is None
    assert "ended with no solution" in found.why_no_svm
    assert "a direction satisfies (6a) and (6b)" in found.why_no_svm
    frame = ntp.train(data, steps=5, references=found).frame
    assert frame[["cosine", "cosine_corrected"]].isna().all(axis=None)
    assert np.isfinite(frame[["excess_loss", "norm", "finite_error", "margin"]]).all(axis=None)
    with pytest.raises(ntp.DidNotConvergeError, match=r"ended with no solution.*no W"):
        ntp.asymptotics(found)


def test_references_of_separable_data_need_no_excuse():
    assert not ntp.references(ntp.synthetic.toy_2d()).why_no_svm


def test_what_the_search_for_the_margin_decided_is_kept(monkeypatch, random_problem):
    """Both verdicts are checked from the data, and no second search is begun for either."""
    separable = ntp.limits(ntp.synthetic.toy_2d())
    inseparable = ntp.limits(ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]))
    monkeypatch.setattr("ntp_lib.limiting.limits.separability", lambda data: pytest.fail("searched again"))
    for found, expected in ((separable, True), (inseparable, False)):
        assert found.separability.holds is expected
        assert found.separability.verify()
    with pytest.raises(ntp.NotSeparableError, match="no margin, no walk") as refused:
        inseparable.require_margin("no margin, no walk")
    assert refused.value.certificate is inseparable.certificate
