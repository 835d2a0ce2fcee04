"""What transitivity decides, several labels, and both layers at once."""

import numpy as np
import pytest

from ntp_lib.attention.joint import accuracy, train_joint
from ntp_lib.attention.mixing import best_mixture, late_mixture_excess
from ntp_lib.attention.soft import late_log_odds, retrieval_scale, soft_retrieval
from ntp_lib.attention.stage_one import margin_values
from ntp_lib.attention.synthetic import random_language
from ntp_lib.attention.training import train_two_stage
from ntp_lib.attention.transitivity import chain_slack, right_answers, sentence_kinds
from ntp_lib.attention.trap import trap
from ntp_lib.errors import NTPDataError


@pytest.fixture(scope="module")
def language():
    return random_language(10, seed=4)


@pytest.fixture(scope="module")
def data(language):
    return language.selection(language.draw(80, longest=4, seed=4))


def fresh(language, count=600):
    words = language.draw(count, longest=5, seed=99)
    return words, [language.optimal(int(w[-1]), w) for w in words]


def test_what_transitivity_decides_is_right_once_training_is(language, data):
    words, best = fresh(language)
    kinds = sentence_kinds(data, words, best)
    assert set(kinds.kind) == {"seen", "transitive", "partly", "unknown"}
    assert ((kinds.links > 0) == kinds.kind.isin(["seen", "transitive"])).all()
    assert (kinds.links[kinds.kind == "transitive"] >= 1).all()
    run = train_two_stage(data, scale=4.0, step_size=0.05, steps=2500)
    assert run.frame.least_margin.iloc[-1] > 0
    for W in (run.W, data.direction):
        right = right_answers(data, W, words, best)
        assert right[kinds.links > 0].min() == 1
        assert right[kinds.kind == "unknown"].mean() < 0.8
        assert chain_slack(data, W) >= -1e-7
    # Attention at least 1/(1 + Σ e^{−sD}) there.
    s = run.frame.least_margin.iloc[-1]
    U = run.W
    for row in np.flatnonzero(kinds.links > 0)[:50]:
        others = words[row][words[row] != best[row]]
        q = int(words[row][-1])
        odds = np.exp(U[others, q] - U[best[row], q]).sum()
        assert odds <= np.exp(-s * data.longest_chains(q)[best[row], others]).sum() * (1 + 1e-9)


def test_kinds_by_hand():
    chain = trap(1, 5)
    # 2 > 0 > 1 > 3 for query 4.
    words = [np.array(w) for w in ([2, 0, 4], [2, 3, 4], [2, 4], [0, 2, 4])]
    kinds = sentence_kinds(trap(1, 5, query_inside=True), words, [2, 2, 2, 0])
    assert kinds.kind.tolist() == ["seen", "transitive", "seen", "partly"]
    assert kinds.links.tolist() == [1, 3, 3, 0]
    assert sentence_kinds(chain, [np.array([2, 3])], [2]).kind.tolist() == ["unknown"]
    with pytest.raises(NTPDataError, match="not in sentence 0"):
        sentence_kinds(chain, [np.array([2, 3])], [0])
    with pytest.raises(NTPDataError, match="best has 1"):
        sentence_kinds(chain, words, [0])
    # A tie of two is half right.
    np.testing.assert_allclose(right_answers(chain, np.zeros((5, 5)), words[:1], [2]), 1 / 3)


@pytest.mark.parametrize("probs", [(0.7, 0.3), (0.45, 0.35, 0.2)])
def test_hard_retrieval_up_to_the_scale_and_not_beyond(probs):
    critical = retrieval_scale(probs, 20)
    for factor, hard in ((0.999, True), (1.001, False)):
        found = soft_retrieval(probs, factor * critical, 20)
        assert found.slack < 1e-7
        assert (found.attention[1] < 1e-9) == hard
        assert found.loss <= soft_loss(probs, np.eye(len(probs))[0], factor * critical, 20) + 1e-14
    found = soft_retrieval(probs, 2 * critical, 20)
    rng = np.random.default_rng(0)
    for a in rng.dirichlet(np.ones(len(probs) + 1), 200):
        # Attention on a token without label included.
        assert soft_loss(probs, a, 2 * critical, 20) >= found.loss - 1e-12


def soft_loss(probs, a, scale, V):
    logits = np.zeros(V)
    logits[: len(a)] = scale * a
    return np.log(np.exp(logits).sum()) - np.asarray(probs) @ logits[: len(probs)]


def test_edges_of_the_phase():
    assert retrieval_scale([0.5, 0.5], 20) == 0
    assert retrieval_scale([1.0], 20) == np.inf
    np.testing.assert_allclose(soft_retrieval([0.5, 0.5], 0.1, 20).attention, 0.5)
    np.testing.assert_allclose(soft_retrieval([0.2, 0.8], 0.1, 20).attention, [0, 1])
    assert soft_retrieval([1.0], 2.0, 20).loss == pytest.approx(np.log1p(19 * np.exp(-2)))
    with pytest.raises(NTPDataError, match="probs are"):
        retrieval_scale([0.5, 0.6], 20)
    with pytest.raises(NTPDataError, match="two are needed"):
        late_log_odds([1.0], 3.0)
    with pytest.raises(NTPDataError, match="scale"):
        late_log_odds([0.9, 0.1], 1.0)


def test_composing_costs_twice_the_scale():
    for scale in (20.0, 40.0):
        found = soft_retrieval([0.7, 0.3], scale, 20)
        odds = np.log(found.attention[0] / found.attention[1])
        assert odds == pytest.approx(late_log_odds([0.7, 0.3], scale), rel=1e-3)
        assert found.excess == pytest.approx(late_mixture_excess([0.7, 0.3], scale, 20), rel=1e-3)
    rate = np.log(best_mixture([0.7, 0.3], 40.0, 20).excess / best_mixture([0.7, 0.3], 60.0, 20).excess) / 20
    assert rate == pytest.approx(1 / 2, abs=1e-3)


def test_both_layers_at_once(data):
    run = train_joint(
        data, step_size=0.05, steps=1500, num_records=10, measure=lambda W_ov, W: {"size": W_ov.size}
    )
    last = run.frame.iloc[-1]
    assert last.accuracy == 1
    assert last.cosine > 0.9
    assert last.values_cosine > 0.95
    assert last["size"] == 100
    assert accuracy(data, run.values, run.W) == 1
    assert run.frame.loss.is_monotonic_decreasing
    # Every step has the same length in both together.
    length = np.hypot(run.frame.norm, run.frame.values_norm)
    assert (length <= 0.05 * run.frame.step + 1e-9).all()
    assert accuracy(data, 0 * run.values, run.W) == 0
    assert accuracy(data, margin_values(data), data.direction) == 1


def test_options_of_joint_training(data):
    for options, words in (
        ({"collocation_share": 1.0}, "collocation_share"),
        ({"step_size": 0.0}, "step_size"),
        ({"steps": 0}, "steps is 0"),
        ({"num_records": 1}, "num_records"),
    ):
        with pytest.raises(NTPDataError, match=words):
            train_joint(data, **options)
    run = train_joint(data, steps=2, step_size=0.1, num_records=None)
    assert run.frame.step.tolist() == [0, 1, 2]
    # At zero all logits are equal.
    assert run.frame.loss[0] == pytest.approx(np.log(10))
    # From zero attention has no slope, and values alone take the first step.
    assert (run.frame.norm[1], run.frame.values_norm[1]) == (0, pytest.approx(0.1))


def test_slopes_of_both_layers(data):
    from ntp_lib.attention.joint import _Joint

    rng = np.random.default_rng(0)
    A, B, E, F = rng.standard_normal((4, 10, 10))
    for share in (0.0, 0.3):
        problem = _Joint.of(data, share)
        _, slope_ov, slope = problem.loss_and_slopes(A, B)
        h = 1e-5
        up, down = (problem.loss_and_slopes(A + t * E, B + t * F)[0] for t in (h, -h))
        assert np.vdot(slope_ov, E) + np.vdot(slope, F) == pytest.approx((up - down) / (2 * h), rel=1e-6)


def test_collocations_decide_the_trap():
    # Observed: with the query inside the sentences, r = 8, joint training from zero is caught without them.
    data = trap(8, 19, query_inside=True)
    for share, wanted in ((0, 16 / 17), (0.5, 1)):
        run = train_joint(data, collocation_share=share, step_size=0.05, steps=4000, num_records=2)
        assert run.frame.accuracy.iloc[-1] == pytest.approx(wanted)
