"""Newton's equations for the distance from the cones: one factor for two tokens, one per token for more.

The centring of n pinned tokens is n (diag q − q qᵀ) with q = 1/n on them: the equations are those of a ridged
softmax whose probabilities are equal on the pinned tokens, and are solved as these are, token by token. That takes
an array over pairs of contexts; where there are too many, conjugate gradients.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import scipy.linalg

from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks

# Contexts up to which their Gram matrix is formed (128 MiB).
MAX_GRAM_CONTEXTS = 4000
MAX_ITERATIONS = 200
TOLERANCE = 1e-8


def newton_step(
    rows: Floats,
    pinned: Bools,
    gradient: Floats,
    *,
    ridge: float,
    gram: Floats | None = None,
    deadline: float = np.inf,
) -> Floats:
    """The D with Σ_j (C_j D ĥ_j) ĥ_jᵀ = −gradient, C_j the centring of the pinned tokens of j, (K, d).

    Args:
        rows: unit embeddings, (n, d).
        pinned: tokens held at the water level, (n, K).
        gradient: its columns sum to zero, (K, d).
        ridge: added to the diagonals, relative to their mean; the contexts of a token may not span the space.
        gram: rows·rowsᵀ, where more than two tokens are to be solved for by factors; else by iterations.
        deadline: value of `time.monotonic` at which what was found is returned.
    """
    if pinned.shape[1] == 2:
        half = _factor(rows[pinned.all(axis=1)], ridge)(-gradient[0])
        return np.stack([half, -half])
    counts = pinned.sum(axis=1, keepdims=True)
    damping = ridge * len(rows) / rows.shape[1]
    if gram is not None:
        # A context with one pinned token has no curvature.
        weights = np.where(counts > 1, counts, 0.0)[:, 0]
        blocks = SoftmaxBlocks.factorised(rows, gram, weights, pinned / np.maximum(counts, 1), damping)
        if blocks is not None:
            D = blocks.solve(-gradient)
            return np.asarray(D - D.mean(axis=0))  # equal rows have no curvature
    factors = [_factor(rows[held], ridge) for held in pinned.T]

    def curvature(D: Floats) -> Floats:
        logits = np.where(pinned, rows @ D.T, 0.0)
        logits = np.where(pinned, logits - logits.sum(axis=1, keepdims=True) / counts, 0.0)
        return np.asarray(logits.T @ rows + damping * D)

    def blockwise(right: Floats) -> Floats:
        D = np.stack([solve(row) for solve, row in zip(factors, right, strict=True)])
        return np.asarray(D - D.mean(axis=0))

    return _conjugate_gradients(curvature, blockwise, -gradient, deadline)


def _factor(rows: Floats, ridge: float) -> Callable[[Floats], Floats]:
    """Applies (rowsᵀ·rows)⁻¹; a token without contexts has no curvature and no slope."""
    if not len(rows):
        return np.zeros_like
    block = rows.T @ rows
    block[np.diag_indices(len(block))] += ridge * (np.trace(block) / len(block))
    factor = scipy.linalg.cho_factor(block, overwrite_a=True, check_finite=False)
    return lambda right: np.asarray(scipy.linalg.cho_solve(factor, right, check_finite=False))


def _conjugate_gradients(
    curvature: Callable[[Floats], Floats], blockwise: Callable[[Floats], Floats], right: Floats, deadline: float
) -> Floats:
    """Solve curvature(D) = right, (K, d); the blocks of the tokens precondition."""
    D, left = np.zeros_like(right), right
    better = direction = blockwise(left)
    product, enough = float(np.vdot(left, better)), TOLERANCE * float(np.linalg.norm(right))
    for _ in range(MAX_ITERATIONS):
        if time.monotonic() >= deadline:
            break
        curved = curvature(direction)
        bend = float(np.vdot(direction, curved))
        if bend <= 0 or product <= 0:
            break
        D = D + (product / bend) * direction
        left = left - (product / bend) * curved
        if np.linalg.norm(left) <= enough:
            break
        better = blockwise(left)
        product, last = float(np.vdot(left, better)), product
        direction = better + (product / last) * direction
    return D
