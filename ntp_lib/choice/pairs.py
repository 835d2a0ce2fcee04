"""Choice data as next-token data of two tokens: a context for each pair of candidates (prop-choice-pairs)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntp_lib.choice.validation import positive_weights
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError, NTPDataWarning
from ntp_lib.numerics.aliases import Bools, Floats, Ints

if TYPE_CHECKING:
    from ntp_lib.choice.data import ChoiceData


def pair_places(choice: ChoiceData, kept: Bools) -> tuple[Ints, Ints]:
    """Which candidates are compared: the anchor z_j of each context with every other candidate of it.

    Args:
        choice: the data.
        kept: whether a candidate counts as a label, (n,). The anchor is the most probable label, the first of
            equals.

    Returns:
        Places of the anchors and of the others among the n candidates, a pair of each for every pair.
    """
    order = np.lexsort((np.arange(len(kept)), -choice.probs, ~kept, choice.rows))
    anchors = order[choice.candidates.indptr[:-1]]
    others = np.setdiff1d(np.arange(len(kept)), anchors)
    return anchors[choice.rows[others]], others


def pair_data(choice: ChoiceData, weights: npt.ArrayLike | None = None, *, completed: bool = False) -> NTPData:
    """The pair data: V = 2, and a context with embedding vec(x_jz − x_jc) for each c ∈ C_j other than z = z_j.

    A candidate off the support becomes a one-hot label; one on it the pair's share of p̂_jz/m_jz and p̂_jc/m_jc.
    With θ = w_1 − w_2, read as W of shape (d, d'), subspace, compatibility, separability and decomposition of the
    two correspond, and W_pair = (θ, −θ)/2 for W* and W^mm alike. Where every context has two candidates, each
    once, the losses are one: CE_pair(θ/2, −θ/2) = CE(θ).

    Args:
        choice: the data.
        weights: one for each pair, positive, in the order of the candidates; they are divided by their sum. By
            default π̂_j p̂_jz m_jc/m_jz for one-hot pairs and π̂_j (p̂_jz + p̂_jc) for soft ones: with them, where W*
            exists, `ntp_lib.asymptotics` has the rest point of the choice data, at a clock that runs
            `clock_ratio` times as fast.
        completed: the completed supports S'_j in place of S_j, with even odds among them.

    Returns:
        The data; their contexts are named (j, z, c), by places of tokens.

    Raises:
        NTPDataError: no context has two candidates, or the weights are not positive numbers, one for each pair.
    """
    kept = choice.in_completed if completed else None
    return pair_data_within(choice, kept, weights)


def pair_data_within(choice: ChoiceData, kept: Bools | None, weights: npt.ArrayLike | None = None) -> NTPData:
    """Pair data of given supports with even odds among them, or of the labels where none are given.

    Args:
        choice: the data.
        kept: which candidates count as labels, (n,), or None.
        weights: as for `pair_data`.
    """
    inside = choice.in_support if kept is None else kept
    shares = choice.probs if kept is None else _even_shares(choice, kept)
    first, second = pair_places(choice, inside)
    if not len(second):
        raise NTPDataError("every context has one candidate alone; at least one needs a second to choose from")
    rows, tokens, counts = choice.rows, choice.tokens, choice.candidates.data
    odds = np.where(inside[second], shares[second] * counts[first] / counts[second] / shares[first], 0.0)
    labels = np.column_stack([1 / (1 + odds), odds / (1 + odds)])
    mass = _masses(choice, inside, shares) if weights is None else positive_weights(weights, len(second), "pair")
    names = list(zip(rows[second].tolist(), tokens[first].tolist(), tokens[second].tolist(), strict=True))
    with warnings.catch_warnings():
        # One pair of tokens met in two contexts with different labels is what choice data are about.
        warnings.simplefilter("ignore", NTPDataWarning)
        return NTPData(differences(choice, first, second), mass / mass.sum(), labels, contexts=names, copy=False)


def clock_ratio(choice: ChoiceData) -> float:
    """How fast the clock of the pair data runs: late, they are at this times t where the choice data are at t.

    It is half the sum Z of the default weights, by which they were divided: θ moves Z/2 times as fast by the loss
    of the choice data as by that of the pair data. For two candidates a context, each once, it is ½ at once.
    """
    return float(_masses(choice, choice.in_support, choice.probs).sum() / 2)


def _masses(choice: ChoiceData, kept: Bools, shares: Floats) -> Floats:
    """The default weights before they are divided by their sum, (pairs,)."""
    first, second = pair_places(choice, kept)
    counts = choice.candidates.data
    strict = shares[first] * counts[second] / counts[first]
    mass = np.where(kept[second], shares[first] + shares[second], strict)
    return np.asarray(choice.context_probs[choice.rows[second]] * mass)


def differences(choice: ChoiceData, first: Ints, second: Ints) -> Floats:
    """vec(x_jz − x_jc) of candidates of one context each, given by their places, (pairs, d·d')."""
    apart = choice.keys[choice.tokens[first]] - choice.keys[choice.tokens[second]]
    products = np.einsum("nd,ne->nde", apart, choice.queries[choice.rows[second]])
    return products.reshape(len(second), int(np.prod(choice.shape)))


def _even_shares(choice: ChoiceData, kept: Bools) -> Floats:
    """Probabilities ∝ m_jc on the kept candidates: those of W = 0."""
    mass = np.where(kept, choice.candidates.data, 0.0)
    return np.asarray(mass / np.add.reduceat(mass, choice.candidates.indptr[:-1])[choice.rows])
