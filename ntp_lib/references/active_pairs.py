"""The active pairs of the NTP-SVM: those (j, v) whose margin is met with equality (book, def-active-pairs)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntp_lib.conditions.data_space import DataSpace
from ntp_lib.data.ntp_data import NTPData

Floats = npt.NDArray[np.float64]

# A margin this close to one counts as met with equality: the solver's tolerance on margins is 1e-7.
ACTIVE_TOLERANCE = 1e-6
# Sharpened margins lie this close to one, or are not met with equality.
SHARP_TOLERANCE = 1e-9
# The vectors of the active pairs are formed up to this many entries (256 MiB).
DENSE_ENTRIES = 2**25


@dataclass(frozen=True, eq=False)
class ActivePairs:
    """W^mm with its margins, those of the active pairs exactly one.

    Attributes:
        mask: pairs (j, v) off the support with μ_jv(W^mm) = 1, (m, V).
        surplus: μ_jv(W^mm) − 1 off the supports, exactly 0 for active pairs, ∞ on the supports, (m, V).
        W_mm: W^mm, (V, d).
        y_mm: its coordinates in D ∩ F⊥.
        vectors: coordinates of M_jv, where μ_jv(U) = ⟨M_jv, U⟩ on F⊥, one row per active pair in the order of
            `mask`; None where they would not fit.
    """

    mask: npt.NDArray[np.bool_]
    surplus: Floats
    W_mm: Floats
    y_mm: Floats
    vectors: Floats | None


def active_pairs(W_mm: Floats, data: NTPData, space: DataSpace) -> ActivePairs:
    """Find the active pairs and sharpen W^mm on them.

    Over s = log t up to 1e5 an error of 1e-7 in a margin would be one of 1e-2 in a logit. The least-norm matrix
    with equality on the active pairs has margins exact to rounding; it is taken if the others stay above one.

    Args:
        W_mm: solution of the NTP-SVM, (V, d).
        data: the problem.
        space: coordinates of its data space.
    """
    outside = data.probs.toarray() == 0
    y = space.coordinates(W_mm)[1]
    margins = -space.offset(y)
    mask = outside & (margins <= 1 + ACTIVE_TOLERANCE)
    vectors = margin_vectors(mask, space) if mask.sum() * space.offset_size <= DENSE_ENTRIES else None
    if vectors is not None:
        sharp = np.asarray(np.linalg.lstsq(vectors, np.ones(len(vectors)), rcond=None)[0], dtype=np.float64)
        sharp_margins = -space.offset(sharp)
        met = np.abs(sharp_margins[mask] - 1).max() <= SHARP_TOLERANCE
        if met and sharp_margins[outside & ~mask].min(initial=np.inf) > 1 + SHARP_TOLERANCE:
            y, margins = sharp, sharp_margins
    surplus = np.where(outside, np.maximum(margins - 1, 0.0), np.inf)
    surplus[mask] = 0.0
    return ActivePairs(mask, surplus, space.embed_offset(y), y, vectors)


def margin_vectors(mask: npt.NDArray[np.bool_], space: DataSpace) -> Floats:
    """Coordinates of M_jv for the pairs of a mask, (number of pairs, offset_size)."""
    rows = np.empty((int(mask.sum()), space.offset_size))
    indicator = np.zeros(mask.shape)
    for i, pair in enumerate(np.argwhere(mask)):
        indicator[tuple(pair)] = -1.0
        rows[i] = space.pull_offset(indicator)
        indicator[tuple(pair)] = 0.0
    return rows
