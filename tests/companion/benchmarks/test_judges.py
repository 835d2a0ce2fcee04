import warnings

import numpy as np
import pytest
import scipy.sparse as sp

from ntp_lib import ntp_svm, regularization_path, separability, synthetic
from ntp_lib.companion.benchmarks.judges import (
    MATCHED_SVM,
    CertificateJudge,
    PathJudge,
    SVMJudge,
    descend,
    dual_bound,
    feasible,
)
from ntp_lib.companion.benchmarks.peers.jax_loops import flow_contender, scan_contender
from ntp_lib.companion.benchmarks.peers.programmes import certificate_contender, cvxpy_contenders, qp_contenders
from ntp_lib.companion.benchmarks.peers.scikit import path_contender, svm_contenders

SMALL = synthetic.random(num_contexts=6, dim=8, vocab_size=5, support_size=2)
NOT_SEPARABLE = synthetic.random(num_contexts=24, dim=6, vocab_size=4, support_size=2)
PENALTIES = [1.0, 1e-3, 1e-6]


def matched(accuracy):
    return all(requirement.met(accuracy) for requirement in MATCHED_SVM)


def solved(peer, data, setting=None):
    """What a peer hands in, whatever it warns of, or a skip where it is not installed."""
    if peer.missing:
        pytest.skip(peer.missing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peer.solve(data, setting or peer.settings[-1], 10.0).value


@pytest.mark.parametrize(
    "peer", [*qp_contenders(), *cvxpy_contenders(("OSQP", "SCS", "Clarabel"))], ids=lambda peer: peer.name
)
def test_every_programme_is_the_ntp_svm_and_its_multipliers_prove_it(peer):
    W, dual = solved(peer, SMALL, "1e-8")
    assert matched(SVMJudge()(SMALL, (W, dual)))
    assert np.linalg.norm(W - ntp_svm(SMALL).W) < 1e-3 * np.linalg.norm(W)


@pytest.mark.parametrize("V", [2, 4])
def test_scikit_learn_solves_the_one_hot_case(V):
    data = synthetic.random(num_contexts=12, dim=15, vocab_size=V, support_size=1)
    ours, judge = ntp_svm(data), SVMJudge()
    judge(data, (ours.W, ours.dual))
    for peer in svm_contenders(V):
        assert matched(judge(data, solved(peer, data, "1e-8"))), peer.name


def test_scikit_learn_walks_the_ridge_path():
    judge = PathJudge(PENALTIES)
    assert judge(SMALL, solved(path_contender(PENALTIES), SMALL))["residual"] < 1e-7
    path = regularization_path(SMALL, penalties=PENALTIES)
    ours = [path.W(i) for i in range(len(PENALTIES))]
    assert judge(SMALL, ours)["residual"] < 1e-7
    assert judge(SMALL, [1.001 * W for W in ours])["residual"] > 1e-4


def test_a_linear_programme_finds_a_certificate_and_a_wrong_one_proves_nothing():
    judge = CertificateJudge()
    ours = separability(NOT_SEPARABLE).certificate
    for certificate in (solved(certificate_contender(), NOT_SEPARABLE), ours, sp.csr_array(ours)):
        assert judge(NOT_SEPARABLE, certificate)["excluded"] < 1e-9
    assert judge(NOT_SEPARABLE, ours + 1e-3 * np.abs(ours).max() * np.eye(*ours.shape))["excluded"] > 1e-5
    assert judge(NOT_SEPARABLE, np.zeros_like(ours))["excluded"] == np.inf


def test_multipliers_are_made_feasible_dense_and_sparse_alike():
    noise = np.random.default_rng(0).standard_normal((SMALL.num_contexts, SMALL.vocab_size))
    dense, total = feasible(noise, SMALL)
    assert np.allclose(dense.sum(axis=1), 0)
    off = np.where(SMALL.support_mask, 0.0, dense.toarray())
    assert off.max() <= 0
    assert total == pytest.approx(-off.sum())
    assert np.allclose(feasible(sp.csr_array(noise), SMALL)[0].toarray(), dense.toarray())


@pytest.mark.parametrize(
    "spoil", [lambda W: 0.999 * W, lambda W: 1.001 * W, lambda W: W + 1e-4 * np.eye(*W.shape)]
)
def test_a_spoilt_answer_is_not_accepted(spoil):
    solution, judge = ntp_svm(SMALL), SVMJudge()
    assert matched(judge(SMALL, (solution.W, solution.dual)))
    assert not matched(judge(SMALL, (spoil(solution.W), None)))


def test_no_multipliers_prove_more_than_the_optimum():
    solution, rng = ntp_svm(SMALL), np.random.default_rng(0)
    optimum = np.linalg.norm(solution.W) ** 2 / 2
    assert dual_bound(solution.dual, SMALL) == pytest.approx(optimum, rel=1e-6)
    for _ in range(20):
        assert dual_bound(solution.dual + rng.standard_normal(solution.dual.shape), SMALL) <= optimum * (1 + 1e-7)
    assert not matched(SVMJudge()(SMALL, (solution.W, None)))


@pytest.mark.parametrize("normalised", [False, True])
def test_the_compiled_loop_descends(normalised):
    expected = descend(SMALL, step_size=0.1, steps=30, normalised=normalised)
    assert np.allclose(solved(scan_contender(0.1, 30, normalised=normalised), SMALL), expected, rtol=1e-10)


def test_the_compiled_flow_flows():
    expected = 2 * descend(SMALL, step_size=0.005, steps=400) - descend(SMALL, step_size=0.01, steps=200)
    assert np.allclose(solved(flow_contender([np.log(2.0), 5.0]), SMALL), expected, atol=1e-4)
