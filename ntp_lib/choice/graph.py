"""Token-priority graphs: which token has beaten which for a query, and what follows by transitivity."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.results import result

if TYPE_CHECKING:
    from ntp_lib.choice.data import ChoiceData


@result
class PriorityGraph:
    """The token-priority graph of one query: an edge y → c for each label y of a context and other candidate c.

    Attributes:
        query: its name, or its number.
        num_tokens: K.
        edges: one a row: winner y, loser c, and the context they come from, (edges, 3).
        ties: whether the loser is a label of that context too, (edges,).
        components: the strong component of every token, numbered so that every edge between two of them leads to
            a lower number, (K,).
        heights: the longest path, in components, that leaves a token, (K,); equal on a component, and lower by one
            at least along every edge between two of them.
    """

    query: Any
    num_tokens: int
    edges: Ints = field(repr=False)
    ties: Any = field(repr=False)

    @cached_property
    def adjacency(self) -> sp.csr_array[np.int64]:
        """How many edges lead from row to column, (K, K)."""
        ones = np.ones(len(self.edges), dtype=np.int64)
        return sp.csr_array((ones, (self.edges[:, 0], self.edges[:, 1])), (self.num_tokens, self.num_tokens))

    @cached_property
    def components(self) -> Ints:
        """The strong component of every token, (K,)."""
        return self._layered[0]

    @cached_property
    def heights(self) -> Ints:
        """The longest path, in components, that leaves a token, (K,)."""
        return self._layered[1]

    @cached_property
    def _layered(self) -> tuple[Ints, Ints]:
        count, found = connected_components(self.adjacency, directed=True, connection="strong")
        between = found[self.edges[:, :2]] if len(self.edges) else np.zeros((0, 2), dtype=np.int64)
        between = np.unique(between[between[:, 0] != between[:, 1]], axis=0)
        heights = np.zeros(count, dtype=np.int64)
        # A component's height is final after as many sweeps as the longest path has edges.
        for _ in range(count):
            raised = heights.copy()
            np.maximum.at(raised, between[:, 0], heights[between[:, 1]] + 1)
            if np.array_equal(raised, heights):
                break
            heights = raised
        rank = np.argsort(np.argsort(heights, kind="stable"), kind="stable")
        return rank[found].astype(np.int64), heights[found]


def query_groups(queries: Floats, names: tuple[Any, ...] | None) -> tuple[Ints, tuple[Any, ...]]:
    """Contexts with one query embedding share their graph: its number for each context, and the graphs' names.

    Args:
        queries: embeddings, (m, d').
        names: of the contexts' queries; None where they have none, and the numbers serve.
    """
    # Adding 0.0 turns -0.0 into 0.0, so that equal rows have equal bytes.
    book: dict[bytes, int] = {}
    groups = np.array([book.setdefault(row.tobytes(), len(book)) for row in queries + 0.0], dtype=np.int64)
    firsts = np.unique(groups, return_index=True)[1]
    return groups, tuple(int(groups[j]) if names is None else names[j] for j in firsts)


def priority_graph(choice: ChoiceData, query: Any) -> PriorityGraph:
    """The graph of one query.

    Args:
        choice: the data.
        query: a name of `choice.query_tokens`, or a number of `choice.query_groups` where there are none.

    Raises:
        NTPDataError: there is no such query.
    """
    groups, names = choice.query_groups
    if choice.query_tokens is None:
        number = query if isinstance(query, int | np.integer) and 0 <= query < len(names) else None
    else:
        number = next((groups[j] for j, name in enumerate(choice.query_tokens) if name == query), None)
    if number is None:
        shown = ", ".join(map(repr, names[:8])) + (", …" if len(names) > 8 else "")
        raise NTPDataError(f"no context has the query {query!r:.60}; there are {shown}")
    edges, ties = _edges(choice, np.flatnonzero(groups == number))
    return PriorityGraph(names[number], choice.num_tokens, edges, ties)


def _edges(choice: ChoiceData, contexts: Ints) -> tuple[Ints, Any]:
    """Winner, loser and context of every edge, and whether it is a tie."""
    starts, tokens, won = choice.candidates.indptr, choice.tokens, choice.in_support
    edges, ties = [], []
    for j in contexts.tolist():
        inside = range(starts[j], starts[j + 1])
        for y in inside:
            if won[y]:
                edges += [(tokens[y], tokens[c], j) for c in inside if c != y]
                ties += [bool(won[c]) for c in inside if c != y]
    return np.array(edges, dtype=np.int64).reshape(-1, 3), np.array(ties, dtype=bool)
