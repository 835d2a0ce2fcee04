"""What two tokens alone prove: a ratio m/d beyond which hardly any data are separable (book, thm-pair)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.numbers import whole_number
from ntp_lib.numerics.results import result
from ntp_lib.thresholds.inclusion import first_two_tokens
from ntp_lib.thresholds.support_laws import SupportLaw


@result
class PairBound:
    """The pair of tokens that excludes separability first, and from which ratio on.

    Attributes:
        value: 1/(P(x, y ∈ S) + ½P(exactly one of them in S)): beyond it, with Gaussian embeddings and m, d large,
            almost no data are separable.
        tokens: the pair (x, y), counted from zero.
        both: P(x, y ∈ S).
        one: P(exactly one of x, y in S).
        error: standard error of `value`; 0 where the chances were summed.
    """

    value: float
    tokens: tuple[int, int]
    both: float
    one: float
    error: float

    def probability(self, num_contexts: int, dim: int) -> float:
        """The chance that a decoder satisfies all that m random contexts ask of these two tokens in d dimensions.

        So no larger a share of data is separable, for any m and d: P(m₁ = 0) + P(m₁ ≥ 1, m₂ + b ≤ d − 1), with m₂
        supports of both tokens, m₁ of one, and b binomial with m₁ − 1 fair coins (book, thm-pair).

        Raises:
            NTPDataError: m or d below 1.
        """
        from scipy.stats import binom

        m = whole_number(num_contexts, "num_contexts", least=1)
        d = whole_number(dim, "dim", least=1)
        # With one more coin, P(m₁ ≥ 1, m₂ + b + coin ≤ k) = ½F(k) + ½F(k − 1), where F(k) = P(m₁ ≥ 1, m₂ + b ≤ k).
        k = np.arange(d)
        never = (1 - self.one) ** m
        together = min(1.0, self.both / (1 - self.one)) if self.one < 1 else 0.0
        coins = binom.cdf(k, m, self.both + 0.5 * self.one) - never * binom.cdf(k, m, together)
        within = 2 * float((coins[::-1] * (-1.0) ** k).sum())
        return min(1.0, max(0.0, never + within))


def pair_bound(law: str | npt.ArrayLike, *, vocab_size: int | None = None, seed: int = 0) -> PairBound:
    """Find the least ratio m/d beyond which two tokens alone exclude separability (book, thm-pair).

    For supports drawn independently from any law, and Gaussian embeddings, it is a proved upper bound. The
    difference w of the two rows of a decoder has to vanish on contexts with both tokens and to have a prescribed
    sign on contexts with one; so 1/value is the mean of the shares of supports that hold x and that hold y. The
    pair is therefore that of the two tokens in most supports, among those that some support tells apart.

    Args:
        law: of the supports: a text as in `ntp sweep`, "6", "1-5" or "zipf:1-5"; or the supports themselves, a
            boolean array (m, V), dense or sparse, whose rows are then equally likely.
        vocab_size: V; with an array it may be left out.
        seed: of Zipf supports too large to be summed; see `PairBound.error`.

    Raises:
        NTPDataError: an unknown law, sizes beyond V, no V; an array that is not boolean or not (m, V), a row
            without a token, no row that misses one, fewer than two tokens, or another V.

    Example:
        >>> bound = pair_bound("zipf:1-5", vocab_size=10)
        >>> round(bound.value, 3), bound.tokens
        (1.664, (0, 1))
    """
    seed = whole_number(seed, "seed")
    V = None if vocab_size is None else whole_number(vocab_size, "vocab_size", least=2)
    if not isinstance(law, str):
        return _of_supports(_supports(law, V))
    if V is None:
        raise NTPDataError(f"support law {law!r} needs vocab_size, the number of tokens")
    parsed = SupportLaw.parse(law)
    parsed.check(V)
    chances = first_two_tokens(parsed, V, seed=seed)
    value = 1 / (chances.both + 0.5 * chances.one)
    return PairBound(value, (0, 1), chances.both, chances.one, chances.error * value**2)


def _of_supports(support: Bools | sp.csr_array) -> PairBound:
    """The most frequent token, and the most frequent one whose column differs: no other pair has more."""
    m = support.shape[0]
    counts = _column_sums(support)
    first = int(counts.argmax())
    both = _column_sums(support[_column_sums(support[:, [first]].T) > 0])
    one = counts[first] + counts - 2 * both
    other = int(np.where(one > 0, counts, -1).argmax())
    value = float(2 * m / (counts[first] + counts[other]))
    return PairBound(value, (first, other), float(both[other] / m), float(one[other] / m), 0.0)


def _column_sums(support: Any) -> npt.NDArray[np.int64]:
    return np.asarray(support.sum(axis=0, dtype=np.int64)).ravel()


def _supports(law: Any, V: int | None) -> Bools | sp.csr_array:
    array: Any
    if sp.issparse(law):
        array = law
    else:
        array = to_numpy(law, "the support matrix")
        try:
            array = np.asarray(array)
        except ValueError:
            raise NTPDataError("the support matrix has rows of unequal length; shape (m, V) is needed") from None
    if array.dtype != np.bool_ or isinstance(law, np.ma.MaskedArray):
        raise NTPDataError(
            f"the supports are {type(law).__name__} of {array.dtype}; "
            "a support law as text or a boolean array (m, V) is needed"
        )
    if array.ndim != 2 or array.shape[0] < 1 or array.shape[1] < 2:
        raise NTPDataError(f"the support matrix has shape {array.shape}; (m, V) with V at least 2 is needed")
    if V is not None and array.shape[1] != V:
        raise NTPDataError(f"vocab_size is {V}, but the support matrix has {array.shape[1]} columns")
    if sp.issparse(array):
        array = sp.csr_array(array, copy=True)
        array.sum_duplicates()
        array.eliminate_zeros()
    sizes = _column_sums(array.T)
    if not sizes.all():
        raise NTPDataError(f"the support of context {sizes.argmin()} is empty; every row needs a token")
    if sizes.min() == array.shape[1]:
        raise NTPDataError("every support is the whole vocabulary, so no two tokens are told apart")
    return array
