"""Verdicts in words: which contexts and which tokens are responsible, named as the data name them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

import numpy as np

from ntp_lib.conditions.compatibility import Compatibility
from ntp_lib.conditions.decomposition import Decomposition
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.margins.certificates import unit_weights
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.multipliers import entrywise, off_support, row_of, row_sums, values
from ntp_lib.margins.separability_verdict import Separability
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import binary_exponent, length

# Lines and names that one explanation lists before it counts the rest.
MOST_LINES, MOST_NAMES = 5, 6
# Shares of a certificate's weight below this are rounding or of no consequence to a reader.
LEAST_SHARE = 1e-6


@singledispatch
def explain(result: object) -> str:
    """Say in words what a verdict rests on: which contexts and which tokens, named as the data name them.

    Args:
        result: of `compatibility`, `separability` or `decomposition`.

    Raises:
        NTPDataError: it is something else.

    Example:
        >>> from ntp_lib import separability, synthetic
        >>> print(explain(separability(synthetic.toy_2d())).splitlines()[1])
          – “3” after “B”
    """
    raise NTPDataError(
        f"{type(result).__name__} cannot be explained; valid: what compatibility, separability or "
        "decomposition return"
    )


def context_name(data: NTPData, j: int) -> str:
    """The label of context j in quotes, or its number where the contexts have no labels."""
    return f"context {j}" if data.contexts is None else f"“{_joined(data.contexts[j])}”"


def token_name(data: NTPData, z: int) -> str:
    """The name of token z in quotes, or its number where the vocabulary has no names."""
    return f"token {z}" if data.vocabulary is None else f"“{data.vocabulary[z]}”"


@explain.register
def _of_compatibility(result: Compatibility) -> str:
    """Say what solves the log-odds equations, or which contexts contradict each other, and by how much."""
    data, C = result.F.data, result.certificate
    if result.holds:
        return _compatible(result)
    if C is None:
        return (
            f"Undecided: the best fit misses some log-odds by {result.residual:.3g} nats, but no certificate "
            "against better ones was found. Some embeddings are nearly dependent but not exactly so: only "
            "decoders too long for float64's digits could meet the log-odds, if any does."
        )
    shares = _shares(row_sums(abs(C)))
    lines = [
        f"{context_name(data, j)} ({share:.0%} of the weight): {_tokens(data, row_of(C, j) > 0)} against "
        f"{_tokens(data, row_of(C, j) < 0)}"
        for j, share in shares[:MOST_LINES]
    ]
    # For a very large text the least-squares fit takes longer than the verdict.
    fit = f"least squares misses by {result.residual:.3g}; " if result.fit_is_at_hand else ""
    return _listed(
        f"Not compatible: the log-odds of {_contexts(len(shares))} contradict each other. Weighted as in the "
        f"certificate, their logits cancel whatever W is, and the log-odds do not: every decoder misses one of "
        f"them by at least {result.conflict:.3g} nats ({fit}in float64 "
        f"the logits cancel up to rounding, which leaves half of it for every ‖W‖ up to "
        f"{result.excluded_norm:.1e}).",
        lines,
        "contexts",
        len(shares),
    )


def _compatible(result: Compatibility) -> str:
    counts = f"F has dimension {result.F.dim} for {result.F.differences.count} equations."
    if result.residual <= result.tolerance:
        return (
            f"Compatible: W_star meets every log-odds to {result.residual:.1e} nats (tolerance "
            f"{result.tolerance:.1e}); {counts}"
        )
    return (
        f"Compatible: the equations are independent, hence solvable; {counts} Their solution has length "
        f"{length(result.W_least_squares):.1e}, so that rounding it leaves errors of up to "
        f"{result.residual:.1e} nats on contexts with longer embeddings."
    )


@explain.register
def _of_separability(result: Separability) -> str:
    """Say how wide the margin is and where it is tightest, or which pairs cannot be pushed away."""
    data = result.data
    if result.direction is not None:
        return _separable(data, result.direction)
    if result.certificate is None:
        return f"Undecided: {result.status.value}. What stopped the search: {result.reason}"
    weights = entrywise(
        off_support(unit_weights(result.certificate, data), data), lambda entries, _: np.maximum(-entries, 0.0)
    )
    shares, largest = _shares(row_sums(weights)), float(values(weights).max())
    lines = [
        f"{context_name(data, j)} ({share:.0%} of the weight): {_tokens(data, row_of(weights, j), largest)}"
        for j, share in shares[:MOST_LINES]
    ]
    return _listed(
        "Not separable: for every W that ties the tokens that follow a context, the margins of the pairs below "
        "cancel in the certificate's weighted sum, so they cannot all be positive (in float64 they cancel up to "
        f"rounding: not all above {result.excluded_margin:.1e} for ‖W‖ = 1 and unit embeddings). Tokens that "
        f"never follow, in {_contexts(len(shares))}:",
        lines,
        "contexts",
        len(shares),
    )


@explain.register
def _of_decomposition(result: Decomposition) -> str:
    """Say which unseen tokens keep a positive probability, and how many die out."""
    data, bounded, diverging = result.data, result.bounded, result.diverging
    total = int(bounded.sum() + diverging.sum())
    if not bounded.any():
        return f"Separable: all {total} pairs of a context and a token that never follows it diverge."
    limit = result.completed.probs.toarray()
    rest = np.where(bounded, limit, 0.0)
    order = np.argsort(-rest.sum(axis=1), kind="stable")
    lines = [
        f"{context_name(data, j)}: {_tokens(data, rest[j])}, together {rest[j].sum():.3g}"
        for j in order[: int(np.count_nonzero(bounded.any(axis=1)))].tolist()
    ]
    return _listed(
        f"Not separable: {int(bounded.sum())} of the {total} pairs of a context and a token that never follows it "
        f"stay bounded, the other {int(diverging.sum())} diverge. The least loss is {result.infimum:.6g} nats, "
        f"{result.infimum - data.entropy:.3g} above the entropy. Limit probabilities of tokens never seen there:",
        lines,
        "contexts",
    )


def _separable(data: NTPData, W: Floats) -> str:
    """The margin of the direction per unit of W and of embedding length, and its tightest pairs."""
    unit, scale = unit_embeddings(data)[0], binary_exponent(W)
    W = np.ldexp(W, -scale)
    least = float(context_margins(W, data, unit)[0].min())
    lines: list[str] = []
    count = 0
    for block in data.blocks():
        logits = unit[block.rows] @ W.T
        levels = np.where(block.support, logits, np.inf).min(axis=1, keepdims=True)
        margins = np.where(block.support, np.inf, levels - logits)
        tight = np.argwhere(margins <= least * (1 + 1e-6))
        count += len(tight)
        for j, v in tight[: MOST_LINES - len(lines)].tolist():
            lines.append(f"{token_name(data, v)} after {context_name(data, j + block.rows.start)}")
    return _listed(
        "Separable: the direction ties all tokens that follow a context and keeps every other token below them, "
        f"by {least / float(np.linalg.norm(W)):.3g} at least for ‖W‖ = 1 and unit embeddings. It is tightest for:",
        lines,
        "pairs",
        count,
    )


def _shares(weights: Floats) -> list[tuple[int, float]]:
    """Rows with a share of the weight worth naming, largest first."""
    shares = weights / weights.sum()
    order = np.argsort(-shares, kind="stable").tolist()
    return [(j, float(shares[j])) for j in order if shares[j] > LEAST_SHARE]


def _tokens(data: NTPData, weights: Floats | Bools, largest: float | None = None) -> str:
    """Names of the tokens with weight, heaviest first."""
    floor = LEAST_SHARE * float(weights.max() if largest is None else largest)
    order = [z for z in np.argsort(-weights.astype(float), kind="stable").tolist() if weights[z] > floor]
    named = [token_name(data, z) for z in order[:MOST_NAMES]]
    return ", ".join(named) + (f" and {len(order) - MOST_NAMES} more" if len(order) > MOST_NAMES else "")


def _listed(opening: str, lines: list[str], what: str, count: int | None = None) -> str:
    rest = (len(lines) if count is None else count) - MOST_LINES
    shown = [*lines[:MOST_LINES], *([f"and {rest} more {what}"] if rest > 0 else [])]
    return "\n".join([opening, *(f"  – {line}" for line in shown)])


def _contexts(count: int) -> str:
    return "one context" if count == 1 else f"{count} contexts"


def _joined(label: Any) -> str:
    return " ".join(map(str, label)) if isinstance(label, Iterable) and not isinstance(label, str) else str(label)
