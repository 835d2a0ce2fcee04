"""Gradient flow on a decoder and free embeddings, followed in the logarithm of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.integrate import solve_ivp

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.measurements import FeatureReferences, centred, measure_features
from ntp_lib.loss.cross_entropy import gradient
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, real_numbers
from ntp_lib.numerics.results import copied, result

FIRST_LOG_TIME = -5.0
# Residuals inside the supports are rounded at about 1e-16 and enter multiplied by e^s: past this they are noise.
LAST_LOG_TIME = 24.0
LARGEST_START = 1e50


@result
class FeatureFlow:
    """Outcome of `feature_flow`.

    Attributes:
        factors: (W, H) at every time, shapes (V, d) and (m, d).
        frame: one row per time: log_time, the columns of `measure_features`, and singular_1, singular_2, …, the
            singular values of the centred logits, as many as they can have.
    """

    factors: tuple[tuple[Floats, Floats], ...] = field(repr=False)
    frame: pd.DataFrame = copied()


def feature_flow(
    references: FeatureReferences,
    *,
    log_times: Sequence[float],
    W0: npt.ArrayLike,
    H0: npt.ArrayLike,
    tolerance: float = 1e-6,
) -> FeatureFlow:
    """Integrate dW/dt = −∇_W CE(H Wᵀ), dH/dt = −∇_H CE(H Wᵀ) in s = log t.

    In s the flow is stiff, for the finite part has long settled while the margins still grow; LSODA switches to
    its implicit method by itself.

    Args:
        references: of the problem.
        log_times: s, strictly increasing, between −5 and 24.
        W0: decoder at time zero, (V, d).
        H0: embeddings at time zero, (m, d).
        tolerance: relative error per step; the absolute one is a hundredth of it.

    Raises:
        NTPDataError: log times out of order or range, or starts whose shapes do not fit.
        DidNotConvergeError: the integrator stopped early.
    """
    times, tolerance = (
        real_numbers(log_times, "log_times"),
        real_number(tolerance, "tolerance", least=1e-12, most=1e-2),
    )
    if times[0] <= FIRST_LOG_TIME or times[-1] > LAST_LOG_TIME or (np.diff(times) <= 0).any():
        raise NTPDataError(
            f"log_times are {times.tolist()}; they must increase and lie in ({FIRST_LOG_TIME}, {LAST_LOG_TIME}]"
        )
    W, H = _start("W0", W0), _start("H0", H0)
    m, V = references.support.shape
    if W.ndim != 2 or W.shape[0] != V or H.shape != (m, W.shape[1]):
        raise NTPDataError(
            f"W0 and H0 have shapes {W.shape} and {H.shape}; they must be (V, d) and (m, d) with V={V}, m={m}"
        )
    size, shape = W.size, W.shape

    def unpack(flat: Floats) -> tuple[Floats, Floats]:
        return flat[:size].reshape(shape), flat[size:].reshape(H.shape)

    def velocity(s: float, flat: Floats) -> Floats:
        W, H = unpack(flat)
        residuals = gradient(W @ H.T, references.data)
        return -np.exp(s) * np.concatenate([(residuals @ H).ravel(), (residuals.T @ W).ravel()])

    start = np.concatenate([W.ravel(), H.ravel()])
    start = start + velocity(FIRST_LOG_TIME, start)  # one Euler step from time zero to e^−5
    found = solve_ivp(
        velocity,
        (FIRST_LOG_TIME, times[-1]),
        start,
        method="LSODA",
        t_eval=times,
        rtol=tolerance,
        atol=tolerance / 100,
    )
    if not found.success:
        raise DidNotConvergeError(f"the flow stopped at log t = {found.t[-1]:.3g}: {found.message}")
    factors = tuple(unpack(column) for column in found.y.T)
    rank = min(V - 1, shape[1])
    rows = [
        {"log_time": s, **measure_features(W, H, references), **_singular_values(H @ W.T, rank)}
        for s, (W, H) in zip(times, factors, strict=True)
    ]
    return FeatureFlow(factors, pd.DataFrame(rows))


def _start(name: str, value: npt.ArrayLike) -> Floats:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise NTPDataError(f"{name} must be numbers of shape (rows, d); got {error}") from None
    if not (np.abs(array) <= LARGEST_START).all():
        raise NTPDataError(f"{name} holds NaN, infinity or an entry above {LARGEST_START:g}; none may be so large")
    return array


def _singular_values(logits: Floats, rank: int) -> dict[str, float]:
    values = np.linalg.svd(centred(logits), compute_uv=False)[:rank]
    return {f"singular_{i}": float(value) for i, value in enumerate(values, 1)}
