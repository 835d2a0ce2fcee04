"""Margins in other norms: the certificate first, then special cases, symmetries and refusals."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins import max_margin as module
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.norms import NORMS, preconditioned

NAMES = list(NORMS)


def separable(random_problem, seed, **sizes):
    return random_problem(seed, m=3, d=5, **sizes)


def rotated(data, Q):
    return ntp.NTPData(data.embeddings @ Q, data.context_probs, data.next_token_probs)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_the_dual_bound_proves_optimality(name, seed, random_problem):
    solution = ntp.max_margin(separable(random_problem, seed), norm=name)
    # The interior-point method stops at 1e-9; a bound below the attained margin would be a wrong bound.
    assert -1e-9 <= solution.gap <= 1e-6
    assert solution.spread <= 1e-8
    assert context_margins(solution.W, solution.data)[0].min() == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_no_feasible_matrix_beats_the_bound(name, random_problem):
    data = separable(random_problem, 1)
    solution, F, rng = ntp.max_margin(data, norm=name), ntp.subspace(data), np.random.default_rng(0)
    for _ in range(30):
        W = F.project_complement(solution.W + 0.3 * rng.standard_normal(solution.W.shape))
        assert ntp.margin(W, data) <= solution.bound * solution.geometry.size(W) * (1 + 1e-9)
    # Control: the bound is tight; one that is smaller by a thousandth is beaten by the solution.
    assert ntp.margin(solution.W, data) > 0.999 * solution.bound * solution.geometry.size(solution.W)


@pytest.mark.parametrize("seed", range(3))
def test_frobenius_is_the_ntp_svm(seed, random_problem):
    data = separable(random_problem, seed)
    W_mm = ntp.ntp_svm(data).W
    # Relative gaps of 1e-7 and 1e-8 leave a relative distance of their square roots at most.
    even = ntp.max_margin(data, preconditioner=np.ones(W_mm.shape))
    assert np.linalg.norm(even.W - W_mm) <= 1e-4 * np.linalg.norm(W_mm)
    assert even.attainable == pytest.approx(ntp.max_margin(data).attainable, rel=1e-6)
    for name in ("max", "spectral"):
        other = ntp.max_margin(data, norm=name)
        share = ntp.margin(W_mm, data) / (other.geometry.size(W_mm) * other.attainable)
        assert share <= 1 + 1e-6


def test_the_frobenius_solution_is_not_optimal_in_the_other_norms():
    """The control: the three programmes are different ones."""
    data = ntp.synthetic.random(num_contexts=5, dim=8, vocab_size=5, support_size=2, num_sequences=200)
    W_mm = ntp.ntp_svm(data).W
    for name in ("max", "spectral"):
        other = ntp.max_margin(data, norm=name)
        assert ntp.margin(W_mm, data) / (other.geometry.size(W_mm) * other.attainable) < 1 - 1e-3


def test_one_context_two_tokens():
    """(e₁ − e₂)ᵀWh is largest at 2‖h‖₁, √2‖h‖ and √2‖h‖ over the unit balls."""
    h = np.array([1.0, -2.0, 0.5])
    data = ntp.NTPData([h], [1.0], [[1.0, 0.0]])
    expected = {
        "max": 2 * np.abs(h).sum(),
        "spectral": np.sqrt(2) * np.linalg.norm(h),
        "frobenius": np.sqrt(2) * np.linalg.norm(h),
    }
    for name, value in expected.items():
        assert ntp.max_margin(data, norm=name).attainable == pytest.approx(value, rel=1e-7)


def test_rotations_keep_two_margins_and_change_the_third(random_problem):
    data = separable(random_problem, 2)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))[0]
    changes = {
        name: ntp.max_margin(rotated(data, Q), norm=name).attainable / ntp.max_margin(data, norm=name).attainable
        for name in NAMES
    }
    assert changes["spectral"] == pytest.approx(1, rel=1e-6)
    assert changes["frobenius"] == pytest.approx(1, rel=1e-6)
    assert changes["max"] != pytest.approx(1, rel=1e-3)


def test_a_preconditioner_of_columns_rescales_the_embeddings(random_problem):
    """P constant down each column: W = Y√P has the logits of Y on embeddings times √P."""
    data, p = separable(random_problem, 0), np.exp(np.linspace(-1, 1, 5))
    scaled = ntp.NTPData(data.embeddings * np.sqrt(p), data.context_probs, data.next_token_probs)
    expected = ntp.ntp_svm(scaled).W * np.sqrt(p)
    solution = ntp.max_margin(data, preconditioner=np.tile(p, (data.vocab_size, 1)))
    assert np.linalg.norm(solution.W - expected) <= 1e-4 * np.linalg.norm(expected)
    assert np.linalg.norm(solution.W - ntp.ntp_svm(data).W) > 1e-2 * np.linalg.norm(expected)


def test_a_preconditioner_counts_up_to_a_factor(random_problem):
    data = separable(random_problem, 0)
    P = np.exp(np.random.default_rng(0).standard_normal((data.vocab_size, 5)))
    first, second = (ntp.max_margin(data, preconditioner=c * P) for c in (1.0, 1e40))
    assert np.linalg.norm(first.W - second.W) <= 1e-6 * np.linalg.norm(first.W)
    assert first.norm == pytest.approx(float(preconditioned(P / P.max()).size(first.W)))


def test_what_is_not_separable_is_refused_with_a_certificate():
    data = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    for name in NAMES:
        with pytest.raises(ntp.NotSeparableError) as refusal:
            ntp.max_margin(data, norm=name)
        assert np.abs(refusal.value.certificate).max() > 0


def test_an_accuracy_out_of_reach_is_refused(random_problem):
    with pytest.raises(ntp.DidNotConvergeError, match=r"gap .* asked 1\.0e-16"):
        ntp.max_margin(separable(random_problem, 0), norm="spectral", tolerance=1e-16)


def test_the_frobenius_norm_is_left_to_the_svm(random_problem):
    data = separable(random_problem, 0)
    found, svm = ntp.max_margin(data, tolerance=1e-3), ntp.ntp_svm(data, tolerance=1e-7)
    assert found.solver == svm.solver
    assert np.array_equal(found.W, svm.W)
    assert np.array_equal(found.dual, svm.dual)
    assert ntp.max_margin(data, norm="max").solver == "HIGHS"
    assert ntp.max_margin(data, norm="spectral").solver == "CLARABEL"


@pytest.mark.parametrize(
    ("status", "reason", "ending"),
    [
        (ntp.Verdict.UNDECIDED, "the time was up", f"{ntp.Verdict.UNDECIDED.value} (the time was up)"),
        (ntp.Verdict.SEPARABLE, "", ntp.Verdict.SEPARABLE.value),
    ],
)
def test_what_ended_without_a_solution_says_what_is_known(status, reason, ending, random_problem, monkeypatch):
    data = separable(random_problem, 0)
    monkeypatch.setattr(module, "_solve", lambda *_: None)
    monkeypatch.setattr(module, "separability", lambda data: ntp.Separability(data, status, reason=reason))
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        ntp.max_margin(data, norm="max", tolerance=1e-5)
    assert str(refusal.value) == (
        f"the solver of the max margin ended with no solution, asked 1.0e-05; separability: {ending}"
    )


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_zero_embeddings_have_no_margin_in_any_norm():
    data = ntp.NTPData(np.zeros((2, 2)), [0.5, 0.5], [[1.0, 0.0], [1.0, 0.0]])
    for name in NAMES:
        with pytest.raises(ntp.NotSeparableError, match="so no margin exists"):
            ntp.max_margin(data, norm=name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"norm": "nuclear"}, "unknown norm 'nuclear'"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
        ({"preconditioner": np.ones((2, 2))}, "preconditioner has shape"),
        ({"preconditioner": np.zeros((5, 5))}, r"preconditioner is 0\.0 at \(token, coordinate\) \(0, 0\)"),
        (
            {"preconditioner": np.where(np.arange(25).reshape(5, 5) == 13, -2.0, 1.0)},
            r"preconditioner is -2\.0 at \(token, coordinate\) \(2, 3\), not > 0",
        ),
        ({"preconditioner": np.ones((5, 5)), "norm": "max"}, "cannot be combined with 'max'"),
    ],
)
def test_bad_input_is_named(options, message, random_problem):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.max_margin(separable(random_problem, 0), **options)
