"""What the reference solvers are asked for, what they may warn of, and which solver decides what is left."""

import dataclasses
import warnings

import cvxpy
import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins import svm, svm_cvxpy

TOY = ntp.synthetic.toy_2d()


@pytest.fixture
def asked(monkeypatch):
    """The options of every programme, whose solver warns of its accuracy."""
    solve, options = cvxpy.Problem.solve, []

    def warned(self, **given):
        options.append(given)
        warnings.warn("Solution may be inaccurate. Try another solver.", UserWarning, stacklevel=1)
        return solve(self, **given)

    monkeypatch.setattr(cvxpy.Problem, "solve", warned)
    return options


CALLS = [
    lambda: svm_cvxpy.solve(TOY, tolerance=1e-6),
    lambda: ntp.max_margin(TOY, norm="max"),
    lambda: ntp.max_margin(TOY, norm="spectral"),
    lambda: ntp.max_margin(TOY, preconditioner=np.ones((5, 2))),
]


@pytest.mark.parametrize("call", CALLS)
def test_accuracy_is_judged_by_the_data_and_not_by_the_solver(call, asked):
    assert call() is not None
    assert len(asked) == 1


@pytest.mark.parametrize("call", CALLS)
def test_other_warnings_are_passed_on(call, monkeypatch):
    solve = cvxpy.Problem.solve

    def warned(self, **given):
        warnings.warn("the licence ends today", UserWarning, stacklevel=1)
        return solve(self, **given)

    monkeypatch.setattr(cvxpy.Problem, "solve", warned)
    with pytest.warns(UserWarning, match="the licence ends today"):
        call()


@pytest.mark.parametrize("call", CALLS)
def test_a_solver_that_fails_finds_nothing(call, monkeypatch):
    def failed(self, **given):
        raise cvxpy.SolverError("no luck")

    monkeypatch.setattr(cvxpy.Problem, "solve", failed)
    if call is CALLS[0]:
        assert call() is None
    else:
        with pytest.raises(ntp.DidNotConvergeError, match="ended with no solution"):
            call()


@pytest.mark.parametrize("tolerance", [1e-3, 1e-7, 1e-11])
def test_interior_points_are_asked_for_a_tenth_of_the_tolerance(tolerance, asked):
    """Or for 1e-9, whichever is less; of absolute and relative gap and of feasibility alike."""
    svm_cvxpy.solve(TOY, tolerance=tolerance)
    (options,) = asked
    assert options.pop("solver") == cvxpy.CLARABEL
    names = ("tol_gap_abs", "tol_gap_rel", "tol_feas")
    assert options == pytest.approx(dict.fromkeys(names, min(1e-9, tolerance / 10)))


@pytest.mark.parametrize(("limit", "solver"), [(30, "highs"), (29, "structured")])
def test_small_problems_left_open_go_to_the_linear_programme(limit, solver, monkeypatch):
    """3 contexts, 5 tokens, rank 2: 30 non-zeros. A splitting that ended undecided would do so again."""
    seen = []

    def separability(data, *, solver):
        seen.append(solver)
        return ntp.separability(data, solver=solver)

    found = ntp.ntp_svm(TOY)
    lie = dataclasses.replace(found, W=1.1 * found.W, solver="liar")
    monkeypatch.setattr(svm, "FALLBACK_NONZEROS", limit)
    monkeypatch.setattr(svm, "FALLBACKS", ())
    monkeypatch.setattr(svm, "polished", lambda solution: solution)
    monkeypatch.setattr(svm, "separability", separability)
    monkeypatch.setitem(svm.SOLVERS, "structured", lambda data, *, tolerance: lie)
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        ntp.ntp_svm(TOY, tolerance=1e-6)
    assert seen == [solver]
    assert str(refusal.value) == (
        f"solver 'structured' ended with margin 1.1, gap {lie.gap:.1e}, asked for 1.0e-06; "
        f"separability: {ntp.Verdict.SEPARABLE.value}"
    )
