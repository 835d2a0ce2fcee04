"""Which token beats which, for one query: cycles, chains and what follows of them (book, def-select-order)."""

from __future__ import annotations

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools, Ints


def find_cycle(beats: Bools) -> tuple[int, ...] | None:
    """A directed cycle a > b > … > a of a relation, (V, V), as the tokens in order, the first repeated at the end.

    Returns None where there is none.

    Example:
        >>> find_cycle(np.array([[False, True, False], [False, False, True], [True, False, False]]))
        (0, 1, 2, 0)
    """
    remaining = np.ones(len(beats), dtype=bool)
    while remaining.any():
        losers = beats[np.ix_(remaining, remaining)].any(axis=0)
        if losers.all():
            return _walk_back(beats, remaining)
        remaining[np.flatnonzero(remaining)[~losers]] = False
    return None


def longest_chains(beats: Bools) -> Ints:
    """D(a, b), (V, V): number of links of the longest chain a > … > b; 0 where there is no chain.

    Raises:
        NTPDataError: the relation has a cycle, on which chains have no greatest length.

    Example:
        >>> longest_chains(np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=bool))[0].tolist()
        [0, 1, 2]
    """
    cycle = find_cycle(beats)
    if cycle is not None:
        raise NTPDataError(
            f"tokens {' > '.join(map(str, cycle))} beat each other in a circle; chains need an order"
        )
    D = np.zeros(beats.shape, dtype=np.int64)
    for token in reversed(_from_the_top(beats)):
        for loser in np.flatnonzero(beats[token]):
            beyond = np.where(D[loser] > 0, D[loser] + 1, 0)
            beyond[loser] = 1
            D[token] = np.maximum(D[token], beyond)
    return D


def _from_the_top(beats: Bools) -> list[int]:
    """The tokens, winners before those whom they beat."""
    remaining, order = np.ones(len(beats), dtype=bool), []
    while remaining.any():
        tops = np.flatnonzero(remaining & ~beats[remaining].any(axis=0))
        order.extend(tops.tolist())
        remaining[tops] = False
    return order


def _walk_back(beats: Bools, remaining: Bools) -> tuple[int, ...]:
    """From token to a token that beats it, until one comes again; everyone in `remaining` is beaten there."""
    path = [int(np.flatnonzero(remaining)[0])]
    while True:
        winner = int(np.flatnonzero(beats[:, path[-1]] & remaining)[0])
        if winner in path:
            return (winner, *reversed(path[path.index(winner) :]))
        path.append(winner)
