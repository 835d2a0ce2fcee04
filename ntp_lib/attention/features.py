"""Features of a frozen, random one-layer transformer (book, def-capacity-features)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import one_of, real_number, whole_number

# Beyond this relative size of a singular value two directions of the features count as different.
RANK_TOLERANCE = 1e-12
WHITENING_STEPS = 100
# Ratio of the factors of two contexts up to which whitening goes on; each further power of ten costs a digit.
MOST_UNEQUAL = 1e4


def _gelu(x: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(x * ndtr(x))


ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {"tanh": np.tanh, "gelu": _gelu, "square": np.square}


def random_features(
    contexts: Sequence[Sequence[int]],
    vocab_size: int,
    width: int,
    seed: int = 0,
    *,
    model_dim: int = 16,
    attention_scale: float = 1.0,
    activation: str = "tanh",
) -> Floats:
    """Embed contexts by one attention head and one hidden layer, all of whose weights are drawn and kept.

    Token t of a context is x_t = Z_{c_t} + U_t. The head, with the last token as its query, gives
    y = V Σ_t softmax_t(x_tᵀ A x_last) x_t, and feature i is ψ(w_iᵀ y + b_i). Entries of Z, U and b are standard
    normal, those of A have standard deviation attention_scale/model_dim, those of V and w_i 1/√model_dim.

    Features are *nested*: those of a smaller width, for the same seed, are the first columns of those of a larger.

    Args:
        contexts: n contexts, each of at least one token between 0 and V − 1; they may differ in length.
        vocab_size: V.
        width: m, the number of features.
        seed: of all weights; Z, U, A and V do not depend on the width.
        model_dim: d0.
        attention_scale: 0 makes the head an average, which forgets the order of tokens.
        activation: ψ: "tanh", "gelu", or "square", a polynomial, for which the rank is bounded.

    Returns:
        The features, (n, m).

    Raises:
        NTPDataError: no context, an empty one, a token outside the vocabulary; numbers out of range; an unknown
            activation. The message names the item.

    Example:
        >>> random_features([(0, 1), (1, 0)], vocab_size=2, width=3).shape
        (2, 3)
    """
    V, m = whole_number(vocab_size, "vocab_size", least=1), whole_number(width, "width", least=1)
    d0, seed = whole_number(model_dim, "model_dim", least=1), whole_number(seed, "seed")
    scale = real_number(attention_scale, "attention_scale", least=0)
    psi = ACTIVATIONS[one_of(activation, "activation", tuple(ACTIVATIONS))]
    checked = _contexts(contexts, V)
    token, place, head, hidden = (np.random.default_rng([seed, part]) for part in range(4))
    Z = token.standard_normal((V, d0))
    U = place.standard_normal((max(map(len, checked)), d0))
    A = head.standard_normal((d0, d0)) * scale / d0
    value = head.standard_normal((d0, d0)) / np.sqrt(d0)
    outputs = np.array([_attended(Z[context] + U[: len(context)], A) for context in checked]) @ value
    # One row per feature, so that a larger width appends rows.
    weights = hidden.standard_normal((m, d0 + 1))
    return psi(outputs @ weights[:, :d0].T / np.sqrt(d0) + weights[:, d0])


def _attended(x: Floats, A: Floats) -> Floats:
    """Σ_t softmax_t(x_tᵀ A x_last) x_t."""
    scores = x @ (A @ x[-1])
    weights = np.exp(scores - scores.max())
    return np.asarray(weights @ x / weights.sum())


def _contexts(contexts: Sequence[Sequence[int]], V: int) -> list[list[int]]:
    checked = []
    for i, context in enumerate(_listed(contexts, "contexts")):
        context = _listed(context, f"contexts[{i}]")
        if not context:
            raise NTPDataError(f"contexts[{i}] is empty; every context needs at least one token")
        for t, token in enumerate(context):
            whole_number(token, f"contexts[{i}][{t}]", most=V - 1)
        checked.append(context)
    if not checked:
        raise NTPDataError("contexts is empty; at least one context is needed")
    return checked


def _listed(value: Any, name: str) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise NTPDataError(f"{name} is {value!r}; contexts are sequences of tokens, such as [(0, 1), (2,)]")
    return list(value)


def feature_rank(features: Floats) -> int:
    """Number of singular values above 1e-12 of the largest: the rank as far as rounding shows it.

    Args:
        features: (n, m).

    Raises:
        NTPDataError: features that are not (n, m), or empty.
    """
    sigma = np.linalg.svd(_matrix(features), compute_uv=False)
    return int((sigma > RANK_TOLERANCE * sigma[0]).sum())


def whitened(features: Floats) -> Floats:
    """Change the basis of the features and the lengths of the contexts: near-orthonormal columns, unit rows.

    Neither changes whether data are separable (book, ex-capacity-whitening); solvers finish sooner.

    Not all features have such a form: with more than nk/m contexts in a subspace of k dimensions the factors of
    the contexts run apart, and the other contexts lose what they have in it. So rounds end before the factors that
    they add differ by more than 1e4.

    Args:
        features: (n, m) of rank m ≤ n, without a zero row.

    Returns:
        Features DHB with D diagonal and positive, B invertible: rows of length one and, where that is possible,
        HᵀH nearly (n/m)I.

    Raises:
        NTPDataError: more features than contexts, dependent ones, or a zero row.
    """
    H = _matrix(features)
    if H.shape[0] < H.shape[1]:
        raise NTPDataError(f"features has shape {H.shape}; whitening needs at least as many contexts as features")
    if not H.any(axis=1).all():
        row = int(np.argmin(H.any(axis=1)))
        raise NTPDataError(f"features[{row}] is zero; whitening gives every context the length one")
    if (rank := feature_rank(H)) < H.shape[1]:
        raise NTPDataError(f"features has rank {rank}; whitening needs {H.shape[1]} independent columns")
    H = _unit_rows(np.linalg.qr(H)[0])[0]
    factors = np.ones(len(H))
    for _ in range(WHITENING_STEPS):
        rounded, lengths = _unit_rows(np.linalg.qr(H)[0])
        factors = factors / lengths
        if factors.max() > MOST_UNEQUAL * factors.min():
            break
        H = rounded
        if lengths.max() < 1.001 * lengths.min():
            break
    return H


def _matrix(features: Floats) -> Floats:
    H = real_array(features, "features", "(n, m)")
    if H.ndim != 2 or not H.size:
        raise NTPDataError(f"features has shape {H.shape}; (n, m) with at least one context and feature is needed")
    return H


def _unit_rows(H: Floats) -> tuple[Floats, Floats]:
    lengths = np.linalg.norm(H, axis=1)
    return H / lengths[:, None], lengths
