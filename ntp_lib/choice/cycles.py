"""Cycles of the token-priority graph: why no attention answers every sentence (book, thm-choice-components)."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
from scipy.sparse.csgraph import shortest_path

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.graph import PriorityGraph
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.results import result

WORDS = ("", "it", "both", "all three", "all four", "all five", "all six")


@result
class Cycle:
    """Comparisons that come back to where they began, at least one of them strict.

    Their features x_jy − x_jc add up to zero whatever the embeddings are, so that no W can keep each of them
    non-negative and the strict ones positive: a certificate that the data are not separable.

    Attributes:
        choice: the data.
        query: whose graph it is in.
        edges: winner, loser and context of each comparison, (length, 3); each loser is the next winner.
        ties: whether the loser is a label of that context too, (length,).
    """

    choice: ChoiceData = field(repr=False)
    query: Any
    edges: Ints
    ties: Any = field(repr=False)

    @property
    def total(self) -> Floats:
        """Σ (x_jy − x_jc) over its comparisons, (d, d'): zero."""
        winners, losers, contexts = self.edges.T
        keys = self.choice.keys
        return np.asarray((keys[winners] - keys[losers]).T @ self.choice.queries[contexts])

    @property
    def words(self) -> str:
        """The cycle in words, with the numbers of the sentences where they are known, of contexts otherwise."""
        steps = [
            f"{self._name(y)} {'ties with' if tie else 'beats'} {self._name(c)} ({self._where(y, j)})"
            for (y, c, j), tie in zip(self.edges.tolist(), self.ties, strict=True)
        ]
        count = WORDS[len(steps)] if len(steps) < len(WORDS) else f"all {len(steps)}"
        return f"query {self.query!r}: {', '.join(steps)}: no attention weights satisfy {count}"

    def _name(self, token: int) -> str:
        name = token if self.choice.vocabulary is None else self.choice.vocabulary[token]
        return repr(name) if isinstance(name, str) else f"token {name}"

    def _where(self, winner: int, context: int) -> str:
        numbers, labels = self.choice.label_sentences, self.choice.label_probs
        if numbers is None:
            return f"context {context}"
        inside = slice(labels.indptr[context], labels.indptr[context + 1])
        place = labels.indptr[context] + int(np.searchsorted(labels.indices[inside], winner))
        return f"sentence {numbers[place]}"


def shortest_cycle(choice: ChoiceData, query: Any = None) -> Cycle | None:
    """A shortest cycle with a strict comparison, or None where there is none.

    Args:
        choice: the data.
        query: search its graph alone; all of them in turn by default.

    Example:
        >>> data = ChoiceData.from_sentences(["abq", "bcq", "caq"], ["a", "b", "c"])
        >>> print(shortest_cycle(data).words)
        query 'q': 'a' beats 'b' (sentence 0), ... no attention weights satisfy all three
    """
    for name in choice.query_groups[1] if query is None else (query,):
        found = _of_graph(choice, choice.priority_graph(name))
        if found is not None:
            return found
    return None


def require_no_cycle(choice: ChoiceData) -> None:
    """Raise where the comparisons contradict each other.

    Raises:
        NTPDataError: naming a shortest cycle and its sentences.
    """
    found = shortest_cycle(choice)
    if found is not None:
        raise NTPDataError(found.words)


def _of_graph(choice: ChoiceData, graph: PriorityGraph) -> Cycle | None:
    winners, losers = graph.edges[:, 0], graph.edges[:, 1]
    closing = np.flatnonzero(~graph.ties & (graph.components[winners] == graph.components[losers]))
    if not closing.size:
        return None
    lengths, before = shortest_path(graph.adjacency, unweighted=True, return_predecessors=True)
    first = closing[np.argmin(lengths[losers[closing], winners[closing]])]
    path = [int(winners[first])]
    while path[-1] != losers[first]:
        path.append(int(before[losers[first], path[-1]]))
    places = [first, *(_edge(graph, y, c) for y, c in zip(path[:0:-1], path[-2::-1], strict=True))]
    return Cycle(choice, graph.query, graph.edges[places], graph.ties[places])


def _edge(graph: PriorityGraph, winner: int, loser: int) -> int:
    """The place of an edge, of a strict one where there is one."""
    places = np.flatnonzero((graph.edges[:, 0] == winner) & (graph.edges[:, 1] == loser))
    return int(places[np.argmin(graph.ties[places])])
