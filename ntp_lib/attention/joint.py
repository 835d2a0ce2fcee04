"""Both layers trained at once, by normalised steps of their common gradient (book, selecting-attention)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.special

from ntp_lib.attention.selection import Selection
from ntp_lib.attention.stage_one import margin_values
from ntp_lib.data.threads import one_blas_thread
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.training import recorded_steps

MOST_STEPS = 10**7

Measure = Callable[[Floats, Floats], Mapping[str, float]]


@result
class JointRun:
    """Outcome of `train_joint`.

    Attributes:
        values: the last W_ov, (V, d).
        W: the last W_kq, (d, d).
        frame: one row per recorded step: step, values_norm, values_cosine (with W_ov*), norm, cosine (with W_kq*),
            loss (of sentences and collocations as weighted, nats), accuracy (on the sentences).
    """

    values: Floats = field(repr=False)
    W: Floats = field(repr=False)
    frame: pd.DataFrame = copied()


def train_joint(
    selection: Selection,
    *,
    collocation_share: float = 0.5,
    step_size: float = 0.05,
    steps: int = 1000,
    num_records: int | None = 30,
    measure: Measure | None = None,
) -> JointRun:
    """Train W_ov and W_kq from zero by steps of one length along the normalised common gradient.

    Args:
        selection: realisable data.
        collocation_share: weight of the collocations, as sentences of one token, in [0, 1); 0 leaves them out.
        step_size: η, positive.
        steps: number of steps; it ends early where the gradient is zero in float64.
        num_records: about how many steps are recorded, evenly in log(step); every one for None.
        measure: further columns from W_ov and W_kq.

    Raises:
        NTPDataError: an argument out of range.
        NotSeparableError: no W_kq is right on all sentences.
    """
    share = real_number(collocation_share, "collocation_share", least=0, below=1)
    step_size = real_number(step_size, "step_size", above=0)
    steps = whole_number(steps, "steps", least=1, most=MOST_STEPS)
    if num_records is not None:
        num_records = whole_number(num_records, "num_records", least=2)
    problem = _Joint.of(selection, share)
    ends = margin_values(selection), selection.direction
    W_ov, W = np.zeros_like(ends[0]), np.zeros_like(ends[1])
    wanted, rows = set(recorded_steps(steps, num_records)), []
    with one_blas_thread():
        for k in range(steps + 1):
            loss, slope_ov, slope = problem.loss_and_slopes(W_ov, W)
            size = float(np.hypot(np.linalg.norm(slope_ov), np.linalg.norm(slope)))
            if k in wanted or size == 0:
                row = (
                    {"step": k} | _record(W_ov, W, ends) | {"loss": loss, "accuracy": accuracy(selection, W_ov, W)}
                )
                rows.append(row if measure is None else row | dict(measure(W_ov, W)))
            if k == steps or size == 0:
                break
            W_ov, W = W_ov - step_size / size * slope_ov, W - step_size / size * slope
    return JointRun(W_ov, W, pd.DataFrame(rows))


def accuracy(selection: Selection, values: Floats, W: Floats) -> float:
    """Share, by weight, of sentences whose next token has the strictly largest logit.

    Args:
        selection: the sentences, in training or never seen.
        values: W_ov, (V, d).
        W: W_kq, (d, d).
    """
    logits = _mixtures(selection, W)[1] @ selection.embeddings @ values.T
    label = selection.next_token[selection.tokens[:, 0]]
    rows = np.arange(len(label))
    right = logits[rows, label].copy()
    logits[rows, label] = -np.inf
    # The same sum in the same order where all are right: then it is 1, not one rounding less.
    return math.fsum(selection.probs[right > logits.max(axis=1)]) / math.fsum(selection.probs)


@dataclass(frozen=True, eq=False)
class _Joint:
    """Sentences and collocations with their weights."""

    selection: Selection
    label: Ints
    probs: Floats
    tokens: Ints
    collocation_probs: Floats

    @classmethod
    def of(cls, selection: Selection, share: float) -> _Joint:
        known = np.flatnonzero(selection.next_token >= 0)
        single = share * selection.collocation_probs[known]
        label = selection.next_token[selection.tokens[:, 0]]
        return cls(selection, label, (1 - share) * selection.probs, known if share else known[:0], single)

    def loss_and_slopes(self, W_ov: Floats, W: Floats) -> tuple[float, Floats, Floats]:
        """Loss in nats and its slopes in W_ov, (V, d), and W_kq, (d, d)."""
        data = self.selection
        X, V = data.embeddings, data.vocab_size
        a, mixture = _mixtures(data, W)
        vectors = mixture @ X
        loss, R = _residuals(vectors @ W_ov.T, self.label, self.probs)
        slope_ov = R.T @ vectors
        if len(self.tokens):
            single = X[self.tokens]
            more, Q = _residuals(single @ W_ov.T, data.next_token[self.tokens], self.collocation_probs)
            loss, slope_ov = loss + more, slope_ov + Q.T @ single
        g = np.take_along_axis(R @ W_ov @ X.T, data.tokens, axis=1)
        push = a * (g - (a * g).sum(axis=1, keepdims=True))
        places = (data.tokens * V + data.query[:, None]).ravel()
        G = np.bincount(places, weights=push.ravel(), minlength=V * V).reshape(V, V)
        return loss, slope_ov, np.asarray(X.T @ G @ X)


def _mixtures(selection: Selection, W: Floats) -> tuple[Floats, Floats]:
    """Attention on the distinct tokens, (n, L), and on the vocabulary, (n, V)."""
    X = selection.embeddings
    z = (X @ W @ X.T)[selection.tokens, selection.query[:, None]]
    with np.errstate(divide="ignore"):
        a = scipy.special.softmax(z + np.log(selection.counts), axis=1)
    mixture = np.zeros((selection.num_sentences, selection.vocab_size))
    np.add.at(mixture, (np.arange(len(a))[:, None], selection.tokens), a)
    return a, mixture


def _residuals(logits: Floats, label: Ints, probs: Floats) -> tuple[float, Floats]:
    """Weighted log-loss, nats, and its slope in the logits, the label's entry without subtraction from one."""
    rows = np.arange(len(label))
    relative = logits - logits[rows, label][:, None]
    relative[rows, label] = -np.inf
    top = np.maximum(relative.max(axis=1), 0.0)
    others = np.exp(relative - top[:, None])
    total = others.sum(axis=1)
    R = probs[:, None] * others / (total + np.exp(-top))[:, None]
    R[rows, label] = -R.sum(axis=1)
    losses = np.where(top > 0, top + np.log(total + np.exp(-top)), np.log1p(total))
    return float(probs @ losses), R


def _record(W_ov: Floats, W: Floats, ends: tuple[Floats, Floats]) -> dict[str, float]:
    values_norm, norm = float(np.linalg.norm(W_ov)), float(np.linalg.norm(W))

    def cosine(A: Floats, B: Floats, size: float) -> float:
        return float(np.vdot(A, B) / (size * np.linalg.norm(B))) if size else float("nan")

    return {
        "values_norm": values_norm,
        "values_cosine": cosine(W_ov, ends[0], values_norm),
        "norm": norm,
        "cosine": cosine(W, ends[1], norm),
    }
