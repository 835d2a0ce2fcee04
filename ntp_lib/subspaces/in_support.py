"""The map from a decoder to its in-support logit differences: its null space is F⊥, its row space F."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.scaling import lengths_of, scaled_rows

# Rows of W gathered at once have at most this many entries (32 MiB).
CHUNK_ENTRIES = 2**22


def unit_embeddings(data: NTPData) -> tuple[Floats, Floats]:
    """Embeddings scaled to length one, (m, d), and their lengths, (m,); zero embeddings stay zero, length one.

    F, F⊥ and both conditions do not change when a context is rescaled, so rank decisions are made on these.

    Raises:
        NTPDataError: a length exceeds float64's range.
    """
    rows, norms, exponents = scaled_rows(data)
    return rows / norms[:, None], lengths_of(norms, exponents)


def centring_basis(sizes: npt.NDArray[np.int64]) -> sp.csr_array:
    """Block-diagonal orthonormal contrasts: for size s, s−1 orthonormal rows orthogonal to the ones vector."""
    blocks = {size: _contrasts(size) for size in np.unique(sizes).tolist()}
    return sp.csr_array(sp.block_diag([blocks[size] for size in sizes.tolist()], format="csr"))


def _contrasts(size: int) -> sp.csr_array:
    if size == 1:
        return sp.csr_array((0, 1))
    k = np.arange(1, size)[:, None]
    columns = np.arange(size)[None, :]
    helmert = np.where(columns < k, 1.0, np.where(columns == k, -k, 0.0)) / np.sqrt(k * (k + 1))
    return sp.csr_array(helmert)


@result
class InSupportDifferences:
    """A: W ↦ (orthonormal contrasts of W ĥ_j over S_j)_j, with N = Σ_j (S_j − 1) outputs (paper, (5))."""

    data: NTPData

    @cached_property
    def unit(self) -> Floats:
        """Unit embeddings of the contexts, (m, d)."""
        return unit_embeddings(self.data)[0]

    @cached_property
    def contrasts(self) -> sp.csr_array:
        """Orthonormal contrasts over the stored probabilities, (N, nnz)."""
        return centring_basis(self.data.support_sizes)

    @property
    def count(self) -> int:
        """N, the number of differences."""
        return int(self.data.probs.nnz - self.data.num_contexts)

    def apply(self, W: Floats) -> Floats:
        """A W, shape (N,)."""
        return np.asarray(self.contrasts @ self.in_support_logits(W))

    def in_support_logits(self, W: Floats, places: npt.NDArray[Any] | slice = slice(None)) -> Floats:
        """ĥ_j·w_z for every stored probability (j, z), or for those at some places, shape (nnz,) or (n,)."""
        rows, tokens = self.data.support_rows[places], self.data.probs.indices[places]
        values = np.empty(len(rows))
        step = max(1, CHUNK_ENTRIES // self.data.dim)
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            values[part] = np.einsum("nd,nd->n", W[tokens[part]], self.unit[rows[part]])
        return values

    def adjoint(self, y: Floats) -> Floats:
        """Aᵀ y, shape (V, d)."""
        weights = sp.csr_array(
            (self.contrasts.T @ y, self.data.probs.indices, self.data.probs.indptr), shape=self.data.probs.shape
        )
        return np.asarray(weights.T @ self.unit)

    def matrix(self) -> Floats:
        """A as a dense (N, V·d) array."""
        places, contrasts = self._compared
        rows, tokens, dim = self.data.support_rows[places], self.data.probs.indices[places], self.data.dim
        columns = tokens.astype(np.int64)[:, None] * dim + np.arange(dim)
        starts = np.arange(0, columns.size + 1, dim)
        generators = sp.csr_array(
            (self.unit[rows].ravel(), columns.ravel(), starts), shape=(len(places), self.data.vocab_size * dim)
        )
        return np.asarray((contrasts @ generators).toarray())

    def gram(self) -> Floats:
        """A Aᵀ, shape (N, N), without forming A."""
        places, contrasts = self._compared
        rows, tokens = self.data.support_rows[places], self.data.probs.indices[places]
        contexts, which = np.unique(rows, return_inverse=True)
        kernel = (self.unit[contexts] @ self.unit[contexts].T)[np.ix_(which, which)]
        kernel *= tokens[:, None] == tokens[None, :]
        return np.asarray(contrasts @ (contrasts @ kernel).T)

    @property
    def _compared(self) -> tuple[npt.NDArray[np.intp], sp.csr_array]:
        """The stored probabilities of contexts with several tokens, and their contrasts.

        One token alone has no differences. In a text most contexts are followed by one token, and arrays over all
        of them would dwarf the problem.
        """
        places = np.flatnonzero(self.data.support_sizes[self.data.support_rows] > 1)
        return places, self.contrasts[:, places]
