import numpy as np
import pytest

from ntp_lib import ntp_svm, synthetic
from ntp_lib.companion.benchmarks.judges import MATCHED_SVM, SVMJudge, dual_bound
from ntp_lib.companion.benchmarks.peers.cvxpy_model import LEVELS, PRINTED, cvxpy_contenders
from ntp_lib.companion.benchmarks.peers.sklearn_svm import sklearn_contenders
from ntp_lib.companion.benchmarks.peers.torch_loop import torch_contenders
from ntp_lib.companion.benchmarks.topics.training import descend

SMALL = synthetic.random(num_contexts=6, dim=8, vocab_size=5, support_size=2)


def matched(accuracy):
    return all(requirement.met(accuracy) for requirement in MATCHED_SVM)


@pytest.mark.parametrize("form", [LEVELS, PRINTED])
@pytest.mark.parametrize("position", range(3))
def test_both_models_are_the_ntp_svm_and_their_multipliers_prove_it(form, position):
    peer = cvxpy_contenders(form)[position]
    W, dual = peer.solve(SMALL, peer.settings[-1], 10.0).value
    assert matched(SVMJudge()(SMALL, (W, dual)))
    assert np.linalg.norm(W - ntp_svm(SMALL).W) < 1e-3 * np.linalg.norm(W)


@pytest.mark.parametrize(("m", "d", "V"), [(12, 15, 2), (12, 15, 4)])
def test_scikit_learn_solves_the_one_hot_case(m, d, V):
    data = synthetic.random(num_contexts=m, dim=d, vocab_size=V, support_size=1)
    ours, judge = ntp_svm(data), SVMJudge()
    judge(data, (ours.W, ours.dual))
    for peer in sklearn_contenders(V):
        assert matched(judge(data, peer.solve(data, "1e-8", 10.0).value)), peer.name


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
def test_the_torch_loop_descends(normalised):
    expected = descend(SMALL, step_size=0.1, steps=30, normalised=normalised)
    for peer in torch_contenders(step_size=0.1, steps=30, normalised=normalised, stands_for=300):
        answer = peer.solve(SMALL, "default", 60.0)
        assert np.allclose(answer.value, expected, rtol=1e-10)
        assert answer.scale == 10.0
    [stopped, _] = torch_contenders(step_size=0.1, steps=10_000)
    assert stopped.solve(SMALL, "default", 0.0).stopped
