"""Matrices that trained embeddings might factor: of counts, of probabilities, of supports (book, concepts).

Each has entries on the pairs that occur and, where it is centred, the mean of its row taken from the whole row. So
each is a sparse array and a switch, whatever the size of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import one_of, whole_number
from ntp_lib.numerics.results import result

# A dense matrix beyond this size (512 MiB) is refused: `candidate` works at any size.
MAX_DENSE_ENTRIES = 2**26


@result
class Candidate:
    """A matrix of contexts and tokens.

    Attributes:
        values: what it holds on the pairs that occur, (m, V).
        is_centred: whether every row then has its mean subtracted, from all V entries.
    """

    values: sp.csr_array[np.float64] = field(repr=False)
    is_centred: bool

    @property
    def shape(self) -> tuple[int, int]:
        """(m, V)."""
        m, V = self.values.shape
        return int(m), int(V)

    def dense(self) -> Floats:
        """The matrix, (m, V).

        Raises:
            NTPDataError: more than 2^26 entries.
        """
        if self.shape[0] * self.shape[1] > MAX_DENSE_ENTRIES:
            raise NTPDataError(
                f"a dense matrix of shape {self.shape} has more than {MAX_DENSE_ENTRIES:,} entries; "
                "use operator() or fewer contexts"
            )
        whole: Floats = self.values.toarray()
        return whole - whole.mean(axis=1)[:, None] if self.is_centred else whole

    def operator(self) -> sla.LinearOperator:
        """The matrix as products with vectors, without a dense array."""
        values, shape = self.values, self.shape
        if not self.is_centred:
            return sla.aslinearoperator(values)
        means = np.asarray(values.sum(axis=1)).ravel() / shape[1]

        def times(x: Floats) -> Floats:
            flat = x.ravel()
            return np.asarray(values @ flat - means * flat.sum())

        def transposed_times(y: Floats) -> Floats:
            flat = y.ravel()
            return np.asarray(values.T @ flat - (means @ flat))

        return sla.LinearOperator(shape, matvec=times, rmatvec=transposed_times, dtype=np.float64)


def candidate(data: NTPData, name: str) -> Candidate:
    """One of the matrices of `CANDIDATES`.

    Raises:
        NTPDataError: an unknown name.

    Example:
        >>> data = NTPData([[1.0], [2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
        >>> candidate(data, "centred support").dense().round(2).tolist()
        [[0.33, 0.33, -0.67], [-0.33, -0.33, 0.67]]
    """
    values, centred = CANDIDATES[one_of(name, "candidate", tuple(CANDIDATES))]
    probs = data.probs
    entries = np.asarray(values(data), dtype=np.float64)
    return Candidate(sp.csr_array((entries, probs.indices, probs.indptr), shape=probs.shape), centred)


def candidate_matrices(data: NTPData) -> dict[str, Floats]:
    """All matrices of `CANDIDATES` by name, each dense, (m, V).

    Raises:
        NTPDataError: matrices too large to be dense.
    """
    return {name: candidate(data, name).dense() for name in CANDIDATES}


def shuffled_support(data: NTPData, *, seed: int = 0) -> Candidate:
    """The centred support after the tokens of all pairs were exchanged at random: a control for every comparison.

    Tokens keep how often they follow, contexts by how many they are followed, but that a pair drawn twice counts
    once; which token follows which context is chance.
    """
    rng = np.random.default_rng(whole_number(seed, "seed"))
    tokens = rng.permutation(data.probs.indices)
    pairs = np.unique(data.support_rows * np.int64(data.vocab_size) + tokens)
    rows, columns = np.divmod(pairs, data.vocab_size)
    mixed = sp.csr_array((np.ones(len(pairs)), (rows, columns)), shape=data.probs.shape)
    return Candidate(mixed, True)


def joint_probs(data: NTPData) -> Floats:
    """π̂_j p̂_jz of the pairs that occur, (nnz,), in the order of `data.probs`."""
    return np.asarray(data.context_probs[data.support_rows] * data.probs.data)


def counts(data: NTPData) -> Floats:
    """How often each pair occurs, (nnz,): n π̂_j p̂_jz, where n is unknown in units of the rarest pair."""
    joint = joint_probs(data)
    return joint * data.num_sequences if data.num_sequences is not None else joint / joint.min()


def pointwise_information(data: NTPData) -> Floats:
    """log p̂_jz / p̂_z of the pairs that occur, in nats, (nnz,), with p̂_z the frequency of token z as a next one."""
    tokens = np.bincount(data.probs.indices, weights=joint_probs(data), minlength=data.vocab_size)
    return np.asarray(np.log(data.probs.data / tokens[data.probs.indices]))


def in_support_log_odds(data: NTPData) -> Floats:
    """log p̂_jz minus its mean over S_j, (nnz,): the entries of Λ*."""
    logs = np.log(data.probs.data)
    means = np.bincount(data.support_rows, weights=logs) / data.support_sizes
    return np.asarray(logs - means[data.support_rows])


def _ones(data: NTPData) -> Floats:
    return np.ones(data.probs.nnz)


def _rooted(data: NTPData) -> Floats:
    return np.asarray(np.sqrt(data.context_probs)[data.support_rows] * data.probs.data)


def _positive_information(data: NTPData) -> Floats:
    return np.maximum(pointwise_information(data), 0.0)


# What a matrix holds on the pairs that occur, and whether its rows are centred. "start" is M₀ = Π(P̂ − 11ᵀ/V),
# minus the gradient of the loss at zero logits; "centred support" is the proxy S(I − 11ᵀ/V).
CANDIDATES: dict[str, tuple[Callable[[NTPData], Floats], bool]] = {
    "start": (joint_probs, True),
    "probabilities": (lambda data: data.probs.data, True),
    "rooted": (_rooted, True),
    "counts": (joint_probs, False),
    "log counts": (lambda data: np.log1p(counts(data)), True),
    "PMI": (pointwise_information, False),
    "PMI centred": (pointwise_information, True),
    "PPMI": (_positive_information, False),
    "PPMI centred": (_positive_information, True),
    "support": (_ones, False),
    "centred support": (_ones, True),
    "log-odds": (in_support_log_odds, False),
}
