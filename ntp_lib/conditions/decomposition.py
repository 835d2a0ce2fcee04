"""What diverges and what stays where data are not separable, with a proof of either (book, thm-decomposition)."""

from __future__ import annotations

import warnings
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from ntp_lib.conditions import decomposition_program
from ntp_lib.conditions.compatibility import compatibility
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataWarning
from ntp_lib.margins import certificates
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.separability import MAX_NONZEROS, separability
from ntp_lib.margins.separability_verdict import Verdict
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.subspace import Subspace, subspace


@result
class Decomposition:
    """Outcome of `decomposition`: every pair (j, v), v ∉ S_j, either diverges or stays bounded.

    Attributes:
        data: the problem.
        diverging: pairs whose margin some direction makes positive while none turns negative, (m, V).
        bounded: all other pairs off support; their margin is zero for every such direction, (m, V).
        direction: W with ties on S_j and on the bounded pairs and margin at least 1 on all diverging ones, (V, d);
            None where nothing diverges.
        certificate: A, (m, V): rows sum to zero, Aᵀ·embeddings = 0, negative on exactly the bounded pairs and zero
            on the diverging ones; None where every pair diverges, that is, where the data are separable.
        rounded: whether the embeddings count as rounded, as for `decomposition`.
    """

    data: NTPData = field(repr=False)
    diverging: Bools = field(repr=False)
    bounded: Bools = field(repr=False)
    direction: Floats | None = field(repr=False)
    certificate: Floats | None = field(repr=False)
    rounded: bool = field(default=False, repr=False)

    def verify(self) -> bool:
        """Check both halves against the data, without the solver.

        The direction proves that its pairs can diverge, the certificate that no other pair can.
        """
        off = ~self.data.support_mask
        if np.any(self.diverging & self.bounded) or np.any((self.diverging | self.bounded) != off):
            return False
        return self._direction_holds() and self._certificate_holds()

    def _direction_holds(self) -> bool:
        if not self.diverging.any():
            return self.direction is None
        if self.direction is None:
            return False
        decisive = certificates.direction_margin(self.direction, self._widened) >= certificates.DECISIVE_MARGIN
        return decisive or (not self.rounded and certificates.direction_holds(self.direction, self._widened))

    def _certificate_holds(self) -> bool:
        A = self.certificate
        if not self.bounded.any():
            return A is None
        if A is None or np.any((A < 0) & ~self.data.support_mask != self.bounded) or np.any(A[self.diverging]):
            return False
        # The bound of certificate_margin is for the mean over the pairs; times total/least it is for each of them.
        weights = np.abs(certificates.unit_weights(A, self.data))[self.bounded]
        if weights.min() == 0 or not (self.rounded or certificates.certificate_holds(A, self.data)):
            return False
        each = certificates.certificate_margin(A, self.data) * float(weights.sum() / weights.min())
        return each <= certificates.DECISIVE_MARGIN

    @cached_property
    def _widened(self) -> NTPData:
        """The contexts with the bounded pairs counted into the supports; the probabilities mean nothing."""
        kept = ~self.diverging
        return _with_probabilities(self.data, kept / kept.sum(axis=1, keepdims=True))

    @cached_property
    def equivalent(self) -> NTPData:
        """Separable data with the same loss at every W: p̂ moved along the certificate onto the bounded pairs.

        Its supports are S_j and the bounded tokens of j (the whole vocabulary everywhere, where nothing diverges).
        """
        if self.certificate is None:
            return self.data
        probs = self.data.probs.toarray()
        change = self.certificate / self.data.context_probs[:, None]
        falling = self.data.support_mask & (change > 0)
        step = 0.5 * float((probs[falling] / change[falling]).min())
        return _with_probabilities(self.data, np.where(self.diverging, 0.0, probs - step * change))

    @cached_property
    def completed(self) -> NTPData:
        """Compatible, separable data with the same loss at every W: the softmax in the limit (book, thm-one-loss).

        Raises:
            DidNotConvergeError: the finite part was not found, or one of its probabilities is below the range.
        """
        W, kept = compatibility(self.equivalent).W_finite, ~self.diverging
        logits = np.where(kept, self.data.embeddings @ W.T, -np.inf)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        if np.any(weights[kept] == 0):
            j, v = (int(place[0]) for place in np.nonzero(kept & (weights == 0)))
            raise DidNotConvergeError(
                f"the limit probability of token {v} in context {j} is below float64's range"
            )
        return _with_probabilities(self.data, weights / weights.sum(axis=1, keepdims=True))

    @property
    def infimum(self) -> float:
        """inf CE in nats: the entropy of `completed`."""
        return self.completed.entropy


def decomposition(data: NTPData, *, time_limit: float = 600.0, rounded: bool = False) -> Decomposition:
    """Part the pairs (j, v), v ∉ S_j, into those that diverge and those that stay bounded.

    Args:
        data: the problem.
        time_limit: seconds after which the linear programme is given up.
        rounded: the embeddings are themselves rounded, such as differences of others. Three that add up to zero
            are independent in exact arithmetic then, which says nothing: a certificate is held to the margins that
            it excludes alone, and a direction needs a margin of 1e-9.

    Returns:
        The two sets, each with its proof, checked against the data.

    Raises:
        NTPDataError: no token is out of support.
        DidNotConvergeError: the programme is too large or was not solved, or its answer does not verify, because
            some margin is too small to decide.

    Example:
        >>> data = NTPData([[1.0], [2.0]], [0.5, 0.5], [[4 / 15, 11 / 15, 0.0], [1.0, 0.0, 0.0]])
        >>> found = decomposition(data)
        >>> found.bounded.astype(int).tolist(), found.verify()
        ([[0, 0, 0], [0, 1, 0]], True)
    """
    time_limit = real_number(time_limit, "time_limit", least=0, infinite=True)
    verdict = separability(data, time_limit=time_limit)
    off = ~data.support_mask
    if verdict.status is Verdict.SEPARABLE:
        separable = Decomposition(data, off, np.zeros_like(off), verdict.direction, None, rounded)
        if not rounded or separable.verify():
            return separable
    nonzeros = data.num_contexts * data.vocab_size * min(data.dim, data.num_contexts)
    if nonzeros > MAX_NONZEROS:
        raise DidNotConvergeError(f"the programme has {nonzeros} non-zeros; at most {MAX_NONZEROS} are attempted")
    found = decomposition_program.solve(data, time_limit=time_limit)
    if isinstance(found, str):
        raise DidNotConvergeError(f"the data were not decomposed; HiGHS: {found}")
    kept = ~found.diverging
    F = subspace(_with_probabilities(data, kept / kept.sum(axis=1, keepdims=True)))
    bounded = off & kept
    A = _sharpened(found, F) if bounded.any() else None
    result = Decomposition(data, found.diverging, bounded, _sharpened_direction(found.direction, F), A, rounded)
    if not result.verify():
        j, v = _least_certain(result, found.direction)
        raise DidNotConvergeError(
            "the linear programme's answer does not verify: a margin is too small to decide, that of token "
            f"{_named(data.vocabulary, v)} in context {_named(data.contexts, j)}, or of another pair"
        )
    return result


def _least_certain(found: Decomposition, W: Floats) -> tuple[int, int]:
    """The diverging pair of least margin where the direction fails, else the bounded one of least multiplier."""
    if found.certificate is None or not found._direction_holds():
        logits = unit_embeddings(found.data)[0] @ W.T
        lowest = np.where(found.data.support_mask, logits, np.inf).min(axis=1, keepdims=True)
        sizes, among = lowest - logits, found.diverging if found.diverging.any() else found.bounded
    else:
        sizes, among = np.abs(found.certificate), found.bounded
    j, v = np.unravel_index(np.argmin(np.where(among, sizes, np.inf)), among.shape)
    return int(j), int(v)


def _named(names: tuple[Any, ...] | None, number: int) -> str:
    return str(number) if names is None else repr(names[number])


def _sharpened_direction(W: Floats, F: Subspace) -> Floats | None:
    """Project onto the ties of the widened supports and scale to margin one."""
    direction = F.project_complement(W)
    least = float(context_margins(direction, F.data)[0].min())
    return direction / least if np.isfinite(least) and least > 0 else None


def _sharpened(found: decomposition_program.Partition, F: Subspace) -> Floats | None:
    """Project the multipliers onto Aᵀ·embeddings = 0 within the widened supports."""
    data = F.data
    places = data.support_rows, data.probs.indices
    A = np.zeros(data.probs.shape)
    A[places] = F.nearest_relation(found.multipliers[places])
    return certificates.for_embeddings(A, data)


def _with_probabilities(data: NTPData, probs: Floats) -> NTPData:
    with warnings.catch_warnings():
        # Whoever built `data` was told of equal embeddings already.
        warnings.simplefilter("ignore", NTPDataWarning)
        return NTPData(
            data.embeddings, data.context_probs, probs, vocabulary=data.vocabulary, contexts=data.contexts
        )
