"""Concepts: the leading singular vectors of a matrix of contexts and tokens, at any size (book, def-concepts)."""

from __future__ import annotations

from dataclasses import field

import numpy as np
import scipy.sparse.linalg as sla

from ntp_lib.concepts.candidates import Candidate
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.finite import require_finite
from ntp_lib.numerics.numbers import whole_number
from ntp_lib.numerics.results import result

# Below so many entries a dense decomposition is as fast as an iteration, and gives every vector.
DENSE_ENTRIES = 2**16
# Entries within this share of the largest one count as equal to it where a sign is chosen.
NEARLY = 1e-6


@result
class Concepts:
    """Singular triples in the falling order of their strengths.

    Attributes:
        contexts: u_k as columns, (m, k).
        strengths: σ_k, (k,).
        words: q_k as columns, (V, k). Of the entries of largest modulus the first is positive.
    """

    contexts: Floats = field(repr=False)
    strengths: Floats
    words: Floats = field(repr=False)

    @property
    def gaps(self) -> Floats:
        """(σ_k − σ_{k+1}) / σ_k, (k − 1,): the smaller, the less the two vectors are told apart."""
        return np.asarray(-np.diff(self.strengths) / self.strengths[:-1])

    @property
    def word_embeddings(self) -> Floats:
        """√σ_k q_k as columns, (V, k): rows of the balanced factor."""
        return np.asarray(self.words * np.sqrt(self.strengths))

    @property
    def context_embeddings(self) -> Floats:
        """√σ_k u_k as columns, (m, k)."""
        return np.asarray(self.contexts * np.sqrt(self.strengths))


def concepts(matrix: Candidate | Floats, count: int) -> Concepts:
    """The leading singular triples of a matrix.

    Args:
        matrix: a candidate, of which no dense array is made where it is large, or a dense array, (m, V).
        count: how many triples; at most min(m, V), for a large matrix one less.

    Raises:
        NTPDataError: a count out of range, an entry that is not finite, or fewer than `count` singular values that
            are not zero.

    Example:
        >>> concepts(np.array([[1.0, -1.0], [0.5, 0.5]]), 2).strengths.round(3).tolist()
        [1.414, 0.707]
    """
    given = matrix if isinstance(matrix, Candidate) else real_array(matrix, "matrix", "(m, V)")
    if len(given.shape) != 2:
        raise NTPDataError(f"matrix has shape {given.shape}; it must have two dimensions, (m, V)")
    require_finite(given.values.data if isinstance(given, Candidate) else given, "matrix")
    small = given.shape[0] * given.shape[1] <= DENSE_ENTRIES
    count = whole_number(count, "count", least=1, most=min(given.shape) - (0 if small else 1))
    if small:
        left, strengths, right = np.linalg.svd(_dense(given), full_matrices=False)
        left, strengths, right = left[:, :count], strengths[:count], right[:count]
    else:
        operator = given.operator() if isinstance(given, Candidate) else sla.aslinearoperator(given)
        start = np.random.default_rng(0).standard_normal(min(given.shape))
        if not np.any(operator.matvec(np.random.default_rng(1).standard_normal(given.shape[1]))):
            raise NTPDataError("matrix is zero; it has no concepts")
        left, strengths, right = sla.svds(operator, k=count, v0=start)
        order = np.argsort(-strengths)
        left, strengths, right = left[:, order], strengths[order], right[order]
    if not strengths[-1] > 1e-12 * strengths[0]:
        rank = int(np.sum(strengths > 1e-12 * strengths[0]))
        raise NTPDataError(f"count is {count}, but the matrix has only {rank} singular values that are not zero")
    sign = leading_signs(right.T)
    return Concepts(left * sign, strengths, right.T * sign)


def leading_signs(vectors: Floats) -> Floats:
    """1 or −1 for every column, (k,), so that the first of its entries of largest modulus becomes positive."""
    moduli = np.abs(vectors)
    first = (moduli >= (1 - NEARLY) * moduli.max(axis=0)).argmax(axis=0)
    return np.where(vectors[first, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)


def _dense(matrix: Candidate | Floats) -> Floats:
    return matrix.dense() if isinstance(matrix, Candidate) else matrix
