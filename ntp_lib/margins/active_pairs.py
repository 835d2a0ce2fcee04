"""The active pairs of the NTP-SVM: those (j, v) whose margin is met with equality (book, def-active-pairs)."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.data_space import DataSpace

# A margin this close to one counts as met with equality. A polished W^mm has margins exact to rounding; for others
# the solver's tolerance of 1e-7 has to be allowed for.
ACTIVE_TOLERANCES = (1e-9, 1e-6)
# How exactly the sharpened W^mm meets its constraints.
SHARP_TOLERANCE = 1e-11
# How far the sharpened W^mm may lie from the given one, whose duality gap of 1e-7 means 3e-4.
NEAR = 1e-3
# The vectors of the active pairs are formed up to this many entries (256 MiB).
DENSE_ENTRIES = 2**25


@result
class ActivePairs:
    """W^mm with its margins, those of the active pairs exactly one.

    Attributes:
        mask: pairs (j, v) off the support with μ_jv(W^mm) = 1, (m, V).
        surplus: μ_jv(W^mm) − 1 off the supports, exactly 0 for active pairs, ∞ on the supports, (m, V).
        W_mm: W^mm, (V, d).
        y_mm: its coordinates in D ∩ F⊥.
        vectors: coordinates of g_jv, where μ_jv(U) = ⟨g_jv, U⟩ on F⊥, one row per active pair in the order of
            `mask`; None where they would not fit.
    """

    mask: Bools
    surplus: Floats
    W_mm: Floats
    y_mm: Floats
    vectors: Floats | None


def active_pairs(W_mm: Floats, data: NTPData, space: DataSpace, *, with_vectors: bool = True) -> ActivePairs:
    """Find the active pairs and sharpen W^mm on them.

    Over s = log t up to 1e5 an error of 1e-7 in a margin would be one of 1e-2 in a logit. The least-norm matrix
    with equality on the active pairs has margins exact to rounding; it is taken if it is W^mm.

    Args:
        W_mm: solution of the NTP-SVM, (V, d).
        data: the problem.
        space: coordinates of its data space.
        with_vectors: whether the vectors of the pairs are wanted; without them they are formed only where W^mm
            needs sharpening.
    """
    outside = data.probs.toarray() == 0
    given = space.coordinates(W_mm)[1]
    margins = -space.offset(given)
    for tolerance in ACTIVE_TOLERANCES:
        mask = outside & (margins <= 1 + tolerance)
        if not with_vectors and _is_sharp(margins, mask, outside):
            return _pairs(mask, outside, given, None, space)
        fits = mask.any() and mask.sum() * space.offset_size <= DENSE_ENTRIES
        vectors = margin_vectors(mask, space) if fits else None
        y = None if vectors is None else _least_norm(vectors, mask, outside, given, space)
        if y is not None:
            # A pair with multiplier zero may have escaped the mask, its margin having been one but for rounding.
            mask = mask | (outside & (-space.offset(y) <= 1 + ACTIVE_TOLERANCES[0]))
            return _pairs(mask, outside, y, margin_vectors(mask, space), space)
    return _pairs(mask, outside, given, vectors, space)


def _least_norm(vectors: Floats, mask: Bools, outside: Bools, given: Floats, space: DataSpace) -> Floats | None:
    """The shortest y with margin one on the pairs of a mask; None where it is not W^mm."""
    y = np.asarray(np.linalg.lstsq(vectors, np.ones(len(vectors)), rcond=None)[0], dtype=np.float64)
    near = np.linalg.norm(y - given) <= NEAR * np.linalg.norm(given)
    return y if near and _is_sharp(-space.offset(y), mask, outside) else None


def _is_sharp(margins: Floats, mask: Bools, outside: Bools) -> bool:
    """Whether margins are one on the pairs of a mask and no less off it."""
    met = np.abs(margins[mask] - 1).max(initial=0.0) <= SHARP_TOLERANCE
    return bool(met and margins[outside & ~mask].min(initial=np.inf) >= 1 - SHARP_TOLERANCE)


def _pairs(mask: Bools, outside: Bools, y: Floats, vectors: Floats | None, space: DataSpace) -> ActivePairs:
    surplus = np.where(outside, np.maximum(-space.offset(y) - 1, 0.0), np.inf)
    surplus[mask] = 0.0
    return ActivePairs(mask, surplus, space.embed_offset(y), y, vectors)


def margin_vectors(mask: Bools, space: DataSpace) -> Floats:
    """Coordinates of g_jv for the pairs of a mask, (number of pairs, offset_size)."""
    rows = np.empty((int(mask.sum()), space.offset_size))
    indicator = np.zeros(mask.shape)
    for i, pair in enumerate(np.argwhere(mask)):
        indicator[tuple(pair)] = -1.0
        rows[i] = space.pull_offset(indicator)
        indicator[tuple(pair)] = 0.0
    return rows
