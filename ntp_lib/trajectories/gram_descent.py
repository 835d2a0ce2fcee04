"""Descent in the coordinates of the contexts: logits and multipliers, one product with the Gram matrix a step.

Every gradient is RᵀH with the embeddings H, (m, d), and the weighted residuals R, (m, V). So after any number of
steps W = W₀ − AᵀH with A = Σ η_k R_k, and the logits L = HWᵀ move by −η_k G R_k, G = HHᵀ. For m ≤ d one product
with G is at most half the work of the two products with H, and W is formed at the end only. The squared length of
the gradient is ⟨R, GR⟩, so that normalised steps cost hardly more.

Arrays are kept transposed and stacked, (S, V, m), for S decoders at once: their steps are one product.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.linalg import lapack

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.loss.residuals import Residuals
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.compiled import numba_is_wanted
from ntp_lib.trajectories.optimisers import SAFE_LENGTH

METHODS = ("gd", "ngd")
# Largest ratio of eigenvalues of G: the square of a gradient's length is known to 1e-11 of itself at worst.
MOST_CONDITION = 1e5
# Eigenvalues cost m³, which some hundred steps repay up to here.
MOST_CONTEXTS = 2000
# Loading the compiled loop takes half a second, and a step in NumPy about a nanosecond an entry and some
# microseconds besides: a run is compiled where that comes to a second or more.
ENTRIES_WORTH_COMPILING = 2**30
ENTRIES_OF_CALLS = 2**12
SAFE_SQUARE = SAFE_LENGTH**2


def gram_matrix(data: NTPData) -> Floats | None:
    """HHᵀ, (m, m), where steps in its coordinates are faster and as accurate as others; None elsewhere."""
    m, H = data.num_contexts, data.embeddings
    if m > min(data.dim, MOST_CONTEXTS, data.block_rows):
        return None
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        gram = np.asarray(H @ H.T)
    if not np.isfinite(gram).all():
        return None
    return gram if _is_well_conditioned(gram) else None


def _is_well_conditioned(gram: Floats) -> bool:
    """Whether the largest eigenvalue is below MOST_CONDITION times the least: seen from a bound if possible."""
    factor, failed = lapack.dpotrf(gram, lower=True)
    if not failed:
        inverse, failed = lapack.dpotri(factor, lower=True)
        # One triangle, beside zeros: ‖G⁻¹‖_F is at most √2 times its norm, and no eigenvalue exceeds these norms.
        if not failed and np.linalg.norm(gram) * np.sqrt(2) * np.linalg.norm(inverse) < MOST_CONDITION:
            return True
    eigenvalues = np.linalg.eigvalsh(gram)
    return bool(0 < eigenvalues[-1] < MOST_CONDITION * eigenvalues[0])


def load_compiled_loop() -> bool:
    """Have runs of any length compiled from now on; False where numba is missing or switched off."""
    if numba_is_wanted():
        from ntp_lib.trajectories import compiled_descent  # noqa: F401  # imported is loaded
    return numba_is_wanted()


class GramDescent:
    """Steps of `gradient_descent` or `normalised_gradient_descent` along the exact gradient.

    A call takes decoders (V, d) or (S, V, d) and a number of steps.
    """

    def __init__(
        self,
        data: NTPData,
        gram: Floats,
        *,
        method: str,
        step_size: float,
        step_decay: float = 0.0,
        steps: int = 0,
    ) -> None:
        """
        Args:
            data: the problem.
            gram: HHᵀ (see `gram_matrix`).
            method: "gd" or "ngd".
            step_size: η.
            step_decay: p in η_k = η / k^p.
            steps: how many will be taken in all, as far as known: whether a compiled loop is worth loading.
        """
        self._embeddings, self._gram = data.embeddings, gram
        self._normalised, self._step_size, self._decay = method == "ngd", step_size, step_decay
        # Without normalisation the step is a factor of the weights, which costs nothing.
        self._residuals = Residuals(next(data.blocks()), factor=1.0 if self._normalised else step_size)
        self._done = 0
        entries = data.num_contexts * data.vocab_size + ENTRIES_OF_CALLS
        self._compiled = numba_is_wanted() and (
            steps * entries >= ENTRIES_WORTH_COMPILING or "ntp_lib.trajectories.compiled_descent" in sys.modules
        )

    def __call__(self, W: Floats, steps: int) -> Floats:
        """Decoders after so many further steps, a new array of the shape of W, (V, d) or (S, V, d)."""
        H = self._embeddings
        logits = np.ascontiguousarray(W @ H.T)
        multipliers = np.zeros_like(logits)
        taken = self._compiled_steps(logits, multipliers, steps) if self._compiled else 0
        if taken < steps:
            self._steps(logits, multipliers, self._done + taken, steps - taken)
        self._done += steps
        return np.asarray(W - multipliers @ H)

    def _compiled_steps(self, logits: Floats, multipliers: Floats, steps: int) -> int:
        """Steps of one decoder after the other; none of several normalised ones, as some may stop early."""
        from ntp_lib.trajectories import compiled_descent

        if self._normalised and logits.ndim > 2:
            return 0
        shape = (-1, *logits.shape[-2:])
        find, taken = self._residuals, 0
        for one, sums in zip(logits.reshape(shape), multipliers.reshape(shape), strict=True):
            taken = compiled_descent.descend(
                self._gram,
                one,
                sums,
                find.weighted_probs,
                find.context_probs,
                find.alone,
                find.alone_tokens,
                self._done,
                steps,
                self._step_size if self._normalised else 0.0,
                self._decay,
            )
        return taken

    def _steps(self, logits: Floats, multipliers: Floats, done: int, steps: int) -> None:
        """Move logits and multipliers in place."""
        residual, change = np.empty_like(logits), np.empty_like(logits)
        rows, moved = (array.reshape(-1, len(self._gram)) for array in (residual, change))
        find, multiply, gram = self._residuals.between(logits, residual), rows.dot, self._gram
        varies = self._normalised or self._decay > 0
        for k in range(done + 1, done + steps + 1):
            find()
            multiply(gram, moved)
            if varies:
                factor = self._factor(k, residual, change)
                residual *= factor
                change *= factor
            multipliers += residual
            logits -= change

    def _factor(self, k: int, residual: Floats, change: Floats) -> Floats | float:
        """What the residuals are multiplied by in step k, a number or (S, 1, 1).

        Where the square of a gradient's length underflows, residual and change are first divided by a number;
        where the gradient itself does, there is no step.
        """
        size = k**-self._decay
        if not self._normalised:
            return size
        size *= self._step_size
        if residual.ndim == 2:
            square = float(residual.reshape(-1).dot(change.reshape(-1)))
            if square >= SAFE_SQUARE:
                return size / square**0.5
        squares = _squares(residual, change)
        if np.min(squares) < SAFE_SQUARE:
            top = np.abs(residual).max(axis=(-2, -1), keepdims=True)
            residual /= np.where(top > 0, top, 1.0)
            np.matmul(residual, self._gram, out=change)
            squares = _squares(residual, change)
        return np.divide(size, np.sqrt(squares), out=np.zeros_like(squares), where=squares != 0)


def _squares(residual: Floats, change: Floats) -> Floats:
    """⟨R, GR⟩ = ‖∇CE‖², (1, 1) or (S, 1, 1)."""
    return np.asarray(np.einsum("...vm,...vm->...", residual, change))[..., None, None]
