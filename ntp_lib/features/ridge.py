"""Decoder and embeddings with vanishing weight decay: global minimisers, certified in the logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import pandas as pd
import scipy.optimize
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.measurements import FeatureReferences, feature_references_of, measure_features
from ntp_lib.features.nuclear_margin import nuclear_norm
from ntp_lib.features.training import random_start
from ntp_lib.loss.cross_entropy import excess_loss, gradient
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, real_numbers, whole_number
from ntp_lib.numerics.results import copied, result

MAX_ITERATIONS = 20_000
# The origin is a saddle: a start slightly beside the last point lets directions grow that were shut before.
# Relative to the entries of the factors, taken as one long at least: all directions may have been shut.
RELATIVE_JITTER = 1e-3


@result
class FeaturePath:
    """Outcome of `ridge_features`.

    Attributes:
        factors: (W, H) at every penalty, shapes (V, d) and (m, d).
        frame: one row per penalty: penalty, the columns of `measure_features`, and gap.
        references: what it was measured against.
    """

    factors: tuple[tuple[Floats, Floats], ...] = field(repr=False)
    frame: pd.DataFrame = copied()
    references: FeatureReferences = field(repr=False)


def ridge_features(
    data: NTPData,
    *,
    penalties: Sequence[float],
    dim: int,
    tolerance: float = 1e-4,
    seed: int = 0,
    references: FeatureReferences | None = None,
    progress: bool = False,
) -> FeaturePath:
    """Minimise CE(H Wᵀ) + ½λ(‖W‖² + ‖H‖²) for every λ by a quasi-Newton method, and certify each minimum.

    The problem is not convex; its minimum is that of CE(L) + λ‖L‖_* over rank(L) ≤ d (book, thm-nuclear-ridge),
    and `convex_gap` bounds the distance from the minimum over all L.

    Args:
        data: supports and probabilities; its embeddings are not used.
        penalties: λ, positive and strictly decreasing.
        dim: d.
        tolerance: largest relative gap accepted.
        seed: of the start.
        references: L* and L^mm, if already computed.
        progress: show a progress bar.

    Raises:
        NTPDataError: penalties out of order or range, or a dimension below one.
        DidNotConvergeError: a gap above the tolerance.
    """
    wanted = real_numbers(penalties, "penalties").tolist()
    if not all(1e-100 <= p <= 1e100 for p in wanted) or any(np.diff(wanted) >= 0):
        raise NTPDataError(f"penalties are {wanted}; they must lie between 1e-100 and 1e100 and strictly decrease")
    dim, seed = whole_number(dim, "dim", least=1), whole_number(seed, "seed")
    tolerance = real_number(tolerance, "tolerance", above=0)
    references = feature_references_of(data, references)
    rng = np.random.default_rng(seed)
    W, H = random_start(data, dim=dim, scale=1.0, seed=seed)
    factors, rows = [], []
    for penalty in tqdm(wanted, desc="ridge", unit="penalty", disable=not progress):
        square = max(float(np.vdot(W, W) + np.vdot(H, H)), 1.0)
        size = RELATIVE_JITTER * np.sqrt(square / (W.size + H.size))
        W, H = W + size * rng.standard_normal(W.shape), H + size * rng.standard_normal(H.shape)
        W, H = _minimise(W, H, penalty, references.data)
        gap = convex_gap(H @ W.T, penalty, references.data)
        if not gap <= tolerance:
            raise DidNotConvergeError(f"penalty {penalty:g} ended with a relative gap of {gap:.1e}")
        factors.append((W, H))
        rows.append({"penalty": penalty, **measure_features(W, H, references), "gap": gap})
    return FeaturePath(tuple(factors), pd.DataFrame(rows), references)


def convex_gap(L: Floats, penalty: float, data: NTPData) -> float:
    """An upper bound of f(L) − min f, relative to f(L), for f(L) = CE(L) − entropy + λ‖L‖_*.

    With G = ∇CE(L) and a minimiser L', convexity gives f(L) − f(L') ≤ ⟨G, L⟩ + λ‖L‖_* + (‖G‖ − λ)₊ ‖L'‖_* with
    the spectral norm of G, and λ‖L'‖_* ≤ f(L) (book, lem-nuclear-gap).

    Args:
        L: logits, (m, V).
        penalty: λ.
        data: labels on the standard basis, as in `FeatureReferences`.
    """
    G = gradient(L.T, data).T
    value = excess_loss(L.T, data) + penalty * nuclear_norm(L)
    slack = float(np.vdot(G, L)) + penalty * nuclear_norm(L)
    outside = max(float(np.linalg.norm(G, ord=2)) / penalty - 1, 0.0)
    return slack / value + outside


def _minimise(W: Floats, H: Floats, penalty: float, data: NTPData) -> tuple[Floats, Floats]:
    size, shapes = W.size, (W.shape, H.shape)

    def unpack(flat: Floats) -> tuple[Floats, Floats]:
        return flat[:size].reshape(shapes[0]), flat[size:].reshape(shapes[1])

    def value_and_slope(flat: Floats) -> tuple[float, Floats]:
        W, H = unpack(flat)
        logits = W @ H.T
        residuals = gradient(logits, data) / penalty
        value = excess_loss(logits, data) / penalty + float(np.vdot(flat, flat)) / 2
        return value, np.concatenate([(residuals @ H).ravel(), (residuals.T @ W).ravel()]) + flat

    found = scipy.optimize.minimize(
        value_and_slope,
        np.concatenate([W.ravel(), H.ravel()]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MAX_ITERATIONS, "maxfun": MAX_ITERATIONS, "maxcor": 30, "ftol": 0.0, "gtol": 1e-7},
    )
    return unpack(found.x)
