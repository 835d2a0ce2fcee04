"""The path of vanishing weight decay in the logits, where it is convex: many contexts, every point certified.

Minimise CE(Λ) + λ‖Λ‖_* over Λ of shape (m, V) (book, thm-nuclear-ridge). Λ is split into two copies, as in the
solver of margins: one pays for its singular values, the other for its loss, row by row, and a multiplier draws
them together. Steps along the gradient of the loss would have to be short enough for the most frequent context
and are then far too short for the rarest; here a row's step knows its own weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.measurements import within_support
from ntp_lib.features.nuclear_margin import nuclear_norm
from ntp_lib.features.ridge import convex_gap
from ntp_lib.loss.cross_entropy import excess_loss
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import real_number, real_numbers, whole_number
from ntp_lib.numerics.results import copied, result

# Over-relaxation, usual between 1.5 and 1.8, and steps between two looks at the certificate.
RELAXATION = 1.7
CHECK_EVERY = 10
# The coupling is this times λ over the largest singular value: the threshold is half of that value.
COUPLING = 2.0
# Newton steps of a row for each step of the splitting, and by how many nats the logits of a row may then spread.
ROW_STEPS = 2
LARGEST_ROW_STEP = 1.5


@result
class LogitPath:
    """Outcome of `logit_path`.

    Attributes:
        logits: Λ_λ at every penalty, (m, V) each, with rows that sum to zero.
        frame: one row per penalty. penalty: λ. excess_loss: CE − entropy, nats. norm: ‖Λ‖_*. objective:
            excess_loss + λ·norm. rank: of Λ. margin: least logit of a support minus largest off it, over all
            contexts. finite_error: Frobenius distance of the in-support part of Λ from the log-odds.
            softmax_error: largest |softmax(Λ)_jz − p̂_jz| over all pairs. gap: a bound of (f(Λ) − min f)/f(Λ) for
            the objective f. steps.
    """

    logits: tuple[Floats, ...] = field(repr=False)
    frame: pd.DataFrame = copied()


@dataclass
class _Split:
    """Two copies of the logits and the multiplier between them over the coupling; singular values of the first."""

    low: Floats
    fitted: Floats
    dual: Floats
    sizes: Floats


def logit_path(
    data: NTPData,
    penalties: Sequence[float],
    *,
    tolerance: float = 1e-4,
    max_steps: int = 5000,
    progress: bool = False,
) -> LogitPath:
    """Minimise CE(Λ) + λ‖Λ‖_* for every λ, each from the last one's minimum, until the gap is certified.

    The minimum is also that of weight decay ½λ(‖W‖² + ‖H‖²) on factors of Λ with enough columns;
    `balanced_factors` gives them.

    Args:
        data: supports and probabilities; its embeddings are not used.
        penalties: λ, positive and strictly decreasing. Down to 1e-8 doubles resolve the gap on the book's data.
        tolerance: largest relative gap accepted, by `convex_gap` (book, lem-nuclear-gap).
        max_steps: limit for each penalty, rounded up to tens.
        progress: show a progress bar.

    Raises:
        NTPDataError: penalties out of order or range, a tolerance or a limit out of range.
        DidNotConvergeError: a gap above the tolerance after `max_steps`.

    Example:
        >>> from ntp_lib import synthetic
        >>> path = logit_path(synthetic.toy_2d(), [0.1, 0.01])
        >>> bool((path.frame["gap"] <= 1e-4).all())
        True
    """
    wanted = real_numbers(penalties, "penalties").tolist()
    if not all(1e-100 <= p <= 1e100 for p in wanted) or any(np.diff(wanted) >= 0):
        raise NTPDataError(f"penalties are {wanted}; they must lie between 1e-100 and 1e100 and strictly decrease")
    tolerance = real_number(tolerance, "tolerance", above=0)
    max_steps = whole_number(max_steps, "max_steps", least=1)
    labels = NTPData(np.eye(data.num_contexts), data.context_probs, data.next_token_probs)
    probs, weights = labels.probs.toarray(), labels.context_probs[:, None]
    split = _Split(np.zeros_like(probs), np.zeros_like(probs), np.zeros_like(probs), np.zeros(1))
    logits, rows = [], []
    for penalty in tqdm(wanted, desc="path", unit="penalty", disable=not progress):
        gap, steps = _gap(split.low, penalty, labels), 0
        while not gap <= tolerance and steps < max_steps:
            _advance(split, penalty, probs, weights)
            steps += CHECK_EVERY
            if steps >= max_steps or _estimated_gap(split, penalty, probs, weights) <= tolerance:
                gap = _gap(split.low, penalty, labels)
        if not gap <= tolerance:
            raise DidNotConvergeError(
                f"penalty {penalty:g} ended after {steps} steps with a relative gap of {gap:.1e}, asked for "
                f"{tolerance:.1e}; allow more steps, a larger gap, or approach it by more penalties"
            )
        logits.append(split.low.copy())
        rows.append(_measured(split, penalty, labels, probs) | {"gap": gap, "steps": steps})
    return LogitPath(tuple(logits), pd.DataFrame(rows))


def _gap(L: Floats, penalty: float, labels: NTPData) -> float:
    """`convex_gap`, and zero where the objective is zero: even probabilities everywhere."""
    if not L.any() and excess_loss(L.T, labels) == 0:
        return 0.0
    return convex_gap(L, penalty, labels)


def _estimated_gap(split: _Split, penalty: float, probs: Floats, weights: Floats) -> float:
    """The bound of `convex_gap` in plain arithmetic, for deciding when to ask for it."""
    L, norm = split.low, float(split.sizes.sum())
    q, residuals = _residuals(L, probs)
    G = weights * residuals
    inside = probs > 0
    ratios = np.log(np.divide(probs, q, out=np.ones_like(q), where=inside & (q > 0)))
    value = float(np.sum(weights * probs * ratios)) + penalty * norm
    slack = float(np.vdot(G, L)) + penalty * norm
    square = G.T @ G if G.shape[0] >= G.shape[1] else G @ G.T
    largest = float(np.sqrt(max(np.linalg.eigvalsh(square)[-1], 0.0)))
    return slack / max(value, np.finfo(float).tiny) + max(largest / penalty - 1, 0.0)


def _advance(split: _Split, penalty: float, probs: Floats, weights: Floats) -> None:
    """CHECK_EVERY steps with one coupling, which follows the scale that the logits have reached."""
    coupling = COUPLING * penalty / max(float(split.sizes[0]), 1.0)
    for _ in range(CHECK_EVERY):
        split.fitted = _fit_rows(split.low - split.dual, split.fitted, coupling, probs, weights)
        relaxed = RELAXATION * split.fitted + (1 - RELAXATION) * split.low
        split.low, split.sizes = _threshold(relaxed + split.dual, penalty / coupling)
        split.dual = split.dual + relaxed - split.low
    # The multiplier itself is coupling · dual; what follows may change the coupling.
    split.dual *= coupling / (COUPLING * penalty / max(float(split.sizes[0]), 1.0))


def _fit_rows(target: Floats, start: Floats, coupling: float, probs: Floats, weights: Floats) -> Floats:
    """Newton's steps for min π_j CE_j(y) + ½ρ‖y − target_j‖² in every row, from `start`.

    The Hessian π (diag q − qqᵀ) + ρ is diagonal plus rank one.
    """
    y = start
    for _ in range(ROW_STEPS):
        q, residuals = _residuals(y, probs)
        slope = weights * residuals + coupling * (y - target)
        diagonal = weights * q + coupling
        plain, along = slope / diagonal, q / diagonal
        # 1 − Σ π q²/(π q + ρ), without the difference.
        remaining = coupling * along.sum(axis=1, keepdims=True)
        step = plain + along * (weights * (q * plain).sum(axis=1, keepdims=True) / remaining)
        spread = np.ptp(step, axis=1, keepdims=True)
        y = y - step * (LARGEST_ROW_STEP / np.maximum(spread, LARGEST_ROW_STEP))
    return np.asarray(y)


def _residuals(logits: Floats, probs: Floats) -> tuple[Floats, Floats]:
    """q = softmax, and q − p̂ whose sum over a row is zero far below the rounding of its entries.

    Where λ is small the loss hardly resists a shift of a support against the rest; a sum that is off by rounding
    would push it.
    """
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    inside = np.where(probs > 0, e, 0.0)
    total, within = e.sum(axis=1, keepdims=True), inside.sum(axis=1, keepdims=True)
    off = np.where(probs > 0, 0.0, e / total)
    restricted = inside / within
    apart = restricted - probs
    apart = apart - restricted * apart.sum(axis=1, keepdims=True)
    return np.asarray(e / total), np.asarray(apart + off - restricted * off.sum(axis=1, keepdims=True))


def _softmax(logits: Floats) -> Floats:
    q = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(q / q.sum(axis=1, keepdims=True))


def _threshold(X: Floats, threshold: float) -> tuple[Floats, Floats]:
    """Singular values lowered by the threshold, those below it dropped; the matrix, centred, and what they became.

    By eigenvalues of the smaller square, whose loss of digits ends far below a threshold of this size.
    """
    X = X - X.mean(axis=1, keepdims=True)
    tall = X if X.shape[0] >= X.shape[1] else X.T
    squares, Q = np.linalg.eigh(tall.T @ tall)
    sizes = np.sqrt(np.maximum(squares, 0.0))
    kept = sizes > threshold
    Q, sizes = Q[:, kept], sizes[kept]
    low = (tall @ (Q * (1 - threshold / sizes))) @ Q.T
    lowered = sizes[::-1] - threshold
    return np.asarray(low if tall is X else low.T), lowered if len(lowered) else np.zeros(1)


def _measured(split: _Split, penalty: float, labels: NTPData, probs: Floats) -> dict[str, float]:
    L, support = split.low, labels.support_mask
    excess, norm = excess_loss(L.T, labels), nuclear_norm(L)
    inside = within_support(L, support)
    log_odds = within_support(np.log(np.where(support, probs, 1.0)), support)
    return {
        "penalty": penalty,
        "excess_loss": excess,
        "norm": norm,
        "objective": excess + penalty * norm,
        "rank": int((split.sizes > 0).sum()),
        "margin": _least_margin(L, support),
        "finite_error": float(np.linalg.norm(inside - log_odds)),
        "softmax_error": float(np.abs(_softmax(L) - probs).max()),
    }


def _least_margin(L: Floats, support: Bools) -> float:
    lowest = np.where(support, L, np.inf).min(axis=1)
    highest = np.where(support, -np.inf, L).max(axis=1)
    return float((lowest - highest).min())
