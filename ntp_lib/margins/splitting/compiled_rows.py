"""The splitting's iterations in one pass per row, compiled by numba; importing it compiles it, or loads what was.

After the matrix product a row is in the cache: relaxation, water level, and projection are done while it is there.
The iterates are those of the plain passes up to rounding.
"""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.compiled import compiled

_MATRIX, _VECTOR, _INTEGERS = "float64[:, ::1]", "float64[::1]", "int64[::1]"


@compiled(
    f"void({_MATRIX}, {_MATRIX}, {_VECTOR}, {_INTEGERS}, {_INTEGERS}, int64, {_MATRIX})",
    fastmath={"reassoc", "contract", "arcp", "nsz"},
)
def project(
    point: Floats, taken: Floats, level: Floats, ends: Ints, tokens: Ints, level_steps: int, reflected: Floats
) -> None:
    """Water levels of all rows, what lies between them and their projections, and the points less twice that."""
    m, V = point.shape
    for j in range(m):
        c, before = level[j], 0.0
        for _ in range(level_steps):
            total, active = 0.0, 0.0
            for v in range(V):
                above = point[j, v] - c
                total += above if above > 0.0 else 0.0
                active += 1.0 if above > 0.0 else 0.0
            # The support counts below the level too.
            for i in range(ends[j], ends[j + 1]):
                above = point[j, tokens[i]] - c
                total += 0.0 if above > 0.0 else above
                active += 0.0 if above > 0.0 else 1.0
            c += total / active
            # As many tokens above the level as before are the same ones: it is the root.
            if active == before:
                break
            before = active
        level[j] = c
        for v in range(V):
            above = point[j, v] - c
            above = above if above > 0.0 else 0.0
            taken[j, v] = above
            reflected[j, v] = point[j, v] - 2.0 * above
        for i in range(ends[j], ends[j + 1]):
            above = point[j, tokens[i]] - c
            taken[j, tokens[i]] = above
            reflected[j, tokens[i]] = point[j, tokens[i]] - 2.0 * above


@compiled(
    f"void({_MATRIX}, {_MATRIX}, {_MATRIX}, float64, {_MATRIX}, {_MATRIX}, {_VECTOR}, {_INTEGERS}, {_INTEGERS}, "
    "int64, int64)",
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
    reflected, moved = point - 2.0 * taken, np.empty((m, V))
    inner = np.empty((thin.shape[0], V))
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
                point[j, v] = (1.0 - half) * point[j, v] + moved[j, v] + constant[j, v]
        project(point, taken, level, ends, tokens, level_steps, reflected)
