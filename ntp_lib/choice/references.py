"""What training on choice data is compared with: S'_j, F, W_fin and W_mm (book, thm-choice-transfer)."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.finite import finite_part
from ntp_lib.choice.pairs import pair_data_within, pair_places
from ntp_lib.choice.space import RANK_TOLERANCE, ChoiceSubspace, choice_subspace
from ntp_lib.conditions.decomposition import decomposition
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.margins.svm import ntp_svm
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import one_of
from ntp_lib.numerics.results import result

WAYS = ("auto", "graph", "programme")


@result
class ChoiceReferences:
    """What the theory predicts for choice data, separable or not.

    Attributes:
        choice: the problem.
        kept: whether a candidate keeps a share of the softmax in the limit, c ∈ S'_j, (n,).
        by_graph: whether the graph decided it, or the linear programme.
        F: the data subspace of the completed supports S'_j.
        W_finite: W_fin, the limit of P_F W, (d, d').
        probs: p', the softmax in the limit, zero off S'_j, (n,).
        W_mm: the shortest W that ties S'_j and clears its other candidates by one, (d, d'); None where no
            candidate is ever given up.
    """

    choice: ChoiceData = field(repr=False)
    kept: Bools = field(repr=False)
    by_graph: bool
    F: ChoiceSubspace = field(repr=False)
    W_finite: Floats = field(repr=False)
    probs: Floats = field(repr=False)
    W_mm: Floats | None = field(repr=False)

    @property
    def infimum(self) -> float:
        """inf CE in nats."""
        choice, won = self.choice, self.choice.in_support
        weights = choice.context_probs[choice.rows[won]] * choice.probs[won]
        return float(-weights @ np.log(self.probs[won])) + 0.0

    @cached_property
    def completed(self) -> ChoiceData:
        """Compatible, separable data with the same gradient at every W: p' in place of the labels.

        Where no token is repeated their loss is the same too, otherwise the same but for a constant. Their
        `pairs()` are what `ntp_lib.limits` and `ntp_lib.asymptotics` take.

        Raises:
            DidNotConvergeError: one of the limiting probabilities is below float64's range.
        """
        choice, kept = self.choice, self.kept
        if np.any(self.probs[kept] < np.finfo(np.float64).tiny):
            worst = int(np.flatnonzero(kept & (self.probs < np.finfo(np.float64).tiny))[0])
            raise DidNotConvergeError(
                f"the limit probability of token {choice.tokens[worst]} in context {choice.rows[worst]} is below "
                "float64's range"
            )
        labels = sp.csr_array(
            (self.probs[kept], (choice.rows[kept], choice.tokens[kept])), choice.candidates.shape
        )
        return ChoiceData(
            choice.keys,
            choice.queries,
            choice.candidates,
            labels,
            choice.context_probs,
            vocabulary=choice.vocabulary,
            query_tokens=choice.query_tokens,
        )


def choice_references(choice: ChoiceData, *, way: str = "auto") -> ChoiceReferences:
    """Completed supports, subspace, finite part and max-margin matrix of any choice data.

    Args:
        choice: the problem.
        way: how it is decided which candidates stay bounded. "graph": the strong components of the token-priority
            graphs, right where the embeddings of tokens and those of queries are independent, too few otherwise;
            "programme": the linear programme of `ntp_lib.decomposition` on the pair data, always right; "auto":
            the graph where the embeddings are independent.

    Raises:
        NTPDataError: no context has two candidates; `way` is none of the three; "graph" where the embeddings are
            dependent and the programme would be needed.
        DidNotConvergeError: a solver stopped without the accuracy it was asked for.
        NotSeparableError: not for these supports, unless some margin is too small to decide.

    Example:
        >>> found = choice_references(ChoiceData.from_sentences(["abq", "bcq", "abcq"], ["a", "b", "a"]))
        >>> found.F.dim, found.W_mm[:, 2].round(3).tolist()
        (0, [1.25, 0.25, -0.75, -0.75])
    """
    way = one_of(way, "way", WAYS)
    independent = embeddings_are_independent(choice)
    if way == "graph" and not independent:
        raise NTPDataError(
            "the embeddings are dependent, so the graph may name too few bounded candidates; use way='programme'"
        )
    by_graph = way == "graph" or (way == "auto" and independent)
    kept = choice.in_completed if by_graph else choice.in_support | bounded_by_programme(choice)
    F = choice_subspace(choice, kept)
    W_finite, probs = finite_part(choice, kept, F)
    return ChoiceReferences(choice, kept, by_graph, F, W_finite, probs, _max_margin(choice, kept))


def embeddings_are_independent(choice: ChoiceData) -> bool:
    """Whether the embeddings of the candidates are independent, and so are those of the different queries."""
    used = choice.keys[np.unique(choice.tokens)]
    firsts = np.unique(choice.query_groups[0], return_index=True)[1]
    return _independent(used) and _independent(choice.queries[firsts])


def bounded_by_programme(choice: ChoiceData) -> Bools:
    """Which candidates off the supports stay bounded, by `ntp_lib.decomposition` of the pair data, (n,).

    Raises:
        DidNotConvergeError: some margin is too small to decide; the message names the pair.
    """
    found = np.zeros(len(choice.rows), dtype=bool)
    if not choice.in_support.all():
        try:
            bounded = decomposition(choice.pairs(), rounded=True).bounded[:, 1]
        except DidNotConvergeError as error:
            raise DidNotConvergeError(
                f"{error}. Contexts of pairs are (context, label, candidate). Embeddings dependent but for "
                "rounding, or of very unequal length, leave it open: make equal what should be, and lengths alike"
            ) from error
        found[pair_places(choice, choice.in_support)[1]] = bounded
    return found


def matrix_of_pairs(W: Floats, shape: tuple[int, int]) -> Floats:
    """θ = w_1 − w_2 of a decoder of pair data, (2, d·d'), as a matrix (d, d')."""
    return np.asarray((W[0] - W[1]).reshape(shape))


def _max_margin(choice: ChoiceData, kept: Bools) -> Floats | None:
    if kept.all():
        return None
    pairs: NTPData = pair_data_within(choice, kept)
    return matrix_of_pairs(np.asarray(ntp_svm(pairs).W), choice.shape)


def _independent(rows: Floats) -> bool:
    if len(rows) > rows.shape[1] or not rows.any():
        return False
    lengths = np.linalg.norm(rows, axis=1)
    if not lengths.all():
        return False
    values = np.linalg.svd(rows / lengths[:, None], compute_uv=False)
    return bool(values[-1] > RANK_TOLERANCE * values[0])
