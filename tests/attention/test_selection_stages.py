"""Both stages: slopes, closed forms, the shape of the pushes, and no underflow."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.attention.selection import Selection
from ntp_lib.attention.stage_one import (
    margin_values,
    stage_one_coordinates,
    stage_one_potential,
    stage_one_spread,
)
from ntp_lib.attention.stage_two import StageTwo
from ntp_lib.attention.synthetic import random_language
from ntp_lib.attention.training import train_two_stage
from ntp_lib.errors import NTPDataError


def problem(seed=0, tokens=8, dim=None, **options):
    language = random_language(tokens, seed=seed)
    X = None if dim is None else np.random.default_rng(seed).standard_normal((tokens, dim)) / np.sqrt(dim)
    return language.selection(language.draw(25, longest=4, seed=seed), embeddings=X, **options)


def loss(stage, W):
    """The loss as its formula says, in nats."""
    data, X = stage.selection, stage.selection.embeddings
    total = 0.0
    for n, q in enumerate(data.query):
        real = data.counts[n] > 0
        keys = np.repeat(data.tokens[n][real], data.counts[n][real])
        z = X[keys] @ W @ X[q]
        a = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        if stage.values is None:
            value = -np.log(a[keys == data.tokens[n, 0]].sum())
        else:
            logits = stage.values @ (a @ X[keys])
            value = np.log(np.exp(logits).sum()) - logits[data.next_token[data.tokens[n, 0]]]
        total += data.probs[n] * value
    return total


class Stage(StageTwo):
    """With the values that it was made of."""

    def __init__(self, selection, values=None):
        super().__init__(selection, values)
        self.values = values


@pytest.mark.parametrize("dim", [None, 6])
@pytest.mark.parametrize("with_values", [True, False])
def test_loss_and_slope(dim, with_values):
    data = problem(dim=dim)
    rng = np.random.default_rng(1)
    d = data.embeddings.shape[1]
    stage = Stage(data, rng.standard_normal((8, d)) if with_values else None)
    W, E = rng.standard_normal((2, d, d))
    look = stage.look(W)
    floor = data.probs @ stage.head.floor
    assert data.probs @ look.excess + floor == pytest.approx(loss(stage, W), rel=1e-12)
    h = 1e-5
    difference = (loss(stage, W + h * E) - loss(stage, W - h * E)) / (2 * h)
    gradient = stage.gradient(W)
    assert np.vdot(gradient, E) == pytest.approx(difference, rel=1e-7)
    np.testing.assert_allclose(look.step, -gradient / np.linalg.norm(gradient), atol=1e-12)


def test_copies_of_a_token_count():
    pairs = list(zip("abq", "ABQ", strict=True))
    data = Selection.from_sentences(["aabbbq", "baq"], "AB", pairs, queries="qa")
    stage = Stage(data, margin_values(data, 3.0))
    W = np.random.default_rng(0).standard_normal((6, 6))
    assert data.probs @ (stage.look(W).excess + stage.head.floor) == pytest.approx(loss(stage, W), rel=1e-12)
    attention = np.exp(stage.log_attention(np.zeros((6, 6))))[0]
    np.testing.assert_allclose(attention, [2 / 6, 3 / 6, 1 / 6])


def test_calibrated_values_are_those_of_the_svm():
    data = problem()
    solved = np.asarray(ntp.ntp_svm(data.stage_one()).W)
    np.testing.assert_allclose(margin_values(data), solved, atol=1e-8)
    assert np.linalg.norm(margin_values(data, 2.0)) == pytest.approx(2 * np.sqrt(7))
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0]
    language = random_language(8)
    turned = language.selection(language.draw(25, longest=4), embeddings=rotation)
    assert turned.orthonormal
    # A rotation of the embeddings turns everything and changes no margin.
    run, plain = (train_two_stage(s, steps=30, step_size=0.1) for s in (turned, data))
    np.testing.assert_allclose(rotation @ run.W @ rotation.T, plain.W, atol=1e-10)
    with pytest.raises(NTPDataError, match="scale"):
        margin_values(data, 0.0)


def test_first_stage_stays_within_the_spread():
    language = random_language(12, seed=2)
    data = language.selection(language.draw(10, longest=3))
    step, V, nu = 0.05, 12, np.sqrt(11)
    run = ntp.train(
        data.stage_one(), method="ngd", step_size=step, steps=1500, W0=np.zeros((V, V)), num_records=12
    )
    alpha = stage_one_coordinates(data, run.W)
    np.testing.assert_allclose(run.W, (np.eye(V)[data.next_token] - 1 / V).T * alpha, atol=1e-10)
    assert np.ptp(alpha) <= stage_one_spread(language.frequencies, V, step)
    rates = stage_one_potential(alpha, V) / language.frequencies
    assert rates.max() / rates.min() <= np.exp(step * np.sqrt(V / (V - 1)))
    # The bound of 1 − cos at every record, and the norm's.
    frame = run.frame.iloc[1:]
    spread = stage_one_spread(language.frequencies, V, step)
    along = frame.norm * frame.cosine
    assert (1 - frame.cosine <= spread**2 * nu**2 / (8 * along**2)).all()
    assert (frame.norm >= frame.step * step / (np.sqrt(2) * nu)).all()
    with pytest.raises(NTPDataError, match="orthonormal"):
        stage_one_coordinates(problem(dim=6), run.W)


@pytest.mark.parametrize("scale", [0.5, 2.0, 6.0])
def test_pushes_in_the_tail(scale):
    data = problem()
    stage = StageTwo(data, margin_values(data, scale))
    V, constant = 8, 3.5 * max(scale, 1)
    beta = V / (np.exp(scale) + V - 1)
    share = data.probs[:, None] * data.counts[:, 1:] / data.counts[:, :1]
    np.testing.assert_allclose(stage.limits, scale * beta * share, rtol=1e-12)
    for length in (4.0, 12.0, 40.0):
        look = stage.look(length * data.direction)
        rest = np.exp(look.log_attention[:, 1:]).sum(axis=1)
        if rest.max() > 1 / (2 * scale):
            continue
        ratio = look.pushes * np.exp(look.log_scale + np.where(data.losers, look.margins, 0))
        error = np.abs(ratio / np.where(data.losers, stage.limits, 1) - 1)
        assert (error <= constant * rest[:, None] + 1e-9)[data.losers].all()


def test_sign_lemma_and_its_converse():
    rng, data = np.random.default_rng(0), problem(tokens=6)
    scale = 4.0
    stage, negative = StageTwo(data, margin_values(data, scale)), 0
    for _ in range(50):
        look = stage.look(2 * rng.standard_normal((6, 6)))
        best = look.log_attention[:, 0] >= look.log_attention[:, 1:].max(axis=1)
        assert (look.pushes[best][data.losers[best]] > 0).all()
        negative += (look.pushes < 0).sum()
    # Where another token has most attention, the push can have the other sign.
    assert negative > 0


def test_margins_of_thousands_neither_vanish_nor_overflow():
    data = problem()
    stage = StageTwo(data, margin_values(data, 3.0))
    for sign in (1, -1):
        look = stage.look(sign * 2000 * data.direction)
        assert np.linalg.norm(look.step) == pytest.approx(1)
        assert np.vdot(look.step, data.direction) > 0
        assert np.isfinite(look.excess).all()
    labels = StageTwo(data).look(-2000 * data.direction)
    assert np.linalg.norm(labels.step) == pytest.approx(1)
    assert labels.excess.min() > 1000
    assert stage.pressure(look.margins) == np.inf


def test_arguments_are_refused_by_name():
    data = problem()
    for options, words in (
        ({"head": "both"}, "unknown head"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": [0.1, 0.1]}, "step_size has 2 lengths, .*; 5 are needed"),
        ({"W0": np.eye(3)}, "W0 has shape"),
        ({"values": np.eye(3)}, "values of shape"),
        ({"values": 700 * np.eye(8)}, "at most 600"),
        ({"num_records": 1}, "num_records"),
        ({"steps": 0}, "steps is 0"),
    ):
        with pytest.raises(NTPDataError, match=words):
            train_two_stage(data, **({"steps": 5} | options))
    assert train_two_stage(data, steps=1, num_records=2).frame.step.tolist() == [0, 1]


def test_records_and_measure():
    run = train_two_stage(
        problem(), steps=20, step_size=0.1, num_records=None, measure=lambda W, look: {"entry": W[0, 1]}
    )
    frame = run.frame
    assert frame.step.tolist() == list(range(21))
    np.testing.assert_allclose(frame.path_length, 0.1 * frame.step)
    assert frame.entry.iloc[-1] == run.W[0, 1]
    along = frame.norm.iloc[-1] - frame.gap.iloc[-1]
    assert frame.along.iloc[-1] == pytest.approx(along)
    assert frame.norm.iloc[-1] <= frame.path_length.iloc[-1]
