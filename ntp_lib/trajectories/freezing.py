"""Does Adam's preconditioner freeze, and does the frozen one say where Adam goes (book, geometry)?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import pairwise

import numpy as np
from tqdm import tqdm

from ntp_lib.data.identity import require_same_data
from ntp_lib.errors import NTPDataError
from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.sampled import SampledSlope
from ntp_lib.loss.slope import Slope
from ntp_lib.margins.max_margin import max_margin
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_numbers, whole_number
from ntp_lib.numerics.results import result
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.measurements import cosine
from ntp_lib.trajectories.optimisers import Adam
from ntp_lib.trajectories.shares import MarginShares
from ntp_lib.trajectories.training import MOST_STEPS, valid_constants


@result
class Stage:
    """Adam between two marks.

    Attributes:
        start, end: steps.
        increment: P_⊥(W_end − W_start), (V, d).
        preconditioner: 1 / (√v̂ + ε) averaged over the second half of the stage, (V, d).
        residual: ‖P_F ∇CE‖ / ‖P_⊥ ∇CE‖, geometric mean over the second half.
    """

    start: int
    end: int
    increment: Floats = field(repr=False)
    preconditioner: Floats = field(repr=False)
    residual: float


def adam_stages(
    references: Limits,
    *,
    marks: Sequence[int],
    step_size: float = 0.01,
    step_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.99),
    epsilon: float = 1e-8,
    batch_size: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> list[Stage]:
    """Run Adam from LeCun initialisation and summarise it between consecutive marks.

    Args:
        references: the problem with its F.
        marks: increasing steps; the first stage begins at step 0.
        step_size: as for `train`, and so are the other constants.
        step_decay: p in η_k = η / k^p.
        betas: decay rates.
        epsilon: stability constant.
        batch_size: contexts drawn for every step.
        seed: of the start and of the batches.
        progress: show a progress bar.

    Raises:
        NTPDataError: marks that do not increase from a positive one.
    """
    steps = [whole_number(mark, "marks", least=1, most=MOST_STEPS) for mark in real_numbers(marks, "marks")]
    if any(b <= a for a, b in pairwise(steps)):
        raise NTPDataError(f"marks are {steps}; they must increase")
    constants = valid_constants(
        step_size=step_size, step_decay=step_decay, betas=betas, epsilon=epsilon, momentum=0.0
    )
    del constants["momentum"]
    seed = whole_number(seed, "seed")
    data = references.data
    slope = Slope(data) if batch_size is None else SampledSlope(data, batch_size=batch_size, seed=seed)
    adam = Adam(slope, **constants)
    W, stages = lecun(data, seed=seed), []
    with tqdm(total=steps[-1], desc="adam", unit="step", disable=not progress) as bar:
        for start, end in pairwise([0, *steps]):
            stage, W = _stage(references, adam, W, start, end)
            stages.append(stage)
            bar.update(end - start)
    return stages


def _stage(references: Limits, adam: Adam, W: Floats, start: int, end: int) -> tuple[Stage, Floats]:
    before, exact = W, Slope(references.data)
    total, half = np.zeros_like(W), (start + end) // 2
    looks = set(np.linspace(half + 1, end, 20, dtype=int).tolist())
    residuals = []
    for step in range(start + 1, end + 1):
        W = adam(W)
        if step > half:
            with np.errstate(divide="ignore"):
                total += 1 / adam.scale
        if step in looks:
            residuals.append(_residual(references, exact(W)))
    increment = references.F.project_complement(W - before)
    return Stage(start, end, increment, total / (end - half), float(np.exp(np.mean(residuals)))), W


def _residual(references: Limits, gradient: Floats) -> float:
    in_F = float(np.linalg.norm(references.F.project(gradient)))
    with np.errstate(divide="ignore"):
        return float(np.log(in_F) - np.log(np.linalg.norm(references.F.project_complement(gradient))))


def compare_stage(before: Stage, stage: Stage, references: Limits, largest: MarginSolution) -> dict[str, float]:
    """Compare a stage's increment with what is predicted from the stage *before* it.

    Args:
        before: the stage whose preconditioner predicts.
        stage: the next one.
        references: the problem with its W^mm.
        largest: the max-norm solution.

    Returns:
        start, end, residual: of the stage.
        growth, drift: mean and standard deviation, over entries, of the log of the ratio of the preconditioners;
            both 0 if it is frozen, drift alone 0 if only its scale moves.
        spread: standard deviation of the log of the earlier one; 0 for a multiple of the identity.
        cosine_frozen, cosine_frobenius, cosine_max: of the increment with W^P for the earlier P, with W^mm and
            with the max-norm solution.
        share_frozen, share_frobenius, share_max: its margin as a share of the largest in each norm.
        separation: the cosine of W^P with W^mm.
    """
    require_same_data(largest.data, references.data, "largest")
    P = before.preconditioner
    candidates = {
        "frozen": max_margin(references.data, preconditioner=P),
        "frobenius": max_margin(references.data),
        "max": largest,
    }
    measured = MarginShares(references.F, candidates)(stage.increment[None])
    ratio = np.log(stage.preconditioner / P)
    return {
        "start": stage.start,
        "end": stage.end,
        "residual": stage.residual,
        "growth": float(ratio.mean()),
        "drift": float(ratio.std()),
        "spread": float(np.log(P).std()),
        **{name: float(values[0]) for name, values in measured.items()},
        "separation": cosine(candidates["frozen"].W, references.W_mm),
    }
