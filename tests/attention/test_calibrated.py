"""Values that give the odds: pushes of second order, their certificate, and a clock at half speed."""

import numpy as np
import pytest

from ntp_lib.attention.calibrated import CalibratedHead, calibrated_certificate
from ntp_lib.attention.selection import Selection
from ntp_lib.attention.stage_two import StageTwo
from ntp_lib.attention.synthetic import random_language
from ntp_lib.attention.training import train_two_stage
from ntp_lib.errors import NTPDataError


def pairs_of(seed, *, V=8, count=12, dim=None):
    """Sentences of two tokens and their copies, the query apart from them, with random odds for every token."""
    rng = np.random.default_rng(seed)
    language = random_language(V, seed=seed)
    sentences = [rng.choice(V - 1, 2, replace=False) for _ in range(count)]
    best = [language.next_token[language.optimal(V - 1, words)] for words in sentences]
    embeddings = None if dim is None else rng.standard_normal((V, dim))
    data = Selection.from_sentences(
        [np.repeat(words, rng.integers(1, 4, 2)).tolist() for words in sentences],
        best,
        list(enumerate(language.next_token.tolist())),
        queries=[V - 1] * count,
        embeddings=embeddings,
        weights=rng.gamma(3.0, size=count),
    )
    return data, rng.standard_normal(data.embeddings.shape)


@pytest.mark.parametrize("dim", [None, 5])
@pytest.mark.parametrize("longest", [2, 5])
def test_excess_and_pushes_by_differences(dim, longest):
    language = random_language(7, seed=3)
    rng = np.random.default_rng(4)
    X = None if dim is None else rng.standard_normal((7, dim))
    data = language.selection(language.draw(20, longest=longest, seed=3), embeddings=X)
    values = rng.standard_normal(data.embeddings.shape)
    stage = StageTwo(data, values, CalibratedHead(data, values))
    W, E = rng.standard_normal((2, *stage.gradient(np.zeros(2 * data.embeddings.shape[1:])).shape))

    def loss(W):
        a = np.exp(stage.log_attention(W))
        logits = np.einsum("nl,nlv->nv", a, (data.embeddings @ values.T)[data.tokens])
        logq = np.log(stage.head.probs)
        logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return data.probs @ (np.exp(logq) * (logq - logp)).sum(axis=1)

    assert data.probs @ stage.look(W).excess == pytest.approx(loss(W), rel=1e-10)
    h = 1e-5
    assert np.vdot(stage.gradient(W), E) == pytest.approx((loss(W + h * E) - loss(W - h * E)) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dim", [None, 6])
def test_pushes_of_two_tokens(seed, dim):
    """Positive everywhere; in the tail b e^{−2μ} with a relative error of at most (3 + Δ)ζ."""
    data, values = pairs_of(seed, dim=dim)
    head = CalibratedHead(data, values)
    stage = StageTwo(data, values, head)
    b = data.probs * head.variances[:, 0] * (data.counts[:, 1] / data.counts[:, 0]) ** 2
    if dim is None:
        b = calibrated_certificate(data, values, np.zeros((8, 8))).weights
    rng = np.random.default_rng(seed)
    for size in (1.0, 3.0, 10.0, 30.0):
        look = stage.look(size * rng.standard_normal(2 * data.embeddings.shape[1:]))
        assert look.pushes.min() >= 0
        missed = np.exp(look.log_attention[:, 1])
        error = look.pushes[:, 0] * np.exp(look.log_scale + 2 * look.margins[:, 0]) / b - 1
        near = (head.widest * missed <= 1) & (look.margins[:, 0] < 150)
        # Rounding of logits of size 30 in margins: 1e-14 each.
        assert np.all(np.abs(error[near]) <= (3 + head.widest) * missed[near] + 1e-11)
        assert near.any()


def test_a_certified_run_obeys_its_bounds_and_the_head_no_first_order_certificate():
    data, values = pairs_of(1)
    run = train_two_stage(data, head="calibrated", values=values, step_size=0.02, steps=50)
    assert run.certificate is None
    W = np.zeros((8, 8))
    stage = StageTwo(data, values, CalibratedHead(data, values))
    start, line = None, None
    for k in range(5000):
        if k % 50 == 0:
            proof = calibrated_certificate(data, values, W)
            if start is None and proof.holds:
                start, step, line = k, proof.step_bound, proof
            if start is not None:
                assert proof.holds
                assert line.pressure_line((k - start) * step) * (1 + 1e-9) >= proof.S
                assert data.probs @ stage.look(W).excess <= 0.6 * proof.S
        W = W + (0.05 if start is None else step) * stage.look(W).step
    assert start is not None


def test_what_calibration_refuses():
    data, values = pairs_of(0)
    for broken, words in ((values[:3], "values of shape"), (values * 1e4, "at most so much")):
        with pytest.raises(NTPDataError, match=words):
            CalibratedHead(data, broken)
    with pytest.raises(NTPDataError, match="two tokens that are followed alike"):
        calibrated_certificate(data, 0 * values, np.zeros((8, 8)))
    with pytest.raises(NTPDataError, match="W has shape"):
        calibrated_certificate(data, values, np.zeros((3, 3)))
    language = random_language(6, seed=0)
    longer = language.selection(language.draw(10, longest=4, seed=0))
    with pytest.raises(NTPDataError, match="distinct tokens; two are needed"):
        calibrated_certificate(longer, np.eye(6), np.zeros((6, 6)))
