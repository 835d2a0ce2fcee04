"""Free factors H Wᵀ of the logits, trained with snapshots on the way, or followed along the gradient flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

import numpy as np
from scipy.integrate import solve_ivp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.training import random_start
from ntp_lib.loss.residuals import Residuals
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import one_of, real_number, real_numbers, whole_number
from ntp_lib.numerics.results import result
from ntp_lib.trajectories.optimisers import METHODS, make_step


@result
class Snapshot:
    """Factors at one moment.

    Attributes:
        time: the step, or the time of the flow.
        W: decoder, (V, d).
        H: embeddings, (m, d).
    """

    time: float
    W: Floats = field(repr=False)
    H: Floats = field(repr=False)

    @property
    def logits(self) -> Floats:
        """Λ = H Wᵀ, (m, V)."""
        return np.asarray(self.H @ self.W.T)


def train_factors(
    data: NTPData,
    *,
    dim: int,
    records: Sequence[int],
    method: str = "adam",
    step_size: float = 0.01,
    scale: float = 0.1,
    seed: int = 0,
) -> tuple[Snapshot, ...]:
    """Minimise CE(H Wᵀ) over both factors from a random start.

    Args:
        data: supports and probabilities; its embeddings are not used.
        dim: d.
        records: steps whose factors are kept, strictly increasing.
        method: one of the optimisers of `ntp_lib.train`, on both factors as one array; "gd" is plain descent.
        step_size: η, constant.
        scale: entries start as independent N(0, scale²/d).
        seed: of the start.

    Returns:
        One snapshot for each entry of `records`.

    Raises:
        NTPDataError: an argument outside its range, or steps out of order.
        DidNotConvergeError: factors that are no longer finite.
    """
    dim, seed = whole_number(dim, "dim", least=1), whole_number(seed, "seed")
    method = one_of(method, "method", METHODS)
    step_size, scale = real_number(step_size, "step_size", above=0), real_number(scale, "scale", above=0)
    wanted = [whole_number(step, f"records[{i}]") for i, step in enumerate(records)]
    if not wanted or any(np.diff(wanted) <= 0):
        raise NTPDataError(f"records are {wanted}; at least one step is needed, and they must strictly increase")
    W, H = random_start(data, dim=dim, scale=scale, seed=seed)
    both, m = np.vstack([H, W]), len(H)
    step = make_step(method, factor_slope(data), step_size=step_size)
    kept, done = [], 0
    for target in wanted:
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(done, target):
                both = step(both)
        if not np.isfinite(both).all():
            raise DidNotConvergeError(f"the factors left the range of float64 by step {target}; lower step_size")
        done = target
        kept.append(Snapshot(float(target), both[m:].copy(), both[:m].copy()))
    return tuple(kept)


def factor_flow(
    data: NTPData, W0: Floats, H0: Floats, times: Sequence[float], *, tolerance: float = 1e-10
) -> tuple[Snapshot, ...]:
    """Integrate dH/dt = −∇_H CE, dW/dt = −∇_W CE from given factors.

    Args:
        data: supports and probabilities.
        W0: decoder at time zero, (V, d).
        H0: embeddings at time zero, (m, d).
        times: strictly increasing, from zero on.
        tolerance: relative error of each step of the integrator.

    Raises:
        NTPDataError: shapes that do not fit, or times out of order.
        DidNotConvergeError: the integrator stopped early.
    """
    W, H = real_array(W0, "W0", "(V, d)"), real_array(H0, "H0", "(m, d)")
    m, V = data.num_contexts, data.vocab_size
    if W.ndim != 2 or len(W) != V or H.shape != (m, W.shape[1]):
        raise NTPDataError(f"W0 and H0 have shapes {W.shape} and {H.shape}; they must be ({V}, d) and ({m}, d)")
    moments = real_numbers(times, "times")
    if moments[0] < 0 or (np.diff(moments) <= 0).any():
        raise NTPDataError(f"times are {moments.tolist()!s:.80}; they must start at zero or later and increase")
    tolerance = real_number(tolerance, "tolerance", least=1e-13, most=1e-2)
    both, slope = np.vstack([H, W]), factor_slope(data)
    found = solve_ivp(
        lambda _, flat: -slope(flat.reshape(both.shape)).ravel(),
        (0.0, max(float(moments[-1]), 1e-300)),
        both.ravel(),
        method="DOP853",
        t_eval=moments,
        rtol=tolerance,
        atol=max(tolerance * 1e-3 * float(np.abs(both).max()), 1e-300),  # zeros stay where they are
    )
    if not found.success:
        raise DidNotConvergeError(f"the flow stopped at t = {found.t[-1]:.3g}: {found.message}")
    stacks = found.y.T.reshape(-1, *both.shape)
    return tuple(Snapshot(float(t), Z[m:].copy(), Z[:m].copy()) for t, Z in zip(moments, stacks, strict=True))


def factor_slope(data: NTPData) -> Callable[[Floats], Floats]:
    """The gradient of CE(H Wᵀ) in both factors, for H above W in one array: (m + V, d) to (m + V, d).

    Raises:
        NTPDataError: contexts that do not fit one block of memory.
    """
    if data.num_contexts > data.block_rows:
        raise NTPDataError(
            f"{data.num_contexts:,} contexts of {data.vocab_size:,} tokens; free factors are trained on at most "
            f"{data.block_rows:,} contexts: take a slice of the text"
        )
    m = data.num_contexts
    logits = np.empty((data.vocab_size, m))
    residuals = np.empty_like(logits)
    fill = Residuals(next(data.blocks())).between(logits, residuals)

    def slope(both: Floats) -> Floats:
        H, W = both[:m], both[m:]
        np.dot(W, H.T, out=logits)
        fill()
        return np.vstack([residuals.T @ W, residuals @ H])

    return slope
