"""W^mm of embeddings in other units, badly conditioned ones, and what float64 does not hold."""

import dataclasses

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins import svm_cvxpy
from ntp_lib.margins.solution import SolveStatus

TOY = ntp.synthetic.toy_2d()


def with_embeddings(embeddings, data=TOY):
    return ntp.NTPData(embeddings, data.context_probs, data.next_token_probs)


def offset_problem(offset):
    """Gaussian contexts with a common part."""
    rng = np.random.default_rng(0)
    embeddings, probs = rng.normal(size=(20, 64)), np.zeros((20, 10))
    for j in range(20):
        support = rng.choice(10, size=rng.integers(1, 4), replace=False)
        probs[j, support] = rng.dirichlet(np.ones(len(support)))
    return ntp.NTPData(embeddings + offset, np.full(20, 1 / 20), probs)


@pytest.mark.parametrize("exponent", [-450, -300, -100, 100, 300, 450])
@pytest.mark.parametrize("solver", ["structured", "cvxpy"])
def test_the_margin_in_other_units_is_the_same_to_the_bit(exponent, solver):
    found, expected = (
        ntp.ntp_svm(with_embeddings(np.ldexp(TOY.embeddings, k)), solver=solver) for k in (exponent, 0)
    )
    assert found.status is SolveStatus.OPTIMAL
    if solver == "structured":
        assert np.array_equal(np.ldexp(found.W, exponent), expected.W)
        assert np.array_equal(np.ldexp(found.dual, 2 * exponent), expected.dual)
    assert np.ldexp(found.W, exponent) == pytest.approx(expected.W, rel=1e-6, abs=1e-9)
    assert found.dual.T @ found.data.embeddings == pytest.approx(
        found.W, rel=1e-6, abs=1e-9 * np.abs(found.W).max()
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-160, 1e160, 1e300])
def test_what_float64_does_not_hold_is_refused_by_name(scale):
    data = with_embeddings(TOY.embeddings * scale)
    assert ntp.separability(data).verify()
    with pytest.raises(ntp.NTPDataError, match=r"embeddings of length about .* make W\^mm about"):
        ntp.ntp_svm(data)
    for norm in ("max", "spectral"):
        with pytest.raises(ntp.NTPDataError, match="make the decoder about"):
            ntp.max_margin(data, norm=norm)


@pytest.mark.parametrize("exponent", [-450, 450])
@pytest.mark.parametrize("norm", ["max", "spectral"])
def test_other_norms_in_other_units(norm, exponent):
    found = ntp.max_margin(with_embeddings(np.ldexp(TOY.embeddings, exponent)), norm=norm)
    expected = ntp.max_margin(TOY, norm=norm)
    assert np.ldexp(found.attainable, -exponent) == pytest.approx(expected.attainable, rel=1e-7)
    assert found.gap == pytest.approx(0, abs=1e-6)


def test_lengths_too_far_apart_are_named():
    data = with_embeddings(TOY.embeddings * [[1.0], [1e-200], [1e3]])
    with pytest.raises(ntp.NTPDataError, match=r"context 1 .* 1e-200 and context 2 .* 1e\+3"):
        ntp.ntp_svm(data)


@pytest.mark.parametrize(
    ("degrees", "norm"),
    [(270.01, 5125.2068925), (270.001, 51247.41954), (270.0001, 512469.5478), (29.99, 12552.876499)],
)
def test_a_toy_turned_almost_flat_is_solved(degrees, norm):
    angles = np.deg2rad([90.0, 210.0, degrees])
    found = ntp.ntp_svm(with_embeddings(np.column_stack([np.cos(angles), np.sin(angles)])))
    assert found.status is SolveStatus.OPTIMAL
    assert abs(found.gap) <= 1e-9
    assert np.linalg.norm(found.W) == pytest.approx(norm, rel=1e-9)


def test_a_common_offset_is_solved_and_trained():
    data = offset_problem(1e4)
    found = ntp.references(data)
    assert found.svm.status is SolveStatus.OPTIMAL
    assert not found.why_no_svm
    frame = ntp.train(data, steps=10, step_size=1 / ntp.smoothness(data), references=found).frame
    assert np.isfinite(frame.to_numpy()).all()


def test_near_duplicates_are_trained_without_a_margin():
    """No solver reaches the margin of contexts 1e-11 apart, and training does not need it."""
    rng = np.random.default_rng(1)
    embeddings = rng.normal(size=(5, 6))
    embeddings[1] = embeddings[0] + 1e-11 * rng.normal(size=6)
    data = ntp.NTPData(embeddings, np.full(5, 0.2), np.eye(5)[:, :5] * 0.6 + np.roll(np.eye(5), 1, axis=1) * 0.4)
    found = ntp.references(data)
    assert found.W_mm is None
    assert "a direction satisfies (6a) and (6b)" in found.why_no_svm
    frame = ntp.train(data, steps=10, references=found).frame
    assert frame["cosine"].isna().all()
    assert np.isfinite(frame[["excess_loss", "norm", "margin"]].to_numpy()).all()
    assert ntp.gradient_flow(data, log_times=[0.0], references=found).frame["cosine"].isna().all()
    with pytest.raises(ntp.DidNotConvergeError, match="ended with"):
        ntp.gradient_flow(data, log_times=[100.0], references=found)


def test_a_flow_without_a_workable_finite_part_is_refused():
    """W* of length 1e12 is rounded by 1e-4: distances from it can be measured, probabilities not compared."""
    data = with_embeddings([[1e-12, 0.0, 0.0], [0.3, 1.0, 0.0], [0.7, 0.2, 1.0]])
    found = ntp.references(data)
    assert found.compatibility.holds is True
    assert found.compatibility.residual > 1e-6
    assert np.isfinite(ntp.train(data, steps=5, references=found).frame["finite_error"]).all()
    with pytest.raises(ntp.DidNotConvergeError, match="lengths of the embeddings are so far apart"):
        ntp.gradient_flow(data, log_times=[1.0], references=found)


def test_the_error_without_a_margin_says_what_is_excluded():
    data = ntp.NTPData([[1.0], [-1.0]], [0.5, 0.5], [[1, 0], [1, 0]])
    with pytest.raises(ntp.NotSeparableError, match=r"excludes every margin above .* per unit of ‖W‖"):
        ntp.ntp_svm(data)
    with pytest.raises(ntp.NotSeparableError, match=r"in any norm .* excludes every margin above"):
        ntp.max_margin(data, norm="max")
    assert "excludes every margin above" in ntp.references(data).why_no_svm


def test_multipliers_of_the_reference_solver_belong_to_its_decoder():
    """Of lengths 20 and 30, so that a wrong power of the scale would show."""
    data = ntp.NTPData([[20.0, 0.0], [10.0, 28.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    found = svm_cvxpy.solve(data, tolerance=1e-7)
    assert found.dual.T @ data.embeddings == pytest.approx(found.W, rel=1e-6)


@pytest.mark.parametrize("factor", [1.1, 2.0, 10.0])
def test_the_gap_of_a_grown_decoder_is_known(factor):
    """A factor changes no margin per unit of ‖W‖; what is added without one does."""
    found = ntp.ntp_svm(TOY)
    grown = dataclasses.replace(found, W=factor * found.W, dual=3.0 * found.dual)
    assert grown.gap == pytest.approx(0, abs=1e-12)
    longer = dataclasses.replace(found, W=found.W + np.sqrt(factor**2 - 1) * found.norm / np.sqrt(10))
    assert longer.norm == pytest.approx(factor * found.norm, rel=1e-12)
    assert longer.gap == pytest.approx(1 - 1 / factor, rel=1e-9)


def test_the_gap_of_a_loose_bound_is_known():
    """Multipliers of one active pair alone bound the margin by more than there is."""
    found = ntp.max_margin(TOY, norm="max")
    loose = dataclasses.replace(found, dual=found.dual * [[1.0], [2.0], [3.0]])
    assert loose.bound > 1.05 * found.bound
    assert loose.gap == pytest.approx(1 - found.attainable / loose.bound, rel=1e-12)
    assert 0.04 < loose.gap < 1


@pytest.mark.parametrize("tolerance", ["x", None, True, 1 + 0j, [0.1, 0.2]])
def test_tolerances_that_are_no_numbers_are_refused(tolerance):
    for function, options in ((ntp.ntp_svm, {}), (ntp.max_margin, {"norm": "max"})):
        with pytest.raises(ntp.NTPDataError, match="tolerance is"):
            function(TOY, tolerance=tolerance, **options)


def test_names_that_are_no_strings_are_refused():
    for call in (
        lambda: ntp.ntp_svm(TOY, solver=["cvxpy"]),
        lambda: ntp.separability(TOY, solver=None),
        lambda: ntp.max_margin(TOY, norm=["max"]),
    ):
        with pytest.raises(ntp.NTPDataError, match="unknown"):
            call()


def test_a_programme_too_large_is_refused_at_once():
    V = 100_000
    probs = np.zeros((20, V))
    probs[np.arange(20), np.arange(20)] = 1.0
    data = ntp.NTPData(np.random.default_rng(0).standard_normal((20, 30)), np.full(20, 1 / 20), probs)
    with pytest.raises(ntp.DidNotConvergeError, match="60000000 non-zeros; at most 20000000"):
        ntp.max_margin(data, norm="max")
