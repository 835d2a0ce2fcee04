"""Descent on choice data: the pairs step for step, what theorems say of a run, the clock, refusals."""

import sys
from pathlib import Path

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.choice import loss
from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.measurements import measure_choices
from ntp_lib.choice.references import choice_references
from ntp_lib.trajectories.optimisers import METHODS

sys.path.insert(0, str(Path(__file__).parents[1] / "choice"))
from choice_problems import as_next_tokens, random_choice

COLUMNS = [
    "step", "clock", "excess_loss", "soft_part", "hard_part", "least_mass", "norm", "cosine", "one_minus_cosine",
    "cosine_corrected", "finite_error", "margin",
]  # fmt: skip
# Two tokens beat each other for the first query, a third loses; dimensions enough for independence.
CYCLIC = ChoiceData.from_sentences(["abcq", "bacq", "abq", "dcr"], ["a", "b", "a", "d"])
REFERENCES = choice_references(CYCLIC)


def keep_in(kept):
    """A measurement that keeps every W."""

    def measure(stack):
        kept.extend(stack)
        return {"corner": stack[:, 0, 0]}

    return measure


def halves(W):
    return np.array([W.ravel(), -W.ravel()]) / 2


@pytest.mark.parametrize(("method", "share"), [("gd", 1 / 2), ("ngd", 1 / np.sqrt(2))])
def test_two_candidates_step_for_step(method, share):
    """prop-choice-pairs: θ moves as W does when the pairs' step is η/2, or η/√2 for normalised descent."""
    data = random_choice(4, contexts=6, candidates=2, labels=1, counts=False, dims=(4, 3))
    pairs = data.pairs(data.context_probs)
    W0 = np.random.default_rng(0).standard_normal(data.shape)
    W, decoders = [], []
    options = {"method": method, "steps": 40, "num_records": None}
    own = ntp.train(data, W0=W0, step_size=0.3, **options, measure=keep_in(W))
    ntp.train(
        pairs,
        W0=halves(W0),
        step_size=0.3 * share,
        **options,
        measure=keep_in(decoders),
    )
    assert len(W) == len(decoders) == 41
    assert np.abs(W[-1] - W0).max() > 0.1
    for ours, theirs in zip(W, decoders, strict=True):
        assert theirs == pytest.approx(halves(ours), abs=1e-12)
    assert own.frame["step"].tolist() == list(range(41))


@pytest.mark.parametrize("method", METHODS)
def test_one_vocabulary_is_next_token_prediction_for_every_method(method):
    data, choice = as_next_tokens(1, dim=4)
    options = {"method": method, "step_size": 0.05, "steps": 30, "step_decay": 0.3, "seed": 3}
    own, theirs = ntp.train(choice, **options), ntp.train(data, **options)
    # Sign descent and the spectral methods magnify the rounding of a gradient, but not in thirty steps.
    assert np.abs(own.W - theirs.W).max() <= 1e-9
    for name in ("excess_loss", "norm", "finite_error", "margin"):
        assert own.frame[name].to_numpy() == pytest.approx(theirs.frame[name].to_numpy(), abs=1e-8)


def test_the_frame_and_its_columns_by_definition():
    options = {"references": REFERENCES, "measure": lambda stack: {"corner": stack[:, 0, 0]}}
    run = ntp.train(CYCLIC, steps=60, num_records=5, **options)
    assert list(run.frame.columns) == [*COLUMNS, "corner"]
    assert run.references is REFERENCES
    last, W = run.frame.iloc[-1], run.W
    assert last["corner"] == W[0, 0]
    assert last["excess_loss"] == pytest.approx(loss.excess_loss(W, CYCLIC), rel=1e-12)
    assert last["soft_part"] + last["hard_part"] == pytest.approx(
        loss.cross_entropy(W, CYCLIC) - REFERENCES.infimum, rel=1e-11
    )
    inside = np.where(REFERENCES.kept, np.exp(CYCLIC.log_probabilities(W)), 0.0)
    masses = np.add.reduceat(inside, CYCLIC.candidates.indptr[:-1])
    assert last["least_mass"] == pytest.approx(masses.min(), rel=1e-13)
    assert last["hard_part"] == pytest.approx(-CYCLIC.context_probs @ np.log(masses), rel=1e-12)
    W_mm, centre = REFERENCES.W_mm, REFERENCES.W_finite
    assert last["norm"] == pytest.approx(np.linalg.norm(W))
    assert last["cosine"] == pytest.approx(np.vdot(W, W_mm) / np.linalg.norm(W) / np.linalg.norm(W_mm), abs=1e-14)
    assert last["cosine"] == 1 - last["one_minus_cosine"]
    moved = W - centre
    corrected = np.vdot(moved, W_mm) / np.linalg.norm(moved) / np.linalg.norm(W_mm)
    assert last["cosine_corrected"] == pytest.approx(corrected, abs=1e-14)
    assert last["finite_error"] == pytest.approx(np.linalg.norm(REFERENCES.F.project(W) - centre), rel=1e-10)


def test_at_the_limits_all_is_met():
    zero, mm = np.zeros(CYCLIC.shape), REFERENCES.W_mm
    found = measure_choices(np.array([zero, REFERENCES.W_finite, 3 * mm]), REFERENCES)
    assert np.isnan(found["cosine"][0])
    assert found["soft_part"][1] <= 1e-28
    assert found["finite_error"][1] <= 1e-14
    assert found["one_minus_cosine"][2] <= 1e-30
    assert found["margin"][2] == pytest.approx(3, abs=1e-7)
    all_stay = ChoiceData.from_sentences(["ab", "ab"], ["a", "b"], queries=["q", "q"])
    alone = measure_choices(np.array([mm[:3, :3]]), choice_references(all_stay))
    assert np.isnan(alone["cosine"][0])
    assert (alone["hard_part"][0], alone["least_mass"][0], alone["margin"][0]) == (0, 1, np.inf)


def test_every_data_set_is_completed_and_turns():
    """own-thm-1 and thm-decomposition for attention, at a finite time: parts fall, the direction turns."""
    assert (REFERENCES.kept & ~CYCLIC.in_support).any(), "a completed support must differ from the labels"
    step = 1.9 / loss.smoothness(CYCLIC)
    frame = ntp.train(CYCLIC, step_size=step, steps=20_000, references=REFERENCES, num_records=20).frame
    total = (frame["soft_part"] + frame["hard_part"]).to_numpy()
    assert (np.diff(total) < 0).all()
    late = frame.iloc[-1]
    assert late["finite_error"] <= 5e-3
    assert late["one_minus_cosine"] <= 0.02
    assert late["least_mass"] >= 0.999


def test_the_clock_adds_the_steps():
    run = ntp.train(CYCLIC, step_size=0.2, steps=10, step_decay=0.5, num_records=None)
    assert run.frame["clock"].to_numpy() == pytest.approx(
        np.concatenate([[0], np.cumsum(0.2 / np.sqrt(np.arange(1, 11)))])
    )
    W = [np.zeros(CYCLIC.shape)]
    run = ntp.train(
        CYCLIC,
        method="ngd",
        step_size=0.1,
        steps=3,
        num_records=None,
        W0=W[0],
        measure=keep_in(W),
    )
    gains = [0.1 / np.linalg.norm(loss.gradient(V, CYCLIC)) for V in W[1:-1]]
    assert run.frame["clock"].to_numpy() == pytest.approx(np.concatenate([[0], np.cumsum(gains)]))
    assert ntp.train(CYCLIC, method="sign", steps=2).frame["clock"].isna().all()


def test_starts_follow_the_seed_and_tensors_come_back():
    torch = pytest.importorskip("torch")
    first = [ntp.train(CYCLIC, steps=1, step_size=1e-12, seed=seed).W for seed in (0, 0, 1)]
    assert np.array_equal(first[0], first[1])
    assert not np.allclose(first[0], first[2])
    W0 = torch.zeros(CYCLIC.shape, dtype=torch.float64)
    assert torch.is_tensor(ntp.train(CYCLIC, steps=2, W0=W0).W)
    assert not W0.any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 2}, "choice data are trained with the exact gradient"),
        ({"sample_tokens": True}, "choice data are trained with the exact gradient"),
        ({"tolerance": 1e-6}, "on next-token data"),
        ({"steps": 10**10}, "steps is 10000000000"),
        ({"W0": np.zeros((2, 2))}, "W0 has shape"),
        ({"W0": np.full((6, 6), 1e101)}, "at most 1e\\+100 is possible"),
        ({"references": choice_references(random_choice(0, dims=(6, 5)))}, "other data, whose keys differ"),
    ],
)
def test_what_a_run_on_choice_data_refuses(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.train(CYCLIC, **options)


def test_data_without_effect_or_of_another_kind_are_refused():
    for keys, queries in ((np.zeros((2, 2)), [[1.0]]), (np.eye(2), [[0.0]])):
        still = ChoiceData(keys, queries, [[1, 1]], [[1, 0]], [1.0])
        with pytest.raises(ntp.NTPDataError, match="does not depend on W"):
            ntp.train(still)
    short = ChoiceData(1e-120 * np.eye(2), [[1.0]], [[1, 1]], [[1, 0]], [1.0])
    with pytest.raises(ntp.NTPDataError, match="must lie between"):
        ntp.train(short)
    with pytest.raises(ntp.NTPDataError, match="data is of type int"):
        ntp.train(3)


def test_references_of_equal_data_are_taken():
    again = ChoiceData.from_sentences(["abcq", "bacq", "abq", "dcr"], ["a", "b", "a", "d"])
    assert ntp.train(again, steps=1, references=REFERENCES).references is REFERENCES
