"""Three norms of a decoder with their duals and directions of steepest ascent (book, def-geometry).

Entry-wise largest absolute value ("max"; not the row-sum norm induced by ‖·‖_∞), largest singular value
("spectral"), and root of the sum of squares ("frobenius").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import one_of


@dataclass(frozen=True)
class Norm:
    """A norm on decoders.

    Attributes:
        name: one of `NORMS`, "nuclear" or "preconditioned".
        size: ‖W‖ of (…, V, d), shape (…).
        dual: ‖G‖_* = max ⟨G, Δ⟩ over ‖Δ‖ ≤ 1, of (…, V, d), shape (…).
        ascent: a maximiser Δ for one G, (V, d) to (V, d); zero for G = 0.
    """

    name: str
    size: Callable[[Floats], Floats]
    dual: Callable[[Floats], Floats]
    ascent: Callable[[Floats], Floats]


def unit(G: Floats) -> Floats:
    """G / ‖G‖, also where the squares of its entries underflow; zero for G = 0."""
    largest = float(np.abs(G).max())
    if largest == 0:
        return np.zeros_like(G)
    scaled = G / largest
    return np.asarray(scaled / np.linalg.norm(scaled))


def polar_factor(G: Floats) -> Floats:
    """U Vᵀ of the thin singular value decomposition, without the directions of singular value zero.

    A gradient's columns sum to zero, so one singular value is rounding; its pair of vectors is arbitrary, and a
    step of full length along it would change the spectral norm of W without changing a single margin.
    """
    U, sigma, Vt = np.linalg.svd(G, full_matrices=False)
    keep = sigma > sigma[0] * max(G.shape) * np.finfo(float).eps
    return np.asarray(U[:, keep] @ Vt[keep])


def _singular_values(G: Floats) -> Floats:
    return np.asarray(np.linalg.svd(G, compute_uv=False))


def _largest_entry(G: Floats) -> Floats:
    return np.asarray(np.abs(G).max(axis=(-2, -1)))


def _length(G: Floats) -> Floats:
    return np.asarray(np.linalg.norm(G, axis=(-2, -1)))


def _sum_of_entries(G: Floats) -> Floats:
    return np.asarray(np.abs(G).sum(axis=(-2, -1)))


def _largest_singular_value(W: Floats) -> Floats:
    return np.asarray(_singular_values(W).max(axis=-1))


def _sum_of_singular_values(G: Floats) -> Floats:
    return np.asarray(_singular_values(G).sum(axis=-1))


def _leading_pair(G: Floats) -> Floats:
    U, sigma, Vt = np.linalg.svd(G, full_matrices=False)
    return np.asarray((sigma[0] > 0) * np.outer(U[:, 0], Vt[0]))


# Named functions throughout: a norm is part of results, and those can be pickled.
NORMS = {
    "max": Norm("max", _largest_entry, _sum_of_entries, np.sign),
    "spectral": Norm("spectral", _largest_singular_value, _sum_of_singular_values, polar_factor),
    "frobenius": Norm("frobenius", _length, _length, unit),
}


FROBENIUS = NORMS["frobenius"]
# The norm of free logits; its dual is the spectral norm (book, def-nuclear-margin).
NUCLEAR = Norm("nuclear", _sum_of_singular_values, _largest_singular_value, _leading_pair)


def _divided_length(root: Floats, W: Floats) -> Floats:
    return _length(W / root)


def _multiplied_length(root: Floats, G: Floats) -> Floats:
    return _length(root * G)


def _multiplied_unit(root: Floats, G: Floats) -> Floats:
    return np.asarray(root * unit(root * G))


def preconditioned(P: Floats) -> Norm:
    """The norm √⟨W, P⁻¹W⟩ of a diagonal preconditioner, P > 0 of shape (V, d), acting entry by entry.

    Steepest descent in it, unnormalised, is W − η P ∇CE(W) (book, prop-preconditioner).
    """
    root = np.sqrt(P)
    return Norm(
        "preconditioned",
        partial(_divided_length, root),
        partial(_multiplied_length, root),
        partial(_multiplied_unit, root),
    )


def norm_named(name: str) -> Norm:
    """One of the three norms.

    Raises:
        NTPDataError: there is no such norm.
    """
    return NORMS[one_of(name, "norm", tuple(NORMS))]
