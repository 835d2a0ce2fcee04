"""The quantities the paper's figures plot, measured at one decoder (paper, Figs 1, 4, 5)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.conditions.margins import context_margins
from ntp_lib.loss.cross_entropy import excess_loss
from ntp_lib.references.bundle import References

Floats = npt.NDArray[np.float64]


def measure(W: Floats, references: References) -> dict[str, float]:
    """Measure a decoder against the references.

    Args:
        W: decoder, shape (V, d).
        references: F, W* (or W°) and W^mm of the problem.

    Returns:
        excess_loss: CE(W) − H, nats.
        norm: ‖W‖.
        cosine: of W with W^mm; NaN for W = 0 or where the data are not separable.
        cosine_corrected: the same of W − W* (W − W° for incompatible data).
        finite_error: ‖P_F W − W*‖ (W° for incompatible data).
        margin: least out-of-support margin of W.
    """
    W_mm, W_finite = references.W_mm, references.W_finite
    return {
        "excess_loss": excess_loss(W, references.data),
        "norm": float(np.linalg.norm(W)),
        "cosine": cosine(W, W_mm),
        "cosine_corrected": cosine(W - W_finite, W_mm),
        "finite_error": float(np.linalg.norm(references.F.project(W) - W_finite)),
        "margin": float(context_margins(W, references.data)[0].min()),
    }


def cosine(W: Floats, other: Floats | None) -> float:
    """⟨W, other⟩ / (‖W‖‖other‖); NaN where one of them is missing or zero."""
    if other is None:
        return float("nan")
    lengths = float(np.linalg.norm(W) * np.linalg.norm(other))
    return float(np.sum(W * other)) / lengths if lengths > 0 else float("nan")
