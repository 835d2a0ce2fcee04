"""Problems without a margin, bad arguments, and solvers that fail."""

import dataclasses

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins import separability as separability_module
from ntp_lib.margins import svm as module
from ntp_lib.margins import svm_active_set
from ntp_lib.margins.splitting import solve as splitting

both_solvers = pytest.mark.parametrize("solver", ["structured", "cvxpy"])

OPPOSITE = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


def assert_excludes_every_direction(A, data):
    """Farkas: for W with (6a) and margin at least 1, 0 = ⟨W, Aᵀ embeddings⟩ ≥ Σ |a_jv| > 0."""
    off = np.where(data.support, 0.0, A)
    assert (off <= 0).all()
    assert -off.sum() > 0
    assert np.abs(A.sum(axis=1)).max() <= 1e-11 * -off.sum()
    assert np.abs(A.T @ data.embeddings).max() <= 1e-8 * -off.sum()


@both_solvers
def test_the_error_carries_a_certificate(solver):
    with pytest.raises(ntp.NotSeparableError, match="not NTP-separable") as raised:
        ntp.ntp_svm(OPPOSITE, solver=solver)
    A = raised.value.certificate
    assert_excludes_every_direction(A, OPPOSITE)
    for broken in (-A, 0 * A, A * [[1.0], [1.1]]):
        with pytest.raises(AssertionError):
            assert_excludes_every_direction(broken, OPPOSITE)


@both_solvers
@pytest.mark.parametrize("seed", range(6))
def test_random_data_with_too_many_contexts(seed, solver, random_problem):
    data = random_problem(seed, m=30, d=2, V=4, sizes=(1, 2))
    with pytest.raises(ntp.NotSeparableError) as raised:
        ntp.ntp_svm(data, solver=solver)
    assert_excludes_every_direction(raised.value.certificate, data)


@both_solvers
@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_embeddings_that_are_all_zero(solver):
    data = ntp.NTPData(np.zeros((2, 3)), [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    with pytest.raises(ntp.NotSeparableError) as raised:
        ntp.ntp_svm(data, solver=solver)
    assert_excludes_every_direction(raised.value.certificate, data)


@both_solvers
@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_one_embedding_with_a_whole_and_a_partial_support(solver):
    data = ntp.NTPData(np.eye(2)[[0, 0]], [0.5, 0.5], [[0.5, 0.5], [1.0, 0.0]])
    with pytest.raises(ntp.NotSeparableError) as raised:
        ntp.ntp_svm(data, solver=solver)
    assert_excludes_every_direction(raised.value.certificate, data)


def test_no_token_off_support():
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5], [0.2, 0.8]])
    for function in (ntp.ntp_svm, ntp.references):
        with pytest.raises(ntp.NTPDataError, match="whole vocabulary"):
            function(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "simplex"}, "unknown solver 'simplex'; valid: structured, cvxpy"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
        ({"tolerance": 1.0}, "tolerance is 1.0"),
        ({"tolerance": float("nan")}, "tolerance is nan"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.ntp_svm(ntp.synthetic.toy_2d(), **options)


def test_a_structured_solver_that_gives_up_hands_over(monkeypatch):
    monkeypatch.setattr(splitting, "MAX_ITERATIONS", 0)
    for solver in ("structured, then active set", "cvxpy (Clarabel)"):
        found = ntp.ntp_svm(ntp.synthetic.toy_2d())
        assert found.solver == solver
        assert np.linalg.norm(found.W) == pytest.approx(np.sqrt(112 / 15), rel=1e-9)
        monkeypatch.setattr(svm_active_set, "MAX_ENTRIES", 0)


@pytest.mark.parametrize(
    ("angle", "solver"), [(1e-3, "structured"), (1e-5, "structured"), (1e-7, "structured, then active set")]
)
def test_a_margin_near_nothing(angle, solver):
    """Two classes at a tiny angle: separable; where splitting cannot reach the margin, the active set does."""
    data = ntp.NTPData([[1.0, 0.0], [1.0, angle]], [0.5, 0.5], np.eye(2))
    found = ntp.ntp_svm(data)
    assert found.solver.startswith(solver)
    # w·(1, 0) = 1 and w·(1, angle) = −1, and ‖W‖ = ‖w‖ / √2.
    assert np.linalg.norm(found.W) == pytest.approx(np.hypot(1, 2 / angle) / np.sqrt(2), rel=1e-6)


def test_solvers_that_all_fail_are_reported(monkeypatch):
    monkeypatch.setattr(svm_active_set, "MAX_ENTRIES", 0)
    for solver in ("structured", "cvxpy"):
        monkeypatch.setitem(module.SOLVERS, solver, lambda data, *, tolerance: None)
    with pytest.raises(ntp.DidNotConvergeError, match="'structured' ended with no solution"):
        ntp.ntp_svm(ntp.synthetic.toy_2d())
    monkeypatch.setattr(splitting, "MAX_ITERATIONS", 0)
    monkeypatch.setattr(separability_module, "_from_independent_embeddings", lambda data: None)
    monkeypatch.setattr(separability_module, "MAX_NONZEROS", 0)
    with pytest.raises(ntp.DidNotConvergeError, match="neither a direction nor a certificate"):
        ntp.ntp_svm(ntp.synthetic.toy_2d())


def test_a_solution_that_is_not_accurate_is_not_returned(monkeypatch):
    """A solver is not believed: what it returns is measured against the data."""
    honest = ntp.ntp_svm(ntp.synthetic.toy_2d())
    lie = dataclasses.replace(honest, W=1.1 * honest.W, solver="liar")
    monkeypatch.setattr(module, "polished", lambda solution: solution)
    monkeypatch.setattr(svm_active_set, "MAX_ENTRIES", 0)
    for solver in ("structured", "cvxpy"):
        monkeypatch.setitem(module.SOLVERS, solver, lambda data, *, tolerance: lie)
    with pytest.raises(ntp.DidNotConvergeError, match=r"margin 1\.1.*gap"):
        ntp.ntp_svm(honest.data)


@pytest.mark.parametrize("turn", [1, -1])
def test_contexts_that_can_hardly_be_told_apart_are_named(turn, monkeypatch, random_problem):
    data = random_problem(3, m=5, d=8, V=4, sizes=(1, 2))
    rows = data.embeddings.copy()
    rows[3] = turn * (2 * rows[1] + 1e-5 * np.random.default_rng(7).standard_normal(8))
    monkeypatch.setitem(module.SOLVERS, "structured", lambda data, *, tolerance: None)
    monkeypatch.setattr(module, "FALLBACKS", ())
    for embeddings, named in ((rows, True), (data.embeddings, False)):
        hard = ntp.NTPData(embeddings, data.context_probs, data.next_token_probs)
        with pytest.raises(ntp.DidNotConvergeError) as caught:
            ntp.ntp_svm(hard)
        assert ("contexts 1 and 3 are parallel but for an angle of" in str(caught.value)) == named
