"""Logits and multipliers of the nuclear-norm programme, made feasible to rounding."""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Bools, Floats


def feasible_logits(logits: Floats, support: Bools, counts: Floats | None = None) -> Floats:
    """Exact ties, rows that sum to zero, and a least margin of one.

    Args:
        logits: whose support is above the other tokens on average in every row, (m, V).
        support: (m, V).
        counts: number of tokens that a column stands for, (V,); None for ones.
    """
    counts = np.ones(support.shape[1]) if counts is None else counts
    level = np.where(support, logits, 0.0) @ counts / (support @ counts)
    below = np.where(support, 0.0, logits - level[:, None])
    below /= -below[~support].max()
    return np.asarray(below - (below @ counts / counts.sum())[:, None])


def feasible_dual(
    dual: Floats, support: Bools, counts: Floats | None = None, scale: Floats | None = None
) -> Floats:
    """Nonpositive off the supports, rows that sum to zero, spectral norm one.

    Args:
        dual: multipliers, (m, V).
        support: (m, V).
        counts: number of tokens that a column stands for, (V,); None for ones.
        scale: factors of the entries under the spectral norm, (m, V); None for ones.
    """
    counts = np.ones(support.shape[1]) if counts is None else counts
    off = np.where(support, 0.0, np.minimum(dual, 0.0))
    inside = np.where(support, dual, 0.0)
    missing = -((off + inside) @ counts) / (support @ counts)
    whole = off + np.where(support, inside + missing[:, None], 0.0)
    return np.asarray(whole / np.linalg.norm(whole if scale is None else scale * whole, ord=2))
