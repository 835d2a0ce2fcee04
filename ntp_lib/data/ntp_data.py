"""The data of a next-token problem: distinct contexts, their weights and their next-token distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.data import storage, validation
from ntp_lib.data.context_block import ContextBlock
from ntp_lib.data.source import Source
from ntp_lib.data.tokens import ContextOptions, counted
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.arrays import ArrayKind, real_array
from ntp_lib.numerics.results import result

# Work on (contexts × tokens) happens in blocks of at most this many entries (32 MiB of float64).
BLOCK_ENTRIES = 2**22


@result
class NTPData:
    """A training set seen as m distinct contexts with soft next-token labels (paper, §2).

    Args:
        embeddings: h̄_j as rows, shape (m, d). Tensors of torch are taken too, on any device; they are kept as
            NumPy arrays, and `ntp_lib.ntp_svm` then works on that device and returns tensors.
        context_probs: π̂, shape (m,), positive, summing to 1.
        next_token_probs: p̂, shape (m, V), dense or scipy.sparse; rows sum to 1. Sums within 1e-6 of one are
            rescaled, so that float32 input is accepted; what sums to one up to rounding is stored bit for bit.
        vocabulary: names of the V tokens, optional.
        contexts: names of the m contexts, optional.
        num_sequences: n, the number of training sequences the probabilities were counted from, optional.
        source: the text the data were made of, optional; no result depends on it.
        copy: False hands the embeddings over: where they are float64 they are kept and made read-only.

    Raises:
        NTPDataError: naming the offending context and value.

    Example:
        >>> data = NTPData([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
        >>> data.num_contexts, data.dim, data.vocab_size
        (2, 2, 3)
    """

    embeddings: Floats
    context_probs: Floats
    probs: sp.csr_array[np.float64]
    is_sparse: bool
    vocabulary: tuple[Any, ...] | None
    contexts: tuple[Any, ...] | None
    num_sequences: int | None
    source: Source | None
    kind: ArrayKind

    def __init__(
        self,
        embeddings: Any,
        context_probs: Any,
        next_token_probs: Any,
        *,
        vocabulary: Sequence[Any] | None = None,
        contexts: Sequence[Any] | None = None,
        num_sequences: int | None = None,
        source: Source | None = None,
        copy: bool = True,
    ) -> None:
        rows = validation.valid_embeddings(embeddings, copy=copy)
        weights = validation.valid_context_probs(context_probs, len(rows))
        probs = validation.valid_next_token_probs(next_token_probs, len(rows))
        validation.warn_of_conflicting_duplicates(rows, probs)
        fields = {
            "embeddings": rows,
            "context_probs": weights,
            "probs": probs,
            "is_sparse": sp.issparse(next_token_probs),
            "vocabulary": validation.valid_labels(vocabulary, "vocabulary", probs.shape[1], "tokens"),
            "contexts": validation.valid_labels(contexts, "contexts", len(rows), "contexts"),
            "num_sequences": validation.valid_num_sequences(num_sequences, len(rows)),
            "source": source,
            "kind": ArrayKind.of(embeddings),
        }
        for array in (rows, weights, probs.data, probs.indices, probs.indptr):
            array.flags.writeable = False
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_tokens(
        cls,
        tokens: Sequence[str] | Sequence[int],
        *,
        context_length: int = 2,
        dim: int = 64,
        seed: int = 0,
        embedding: str = "independent",
        vocab_size: int | None = None,
        progress: bool = False,
    ) -> NTPData:
        """Count the distinct contexts of a token sequence (paper, §2).

        Every run of L = `context_length` tokens that another token follows is one training sequence, so a sequence
        of N tokens gives n = N − L of them. With n_j the number of times context j occurs and n_jz the number of
        times token z follows it, π̂_j = n_j / n and p̂_jz = n_jz / n_j.

        Tokens are numbered by falling frequency, ties by first appearance; contexts by first appearance. Both are
        kept as labels, the contexts (tuples of tokens) up to 2^20 tokens in all. p̂ is dense up to 2^24 entries
        and CSR beyond.

        Args:
            tokens: a sequence of str or of int; list, tuple or one-dimensional array.
            context_length: L, at least 1.
            dim: d, the embedding dimension, at least 1.
            seed: of the embeddings.
            embedding: "independent" (a Gaussian vector per context) or "composed" (summed from token vectors); see
                `ntp_lib.data.embeddings`.
            vocab_size: keep the `vocab_size` − 1 most frequent tokens and turn the others into one, "<other>", in
                the contexts too; None keeps every token.
            progress: show a progress bar on stderr.

        Returns:
            The data, with n as `num_sequences`.

        Raises:
            NTPDataError: for a sequence that is empty, too short, of one distinct token or of anything but str or
                int, and for options out of range.

        Example:
            >>> data = NTPData.from_tokens("a b a c a b".split(), context_length=1, dim=4)
            >>> data.vocabulary, data.contexts
            (('a', 'b', 'c'), (('a',), ('b',), ('c',)))
            >>> data.next_token_probs[0].round(3).tolist()
            [0.0, 0.667, 0.333]
        """
        options = ContextOptions(
            context_length=context_length, dim=dim, seed=seed, embedding=embedding, vocab_size=vocab_size
        )
        return cls(**vars(counted(tokens, options, progress=progress)), copy=False)

    @classmethod
    def load(cls, path: str | Path) -> NTPData:
        """Read data written by `save`; see `ntp_lib.data.storage.load`."""
        return storage.load(Path(path), cls)

    def save(self, path: str | Path) -> None:
        """Write the data as a compressed NumPy archive without pickles; nothing half-written is left behind."""
        storage.save(
            Path(path),
            embeddings=self.embeddings,
            context_probs=self.context_probs,
            probs=self.probs,
            is_sparse=self.is_sparse,
            labels={"vocabulary": self.vocabulary, "contexts": self.contexts},
            num_sequences=self.num_sequences,
            source=self.source,
        )

    @property
    def num_contexts(self) -> int:
        """m, the number of distinct contexts."""
        return int(self.embeddings.shape[0])

    @property
    def dim(self) -> int:
        """d, the embedding dimension."""
        return int(self.embeddings.shape[1])

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens."""
        return int(self.probs.shape[1])

    @cached_property
    def next_token_probs(self) -> Floats | sp.csr_array[np.float64]:
        """p̂, shape (m, V); of the kind it was given in, dense or CSR."""
        if self.is_sparse:
            return self.probs
        dense: Floats = self.probs.toarray()
        dense.flags.writeable = False
        return dense

    @cached_property
    def support(self) -> Bools | sp.csr_array[np.bool_]:
        """S_j as rows of booleans, shape (m, V); of the kind the probabilities were given in."""
        sparse = sp.csr_array(
            (np.ones(self.probs.nnz, dtype=bool), self.probs.indices, self.probs.indptr),
            shape=self.probs.shape,
        )
        return sparse if self.is_sparse else sparse.toarray()

    @property
    def support_mask(self) -> Bools:
        """S_j as dense rows of booleans, shape (m, V), one byte a pair; made anew at every call."""
        mask = np.zeros(self.probs.shape, dtype=bool)
        mask[self.support_rows, self.probs.indices] = True
        return mask

    @cached_property
    def support_sizes(self) -> npt.NDArray[np.intp]:
        """S_j = |S_j|, shape (m,)."""
        return np.diff(self.probs.indptr).astype(np.intp)

    @cached_property
    def support_rows(self) -> npt.NDArray[np.intp]:
        """The context of every stored probability, shape (nnz,); the tokens are `probs.indices`."""
        return np.repeat(np.arange(self.num_contexts, dtype=np.intp), self.support_sizes)

    @cached_property
    def entropy(self) -> float:
        """H = −Σ_j π̂_j Σ_{z∈S_j} p̂_jz log p̂_jz in nats, the lower bound of the loss (paper, §2)."""
        values = self.probs.data
        return float(-(self.context_probs[self.support_rows] * values) @ np.log(values)) + 0.0

    @property
    def block_rows(self) -> int:
        """How many contexts a dense block holds."""
        return max(1, BLOCK_ENTRIES // self.vocab_size)

    def blocks(self) -> Iterator[ContextBlock]:
        """Yield the contexts as dense blocks of bounded size, in order."""
        if self.num_contexts <= self.block_rows:
            yield self._whole
            return
        for start in range(0, self.num_contexts, self.block_rows):
            yield self._block(slice(start, min(start + self.block_rows, self.num_contexts)))

    @cached_property
    def _whole(self) -> ContextBlock:
        return self._block(slice(0, self.num_contexts))

    def _block(self, rows: slice) -> ContextBlock:
        probs = self.probs[rows].toarray()
        return ContextBlock(rows, self.embeddings[rows], self.context_probs[rows], probs, probs > 0)

    def check_decoder(self, W: npt.ArrayLike, name: str = "W") -> Floats:
        """Return W as a NumPy array of float64, (V, d), or raise an `NTPDataError` that says what was expected."""
        array = real_array(W, name, f"(V, d) = {(self.vocab_size, self.dim)}", copy=False)
        if array.shape != (self.vocab_size, self.dim):
            raise NTPDataError(
                f"{name} has shape {array.shape}; these data need (V, d) = {(self.vocab_size, self.dim)}"
            )
        if not np.isfinite(array).all():
            raise NTPDataError(f"{name} holds NaN or infinity; every entry must be finite")
        return array

    def require_an_embedding(self) -> None:
        """Raise when every embedding is zero: every logit is 0 then, whatever W is, and no gradient moves it."""
        if not self.embeddings.any():
            raise NTPDataError(
                "embeddings: all of them are zero, so that the loss does not depend on W; at least one context "
                "needs an embedding that is not zero"
            )

    def require_out_of_support(self) -> None:
        """Raise when every S_j is the whole vocabulary: no margin is defined then (paper, §2)."""
        if self.probs.nnz == self.num_contexts * self.vocab_size:
            raise NTPDataError(
                "every context has the whole vocabulary as its support, so no token is out of support and no "
                "margin is defined; at least one context needs a token of probability 0"
            )

    def __repr__(self) -> str:
        n = "" if self.num_sequences is None else f", n={self.num_sequences}"
        return (
            f"NTPData(m={self.num_contexts}{n}, d={self.dim}, V={self.vocab_size}, "
            f"entropy={self.entropy:.4f} nats)"
        )
