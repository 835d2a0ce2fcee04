"""Normalised descent on W_kq with W_ov held fixed, recorded against W_kq* (book, selecting-attention)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntp_lib.attention.calibrated import CalibratedHead
from ntp_lib.attention.certificate import Certificate, Certifier
from ntp_lib.attention.selection import Selection
from ntp_lib.attention.stage_one import margin_values
from ntp_lib.attention.stage_two import Look, StageTwo
from ntp_lib.data.threads import one_blas_thread
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import one_of, real_number, real_numbers, whole_number
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.training import recorded_steps

HEADS = ("values", "labels", "calibrated")
MOST_STEPS = 10**7

Measure = Callable[[Floats, Look], Mapping[str, float]]


@result
class StageTwoRun:
    """Outcome of `train_two_stage`.

    Attributes:
        W: the last W_kq, (d, d).
        frame: one row per recorded step: step, path_length Γ (sum of the steps' lengths), log_clock
            (log Σ η/‖∇CE‖, when a flow would be there, but for the steps' length), norm ‖W‖, along
            ⟨W, W̄⟩, gap ‖W‖ − ⟨W, W̄⟩, one_minus_cosine, excess_loss (over hard retrieval, nats), least_margin,
            least_attention (on the optimal token), pressure S, negative (pairs pushed together).
        values: W_ov, (V, d); None for the head that scores the labels.
        certificate: of the first step at which `certificate` holds, W included; None if there is none. That step
            is among the recorded ones.
        certified_step: its number, or None.
    """

    W: Floats = field(repr=False)
    frame: pd.DataFrame = copied()
    values: Floats | None = field(repr=False)
    certificate: Certificate | None
    certified_step: int | None


def train_two_stage(
    selection: Selection,
    *,
    scale: float = 5.0,
    values: npt.ArrayLike | None = None,
    head: str = "values",
    step_size: float | npt.ArrayLike = 0.01,
    steps: int = 1000,
    W0: npt.ArrayLike | None = None,
    num_records: int | None = 60,
    measure: Measure | None = None,
) -> StageTwoRun:
    """Train W_kq by steps of given lengths along the negative gradient, W_ov as the first stage left it.

    Args:
        selection: realisable data.
        scale: τ; the values are τ W_ov* (see `margin_values`).
        values: W_ov, (V, d), in place of these: a first stage that was really trained.
        head: "values"; "labels" for −log of the attention on the optimal token, which needs no values; or
            "calibrated": sentences are followed as the values say their optimal token is (see
            `ntp_lib.attention.calibrated`), and excess_loss is over the entropy.
        step_size: η, positive; or the length of each step, (steps,).
        steps: number of steps.
        W0: start, (d, d); zero for None.
        num_records: about how many steps are recorded, evenly in log(step); every one for None.
        measure: further columns from W and the look at it.

    Returns:
        The last matrix, the trace, and the first certificate met.

    Raises:
        NTPDataError: an argument out of range.
        NotSeparableError: no W_kq is right on all sentences.
    """
    one_of(head, "head", HEADS)
    steps = whole_number(steps, "steps", least=1, most=MOST_STEPS)
    lengths = _lengths(step_size, steps)
    W_ov = None
    if head != "labels":
        W_ov = margin_values(selection, scale) if values is None else real_array(values, "values", "(V, d)")
    stage = StageTwo(
        selection, W_ov, CalibratedHead(selection, W_ov) if head == "calibrated" and W_ov is not None else None
    )
    d = selection.embeddings.shape[1]
    W = np.zeros((d, d)) if W0 is None else real_array(W0, "W0", "(d, d)")
    if W.shape != (d, d):
        raise NTPDataError(f"W0 has shape {W.shape}; ({d}, {d}) is needed")
    wanted = set(
        recorded_steps(steps, None if num_records is None else whole_number(num_records, "num_records", least=2))
    )
    certifier, direction = Certifier(stage), selection.direction
    rows, found, length, log_clock = [], None, 0.0, -np.inf
    with one_blas_thread():
        for k in range(steps + 1):
            look = stage.look(W)
            here = None
            if found is None and certifier.reached(look.margins):
                here = found = (k, certifier.certify(W))
            if k in wanted or here is not None:
                row = {"step": k, "path_length": length, "log_clock": log_clock} | record(
                    stage, direction, W, look
                )
                rows.append(row if measure is None else row | dict(measure(W, look)))
            if k < steps:
                W = W + lengths[k] * look.step
                length += float(lengths[k])
                log_clock = float(np.logaddexp(log_clock, np.log(lengths[k]) - look.log_slope))
    step, certificate = found or (None, None)
    return StageTwoRun(W, pd.DataFrame(rows), W_ov, certificate, step)


def record(stage: StageTwo, direction: Floats, W: Floats, look: Look) -> dict[str, float]:
    """One row of the trace; distances from the direction without subtraction of nearly equal numbers."""
    unit = direction / np.linalg.norm(direction)
    norm, along = float(np.linalg.norm(W)), float(np.vdot(unit, W))
    across = float(np.linalg.norm(W - along * unit))
    gap = across**2 / (norm + along) if along > 0 else norm - along
    return {
        "norm": norm,
        "along": along,
        "gap": gap,
        "one_minus_cosine": gap / norm if norm else float("nan"),
        "excess_loss": float(stage.selection.probs @ look.excess),
        "least_margin": float(look.margins.min()),
        "least_attention": float(np.exp(look.log_attention[:, 0].min())),
        "pressure": stage.pressure(look.margins),
        "negative": float((look.pushes < 0).sum()),
    }


def _lengths(step_size: float | npt.ArrayLike, steps: int) -> Floats:
    """The length of each step, (steps,)."""
    if np.ndim(step_size) == 0:
        return np.full(steps, real_number(step_size, "step_size", above=0))
    lengths = real_numbers(step_size, "step_size")
    if len(lengths) != steps or not (lengths > 0).all():
        raise NTPDataError(
            f"step_size has {len(lengths)} lengths, all of which must be positive; {steps} are needed"
        )
    return lengths
