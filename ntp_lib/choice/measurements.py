"""What is measured of choice data against the references (book, thm-choice-transfer, thm-choice-components)."""

from __future__ import annotations

import numpy as np

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.loss import margins, stacked_excess_parts
from ntp_lib.choice.references import ChoiceReferences
from ntp_lib.choice.slope import ChoiceSlope
from ntp_lib.numerics.aliases import Floats


def measure_choices(stack: Floats, references: ChoiceReferences) -> dict[str, Floats]:
    """Measure k matrices at once.

    Args:
        stack: shape (k, d, d'), finite.
        references: S', F, W_fin, p' and W_mm of the data.

    Returns:
        Arrays of shape (k,):

        excess_loss: CE(W) − H, nats; it falls to `references.infimum` − H.
        soft_part: Σ_j π̂_j KL(p'_j ‖ softmax_{S'_j} ℓ_j) = CE_F'(W) − inf CE, nats.
        hard_part: Σ_j π̂_j log(1 + O'_j), nats, where 1/(1 + O'_j) is what the softmax gives to S'_j. The two parts
            add up to CE(W) − inf CE, free of cancellation.
        least_mass: the least of what the softmaxes give to S'_j.
        norm: ‖W‖.
        cosine: of W with W_mm; NaN for W = 0 or where there is no W_mm.
        one_minus_cosine: the same from the difference of the unit vectors, accurate where it is small.
        cosine_corrected: the cosine of W − W_fin.
        finite_error: ‖P_F W − W_fin‖.
        margin: the least ⟨W, x_jz − x_jc⟩ over z ∈ S'_j and c ∈ C_j∖S'_j; infinite where there is none.
    """
    limit, corrected = references.completed, stack - references.W_finite
    soft, hard = stacked_excess_parts(stack, limit)
    flat = corrected.reshape(len(stack), -1)
    return {
        "excess_loss": (references.infimum - references.choice.entropy) + soft + hard,
        "soft_part": soft,
        "hard_part": hard,
        "least_mass": least_masses(stack, limit),
        "norm": np.linalg.norm(stack, axis=(1, 2)),
        "cosine": 1 - _missing(stack, references.W_mm),
        "one_minus_cosine": _missing(stack, references.W_mm),
        "cosine_corrected": 1 - _missing(corrected, references.W_mm),
        "finite_error": np.linalg.norm(flat @ references.F.basis, axis=1),
        "margin": margins(stack, limit),
    }


def least_masses(stack: Floats, data: ChoiceData) -> Floats:
    """The least softmax mass, over contexts, on the labels' candidates S_j, shape (k,)."""
    slope, starts = ChoiceSlope(data), data.candidates.indptr[:-1]
    inside = [np.where(data.in_support, np.exp(data.log_softmax(slope.logits(W))), 0.0) for W in stack]
    return np.array([np.add.reduceat(masses, starts).min() for masses in inside])


def _missing(stack: Floats, other: Floats | None) -> Floats:
    """1 − cos = ½‖W/‖W‖ − other/‖other‖‖², (k,); NaN where one of them is missing or zero."""
    found = np.full(len(stack), np.nan)
    lengths = np.linalg.norm(stack, axis=(1, 2))
    if other is not None:
        moved = lengths > 0
        unit = stack[moved] / lengths[moved, None, None]
        found[moved] = ((unit - other / np.linalg.norm(other)) ** 2).sum(axis=(1, 2)) / 2
    return found
