"""Words at the leaves of a tree, contexts that name a branch: a case whose concepts are known (book, concepts)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.numbers import real_numbers, whole_number


def tree_supports(branching: Sequence[int]) -> tuple[Bools, Ints]:
    """The leaves below every node except the root, and the depth of every node.

    Args:
        branching: children of each node at depth 0, 1, …; the product is V.

    Returns:
        Supports level by level, (m, V), and depths from one on, (m,).

    Raises:
        NTPDataError: no level, or a node with fewer than two children.

    Example:
        >>> tree_supports([2, 2])[0].sum(axis=1).tolist()
        [2, 2, 1, 1, 1, 1]
    """
    numbers = _checked(branching)
    leaves = np.arange(int(np.prod(numbers)))
    supports, depths = [], []
    for depth in range(1, len(numbers) + 1):
        below = int(np.prod(numbers[depth:]))
        supports.append(leaves // below == np.arange(len(leaves) // below)[:, None])
        depths.append(np.full(len(supports[-1]), depth))
    return np.concatenate(supports), np.concatenate(depths)


def tree_data(branching: Sequence[int], frequencies: Sequence[float]) -> NTPData:
    """Contexts at the nodes of a tree, each followed by the leaves below it with equal probabilities.

    Args:
        branching: as in `tree_supports`.
        frequencies: of the nodes in the order of `tree_supports`, positive, of any sum; or one for each level.

    Raises:
        NTPDataError: a number of frequencies that is neither that of the nodes nor that of the levels.
    """
    support, depths = tree_supports(branching)
    weights = real_numbers(frequencies, "frequencies")
    if len(weights) == len(branching):
        weights = weights[depths - 1]
    if len(weights) != len(support):
        raise NTPDataError(
            f"frequencies has {len(weights)} entries; one for each of {len(support)} nodes or of "
            f"{len(branching)} levels is needed"
        )
    probs = support / support.sum(axis=1)[:, None]
    return NTPData(np.eye(len(support)), weights / weights.sum(), probs)


def level_strengths(branching: Sequence[int], frequencies: Sequence[float]) -> tuple[Floats, Floats]:
    """Strengths of the branchings by depth in M₀ and in the centred support (book, prop-concepts-tree).

    With n_e leaves below a node at depth e and π_e the weight of one such context, σ_l² is Σ_{e>l} π_e²/n_e in M₀
    and Σ_{e>l} n_e in the centred support.

    Args:
        branching: as in `tree_supports`.
        frequencies: one for each level, positive, of any sum.

    Returns:
        Two arrays of one number for each depth 0, 1, … of the node that branches.

    Raises:
        NTPDataError: a branching that `tree_supports` refuses, or frequencies of another number or not positive.
    """
    branching = _checked(branching)
    weights = real_numbers(frequencies, "frequencies")
    if len(weights) != len(branching):
        raise NTPDataError(f"frequencies has {len(weights)} entries; one for each of {len(branching)} levels")
    if (weights <= 0).any():
        raise NTPDataError(f"frequencies[{int(weights.argmin())}] is {weights.min():g}; it must be positive")
    below = np.array([np.prod(branching[depth:]) for depth in range(1, len(branching) + 1)])
    nodes = np.prod(branching) / below
    weights = weights / (weights * nodes).sum()
    start, support = weights**2 / below, below.astype(float)
    return np.sqrt(np.cumsum(start[::-1])[::-1]), np.sqrt(np.cumsum(support[::-1])[::-1])


def branch_contrasts() -> tuple[Floats, tuple[str, ...]]:
    """Unit contrasts of the branchings of a binary tree of eight leaves, as columns (8, 7), and their names."""
    columns, names = [], []
    for depth, path in ((d, p) for d in range(3) for p in product("ab", repeat=d)):
        first = sum(4 // 2**i for i, letter in enumerate(path) if letter == "b")
        half = 4 // 2**depth
        column = np.zeros(8)
        column[first : first + half], column[first + half : first + 2 * half] = 1.0, -1.0
        columns.append(column / np.linalg.norm(column))
        names.append(("root", "half", "pair")[depth] + ("" if not path else " " + "".join(path)))
    return np.array(columns).T, tuple(names)


def _checked(branching: Sequence[int]) -> list[int]:
    if not len(branching):
        raise NTPDataError("branching is empty; a tree needs at least one level")
    return [whole_number(b, f"branching[{i}]", least=2) for i, b in enumerate(branching)]
