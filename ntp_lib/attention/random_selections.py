"""Random selections: which key–query matrix prefers given tokens to others (book, thm-capacity-choice-law)."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.margins.separability import separability
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import real_numbers, whole_number


def selection_pairs(features: Floats, support_size: int = 1) -> NTPData:
    """Pairs of candidates as contexts over two tokens (book, prop-choice-pairs), for separability.

    Of each context's candidates the first `support_size` are the labels, wanted equally likely.

    Args:
        features: (n, l, D), of l candidates in each of n contexts.
        support_size: s, 1 ≤ s < l.

    Returns:
        Data with V = 2 and n(l − 1) contexts: x_0 − x_z with probabilities ½, ½ for a label z, and x_0 − x_c with
        the first token certain for another candidate c.

    Raises:
        NTPDataError: features that are not three-dimensional, or empty; a size out of range.
    """
    features = real_array(features, "features", "(n, l, D)", copy=False)
    if features.ndim != 3 or features.shape[1] < 2 or not features.size:
        raise NTPDataError(
            f"features has shape {features.shape}; (n, l, D) with n and D at least 1 and l at least 2 is needed"
        )
    n, candidates, D = features.shape
    s = whole_number(support_size, "support_size", least=1, most=candidates - 1)
    differences = (features[:, :1] - features[:, 1:]).reshape(-1, D)
    rows = np.array([[0.5, 0.5]] * (s - 1) + [[1.0, 0.0]] * (candidates - s))
    weights = np.full(n * (candidates - 1), 1 / (n * (candidates - 1)))
    return NTPData(differences, weights, np.tile(rows, (n, 1)))


def gaussian_candidates(num_contexts: int, candidates: int, parameters: int, rng: np.random.Generator) -> Floats:
    """Independent standard normal features, (n, l, D): the hypothesis of the theorem."""
    return rng.standard_normal((num_contexts, candidates, parameters))


def attention_candidates(
    num_contexts: int,
    candidates: int,
    embeddings: Floats,
    rng: np.random.Generator,
    *,
    token_probs: Floats | None = None,
) -> Floats:
    """Features E_c ⊗ E_q of l different tokens c and a query q, all drawn at random.

    Args:
        num_contexts: n.
        candidates: l, at most V.
        embeddings: E, (V, d).
        rng: draws tokens and queries.
        token_probs: with which chances, (V,); uniform unless given.

    Returns:
        (n, l, d²).

    Raises:
        NTPDataError: more candidates than tokens that have a chance; embeddings that are not (V, d), or chances
            that are not V of sum one.
    """
    embeddings = real_array(embeddings, "embeddings", "(V, d)", copy=False)
    if embeddings.ndim != 2 or not embeddings.size:
        raise NTPDataError(f"embeddings has shape {embeddings.shape}; (V, d) is needed")
    V = len(embeddings)
    num_contexts = whole_number(num_contexts, "num_contexts", least=1)
    drawable = V if token_probs is None else _drawable(token_probs, V)
    whole_number(candidates, "candidates", least=2, most=drawable)
    queries = rng.choice(V, size=num_contexts, p=token_probs)
    keys = np.array([rng.choice(V, size=candidates, replace=False, p=token_probs) for _ in range(num_contexts)])
    tensors = np.einsum("nci,nj->ncij", embeddings[keys], embeddings[queries])
    return np.asarray(tensors.reshape(num_contexts, candidates, -1))


def _drawable(token_probs: Floats, V: int) -> int:
    """How many tokens have a chance."""
    chances = real_numbers(token_probs, "token_probs")
    if len(chances) != V or (chances < 0).any() or abs(chances.sum() - 1) > 1e-8:
        raise NTPDataError(
            f"token_probs has {len(chances)} entries of sum {chances.sum():g}; {V} chances of sum one are needed"
        )
    return int((chances > 0).sum())


def satisfiable(features: Floats, support_size: int = 1) -> bool | None:
    """Whether some parameters prefer all labels to all other candidates, all labels alike; None if undecided.

    Args:
        features: as for `selection_pairs`.
        support_size: s.
    """
    return separability(selection_pairs(features, support_size), solver="highs").holds


def half_point(values: Floats, shares: Floats) -> float:
    """Where shares that fall from one to zero pass one half: the first value plus the area below them.

    The estimate of Spearman and Kärber: the mean of the point at which a draw stops to be satisfiable, if the
    shares begin at one and end at zero. It needs no shape of the curve.

    Args:
        values: rising, (k,).
        shares: at these values, (k,).

    Raises:
        NTPDataError: fewer than two values, values that do not rise, or not one share for each.
    """
    values, shares = real_numbers(values, "values"), real_numbers(shares, "shares")
    if len(values) < 2 or len(shares) != len(values) or not (np.diff(values) > 0).all():
        raise NTPDataError(f"{len(values)} values and {len(shares)} shares; at least two rising values are needed")
    return float(values[0] + np.trapezoid(shares, values))
