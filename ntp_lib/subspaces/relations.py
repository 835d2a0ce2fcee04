"""Relations among the generators of F: multipliers whose logits cancel, whatever the decoder (book, lem-core).

The log-odds equations x_j·w_v = b_jv + c_j, with rows w_v and levels c_j unknown, lose w_v by projection: with Π_v
the projector onto what the embeddings of the contexts of v map to, (I − Π_v)(b_v + c) = 0. Only tokens of the core
keep an equation. What the levels cannot remove of it is the relation nearest to b: b violates it, or b can be met.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, cg

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.results import result
from ntp_lib.numerics.token_pairs import TokenPairs
from ntp_lib.subspaces import core
from ntp_lib.subspaces.in_support import unit_embeddings

# Levels up to which their matrix is diagonalised to solve with it; beyond, by conjugate gradients.
DENSE_LEVELS = 800
# Levels of one component up to which the matrix is diagonalised to decide its rank: 0.4 GB, half a minute.
MAX_RANK_LEVELS = 5000
# Eigenvalues of the levels' matrix are squares of cosines: below this one, relative to the largest, they are zero.
ZERO_EIGENVALUE = 1e-11
# Conjugate gradients in one solve with the levels' matrix.
MAX_ITERATIONS = 3000
# Rounds that remove the rounding of the first: twice is enough unless the levels are nearly determined.
ROUNDS = 4


@result
class Relations:
    """The linear space of relations, which vanish off the core: values on its pairs, token by token.

    Attributes:
        data: the problem.
        places: of the core's pairs among the stored probabilities, (n,).
    """

    data: NTPData
    places: Ints

    @classmethod
    def of(cls, data: NTPData, tokens: Ints | None = None) -> Relations:
        """The relations of a problem, or those that some tokens have among themselves."""
        return cls(data, core.core(data, unit_embeddings(data)[0], tokens))

    @cached_property
    def _tokens(self) -> Ints:
        return np.asarray(self.data.probs.indices[self.places], dtype=np.int64)

    @cached_property
    def _levels(self) -> Ints:
        """The context of every pair, numbered among those of the core, (n,)."""
        return np.searchsorted(self.contexts, self.data.support_rows[self.places]).astype(np.int64)

    @cached_property
    def contexts(self) -> Ints:
        """The contexts in the core, in order, (num_levels,)."""
        return np.asarray(np.unique(self.data.support_rows[self.places]), dtype=np.int64)

    @cached_property
    def pairs(self) -> TokenPairs:
        """The pairs, contexts and tokens numbered among those of the core."""
        starts = np.flatnonzero(np.diff(self._tokens, prepend=-1))
        return TokenPairs(self.num_levels, np.append(starts, len(self.places)), self._levels)

    @property
    def num_levels(self) -> int:
        """Contexts in the core."""
        return len(self.contexts)

    @cached_property
    def _blocks(self) -> list[tuple[slice, Floats]]:
        """For every token its pairs, and an orthonormal basis of what their embeddings map to."""
        unit, contexts = unit_embeddings(self.data)[0], self.data.support_rows[self.places]
        parts = [slice(int(a), int(b)) for a, b in pairwise(self.pairs.indptr)]
        return [(part, core.column_space(unit[contexts[part]])) for part in parts]

    @property
    def basis_entries(self) -> int:
        """Numbers that the bases of all columns hold."""
        sizes = np.bincount(self._tokens)
        return int((sizes * np.minimum(sizes, self.data.dim)).sum())

    @cached_property
    def num_equations(self) -> int:
        """Σ_v (n_v − r_v), the equations left for the levels."""
        return sum(len(basis) - basis.shape[1] for _, basis in self._blocks)

    @cached_property
    def dim(self) -> int:
        """The number of independent relations, N − dim F.

        Raises:
            DidNotConvergeError: the core is too large for the rank of its levels.
        """
        if not len(self.places):
            return 0
        return self.num_equations - sum(self._rank(part) for part in self._components())

    def nearest(self, b: Floats) -> Floats:
        """The relation for unit embeddings nearest to values on all stored probabilities, on these too, (nnz,).

        Raises:
            DidNotConvergeError: the levels were not found.
        """
        found = np.zeros(len(b))
        if len(self.places):
            y = self._off_columns(b[self.places])
            rounding = np.finfo(float).eps * float(np.linalg.norm(b[self.places]))
            for _ in range(ROUNDS):
                sums = self._sums(y)
                if np.linalg.norm(sums) <= rounding:
                    break
                y = self._off_columns(y - self._solution(sums, rounding)[self._levels])
            found[self.places] = y
        return found

    def _sums(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self._levels, values, minlength=self.num_levels), dtype=np.float64)

    def _off_columns(self, values: Floats) -> Floats:
        """(I − Π_v) of the values of every token; the second pass removes the rounding of the first."""
        left = values.copy()
        for part, basis in self._blocks:
            for _ in range(2):
                left[part] -= basis @ (basis.T @ left[part])
        return left

    def _solution(self, right: Floats, rounding: float) -> Floats:
        """c with Σ_v (I − Π_v) c = right but for rounding: by conjugate gradients where there are many levels."""
        if self.num_levels > DENSE_LEVELS:
            solution, status = cg(self._scaled_matrix, right / self._roots, rtol=1e-10, atol=rounding,
                                  maxiter=MAX_ITERATIONS)  # fmt: skip
            if not status:
                return np.asarray(solution / self._roots)
            if self.num_levels > MAX_RANK_LEVELS:
                raise DidNotConvergeError(
                    f"the levels of {len(right)} contexts were not found in {MAX_ITERATIONS} conjugate gradients"
                )
        values, vectors = self._eigenvectors
        return np.asarray(vectors @ ((vectors.T @ right) / values))

    @cached_property
    def _eigenvectors(self) -> tuple[Floats, Floats]:
        """Eigenvalues that are not zero, with their vectors."""
        values, vectors = scipy.linalg.eigh(self._matrix(slice(None)), overwrite_a=True)
        keep = values > ZERO_EIGENVALUE * max(float(values[-1]), ZERO_EIGENVALUE)
        return values[keep], vectors[:, keep]

    @cached_property
    def _scaled_matrix(self) -> LinearOperator:
        """The levels' matrix, scaled to diagonal one."""

        def product(c: Floats) -> Floats:
            return self._sums(self._off_columns((c / self._roots)[self._levels])) / self._roots

        return LinearOperator((self.num_levels, self.num_levels), matvec=product, dtype=np.float64)

    @cached_property
    def _roots(self) -> Floats:
        leverage = np.concatenate([np.einsum("nr,nr->n", basis, basis) for _, basis in self._blocks])
        return np.sqrt(np.maximum(self._sums(1 - leverage), ZERO_EIGENVALUE))

    def _matrix(self, part: Ints | slice) -> Floats:
        """Σ_v (I − Π_v), scattered to the levels; those of one component where they are given."""
        number = np.full(self.num_levels, -1)
        number[part] = np.arange(len(number[part]))
        total = np.zeros((int(number.max()) + 1,) * 2)
        for places, basis in self._blocks:
            rows = number[self._levels[places]]
            if rows[0] >= 0:
                total[np.ix_(rows, rows)] += np.eye(len(rows)) - basis @ basis.T
        return total

    def _components(self) -> list[Ints]:
        """Levels that tokens connect, directly or not."""
        size, tokens = self.num_levels, np.unique(self._tokens, return_inverse=True)[1]
        total = size + int(tokens.max()) + 1
        graph = sp.coo_array((np.ones(len(tokens)), (self._levels, size + tokens)), shape=(total, total))
        labels = sp.csgraph.connected_components(graph, directed=False)[1][:size]
        order = np.argsort(labels, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)

    def _rank(self, part: Ints) -> int:
        if len(part) > MAX_RANK_LEVELS:
            raise DidNotConvergeError(
                f"the dimension of F needs the rank of a matrix for {len(part)} contexts that depend on each "
                f"other; at most {MAX_RANK_LEVELS} are attempted (projections still work; take fewer contexts, or "
                "a larger dimension, to decide it)"
            )
        values = scipy.linalg.eigvalsh(self._matrix(part), overwrite_a=True, check_finite=False)
        return int(np.count_nonzero(values > ZERO_EIGENVALUE * max(float(values[-1]), ZERO_EIGENVALUE)))
