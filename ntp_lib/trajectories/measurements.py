"""The quantities the paper's figures plot, measured at one decoder (paper, Figs 1, 4, 5)."""

from __future__ import annotations

import numpy as np

from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.cross_entropy import stacked_excess_parts
from ntp_lib.margins.margins import stacked_margins
from ntp_lib.numerics.aliases import Floats


def measure(W: Floats, references: Limits) -> dict[str, float]:
    """Measure a decoder (V, d) against the references; the quantities are those of `measure_all`."""
    return {name: float(values[0]) for name, values in measure_all(W[None], references).items()}


def measure_all(decoders: Floats, references: Limits) -> dict[str, Floats]:
    """Measure K decoders at once, which costs a fraction of K measurements.

    Args:
        decoders: shape (K, V, d), finite.
        references: F, W* (or W°) and W^mm of the problem.

    Returns:
        Arrays of shape (K,):

        excess_loss: CE(W) − H, nats.
        norm: ‖W‖.
        cosine: of W with W^mm; NaN for W = 0 or where the data are not separable.
        cosine_corrected: the same of W − W* (W − W° for incompatible data).
        finite_error: ‖P_F W − W*‖ (W° for incompatible data), as ‖P_F (W − W*)‖.
        margin: least out-of-support margin of W.
    """
    W_mm, W_finite = references.W_mm, references.W_finite
    corrected = decoders - W_finite
    finite, offset = stacked_excess_parts(decoders, references.data)
    return {
        "excess_loss": finite + offset,
        "norm": np.linalg.norm(decoders, axis=(1, 2)),
        "cosine": _cosines(decoders, W_mm),
        "cosine_corrected": _cosines(corrected, W_mm),
        "finite_error": references.F.lengths(corrected),
        "margin": stacked_margins(decoders, references.data),
    }


def cosine(W: Floats, other: Floats | None) -> float:
    """⟨W, other⟩ / (‖W‖‖other‖); NaN where one of them is missing or zero."""
    return float(_cosines(W[None], other)[0])


def _cosines(decoders: Floats, other: Floats | None) -> Floats:
    if other is None:
        return np.full(len(decoders), np.nan)
    lengths = np.linalg.norm(decoders, axis=(1, 2)) * np.linalg.norm(other)
    products = decoders.reshape(len(decoders), -1) @ other.ravel()
    return np.divide(products, lengths, out=np.full(len(decoders), np.nan), where=lengths > 0)
