"""The splitting's iterations in one pass per row, compiled by numba; importing it compiles it, or loads what was.

After the matrix product a row is in the cache: relaxation, water level, and projection are done while it is there.
The iterates are those of the plain passes up to rounding.
"""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.compiled import compiled

# Both precisions; numbers that are written out would turn the smaller one into the larger.
_PROJECT = "void({0}[:, ::1], {0}[:, ::1], {0}[::1], int64[::1], int64[::1], int64, {0}[:, ::1])"
_ADVANCE = (
    "void({0}[:, ::1], {0}[:, ::1], {0}[:, ::1], {0}, {0}[:, ::1], {0}[:, ::1], {0}[::1], int64[::1], int64[::1], "
    "int64, int64)"
)
_PRECISIONS = ("float64", "float32")


@compiled(
    [_PROJECT.format(precision) for precision in _PRECISIONS],
    fastmath={"reassoc", "contract", "arcp", "nsz"},
)
def project(
    point: Floats, taken: Floats, level: Floats, ends: Ints, tokens: Ints, level_steps: int, reflected: Floats
) -> None:
    """Water levels of all rows, what lies between them and their projections, and the points less twice that."""
    m, V = point.shape
    zero, one = point.dtype.type(0), point.dtype.type(1)
    for j in range(m):
        c, before = level[j], zero
        for _ in range(level_steps):
            total, active = zero, zero
            for v in range(V):
                above = point[j, v] - c
                total += above if above > zero else zero
                active += one if above > zero else zero
            # The support counts below the level too.
            for i in range(ends[j], ends[j + 1]):
                above = point[j, tokens[i]] - c
                total += zero if above > zero else above
                active += zero if above > zero else one
            c += total / active
            # As many tokens above the level as before are the same ones: it is the root.
            if active == before:
                break
            before = active
        level[j] = c
        for v in range(V):
            above = point[j, v] - c
            above = above if above > zero else zero
            taken[j, v] = above
            reflected[j, v] = point[j, v] - (above + above)
        for i in range(ends[j], ends[j + 1]):
            above = point[j, tokens[i]] - c
            taken[j, tokens[i]] = above
            reflected[j, tokens[i]] = point[j, tokens[i]] - (above + above)


@compiled(
    [_ADVANCE.format(precision) for precision in _PRECISIONS],
    fastmath={"reassoc", "contract", "nsz"},
)
def advance(
    matrix: Floats,
    thin: Floats,
    constant: Floats,
    half: float,
    point: Floats,
    taken: Floats,
    level: Floats,
    ends: Ints,
    tokens: Ints,
    level_steps: int,
    iterations: int,
) -> None:
    """Iterate in place.

    Args:
        matrix: α J − α/2, (m, m); or α J = matrix · thin where thin is not empty, (m, r).
        thin: (r, m) or (0, 0).
        constant: (α/2) s less the linear half at s, (m, V).
        half: α/2.
        point: X, (m, V).
        taken: what lies between X and its projection, (m, V).
        level: (m,).
        ends: where the support of every context ends, after a zero, (m + 1,).
        tokens: the supports, row by row.
        level_steps: Newton steps for the levels in every iteration.
        iterations: how many.
    """
    m, V = point.shape
    reflected, moved = point - (taken + taken), np.empty((m, V), point.dtype)
    inner, kept = np.empty((thin.shape[0], V), point.dtype), point.dtype.type(1) - half
    for _ in range(iterations):
        if thin.shape[0]:
            np.dot(thin, reflected, inner)
            np.dot(matrix, inner, moved)
            for j in range(m):
                for v in range(V):
                    moved[j, v] -= half * reflected[j, v]
        else:
            np.dot(matrix, reflected, moved)
        for j in range(m):
            for v in range(V):
                point[j, v] = kept * point[j, v] + moved[j, v] + constant[j, v]
        project(point, taken, level, ends, tokens, level_steps, reflected)
