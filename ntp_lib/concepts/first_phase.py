"""How learning begins: what the loss does to small factors, with a bound (book, thm-first-phase)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from ntp_lib.concepts.factors import Snapshot
from ntp_lib.concepts.spectrum import Concepts
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, real_numbers
from ntp_lib.numerics.results import result


@result
class FirstPhase:
    """What is predicted of the modes x_k = Hᵀu_k + Wᵀq_k, and by how much they can miss it.

    Attributes:
        times: (T,).
        predicted: e^{σ_k t} x_k(0), (T, K, d).
        bound: an upper bound of ‖x_k(t) − predicted‖, infinite once the first phase is over, (T, K).
        share: ρ(t) = (π* r²/σ_1) e^{2σ_1 t}, with r² = ‖W(0)‖² + ‖H(0)‖² and π* the largest weight of a context;
            the first phase lasts while it is below one, (T,).
    """

    times: Floats
    predicted: Floats = field(repr=False)
    bound: Floats = field(repr=False)
    share: Floats = field(repr=False)


def first_phase(data: NTPData, start: Snapshot, modes: Concepts, times: Sequence[float]) -> FirstPhase:
    """The theorem's prediction and bound for a start.

    Args:
        data: the problem.
        start: factors at time zero, not both zero.
        modes: leading singular triples of M₀, the candidate "start".
        times: of the flow, from zero on.

    Raises:
        NTPDataError: a start of zeros, modes of another problem, or a negative time.
    """
    _require_modes_of(data, modes)
    square = float(np.vdot(start.W, start.W) + np.vdot(start.H, start.H))
    if not square > 0:
        raise NTPDataError("start: both factors are zero, from which the flow never departs")
    t = _times(times)
    sigma, heaviest = modes.strengths, float(data.context_probs.max())
    share = heaviest * square / sigma[0] * np.exp(2 * sigma[0] * t)
    predicted = np.exp(np.outer(t, sigma))[:, :, None] * mode_coordinates(start, modes)
    growth = 2 * np.sqrt(2) * heaviest * square**1.5 * np.exp(3 * sigma[0] * t)[:, None] / (3 * sigma[0] - sigma)
    return FirstPhase(t, predicted, np.where(share[:, None] < 1, growth, np.inf), share)


def leading_push(data: NTPData, start: Snapshot, modes: Concepts, times: Sequence[float]) -> Floats:
    """What the leading mode adds to the others at the end of their first phase (book, prop-first-phase-ends).

    −κ_k e^{3σ_1 t} with κ_k = (u_kᵀ diag(π̂) u_1) ‖x_1‖² x_1 / (8V (3σ_1 − σ_k)) and x_1 that of the start: for
    small starts x_k is e^{σ_k t} x_k(0) plus this, until the leading mode has left the neighbourhood of zero. Zero
    where all contexts are equally frequent.

    Args:
        data: the problem.
        start: factors at time zero.
        modes: leading singular triples of M₀, the first of them simple.
        times: of the flow, from zero on.

    Returns:
        (T, K, d); zero for the leading mode itself.

    Raises:
        NTPDataError: modes of another problem, or a negative time.
    """
    _require_modes_of(data, modes)
    t, sigma = _times(times), modes.strengths
    leading = mode_coordinates(start, modes)[0]
    shared = modes.contexts.T @ (data.context_probs * modes.contexts[:, 0])
    kappa = shared / (8 * data.vocab_size * (3 * sigma[0] - sigma)) * float(leading @ leading)
    kappa[0] = 0.0
    return np.asarray(-np.exp(3 * sigma[0] * t)[:, None, None] * kappa[:, None] * leading)


def mode_coordinates(factors: Snapshot, modes: Concepts) -> Floats:
    """x_k = Hᵀu_k + Wᵀq_k of every mode, (K, d)."""
    return np.asarray(modes.contexts.T @ factors.H + modes.words.T @ factors.W)


def spectral_time(strength: float, start: float, share: float = 0.5) -> float:
    """When a mode of squared loss on a fixed target has grown to a share of its strength (book, concepts).

    From a balanced start aligned with the target a mode obeys ds/dt = 2s(σ − s).

    Args:
        strength: σ.
        start: its value at time zero, between 0 and `share`·σ.
        share: of σ, below one.

    Example:
        >>> round(spectral_time(2.0, 0.5), 4)
        0.2747
    """
    strength = real_number(strength, "strength", above=0)
    share = real_number(share, "share", above=0, below=1)
    start = real_number(start, "start", above=0, most=share * strength)
    return float(np.log((strength / start - 1) * share / (1 - share)) / (2 * strength))


def spectral_mode(strength: float, start: float, times: Sequence[float]) -> Floats:
    """σ / (1 + (σ/s₀ − 1) e^{−2σt}), (T,): the mode of `spectral_time` over time."""
    strength, start = real_number(strength, "strength", above=0), real_number(start, "start", above=0)
    return np.asarray(
        strength / (1 + (strength / start - 1) * np.exp(-2 * strength * np.asarray(times, dtype=float)))
    )


def _require_modes_of(data: NTPData, modes: Concepts) -> None:
    if modes.contexts.shape[0] != data.num_contexts or modes.words.shape[0] != data.vocab_size:
        raise NTPDataError(
            f"modes are of {modes.contexts.shape[0]} contexts and {modes.words.shape[0]} tokens; the data have "
            f"{data.num_contexts} and {data.vocab_size}"
        )


def _times(times: Sequence[float]) -> Floats:
    moments = real_numbers(times, "times")
    if (moments < 0).any():
        raise NTPDataError(f"times has the entry {moments.min():g}; the flow starts at zero")
    return moments
