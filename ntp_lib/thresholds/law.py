"""The threshold law: how many contexts an embedding dimension can carry (book, law-threshold)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ntp_lib.numerics.numbers import one_of, real_number, whole_number
from ntp_lib.thresholds.pinned import pinned_tokens
from ntp_lib.thresholds.support_sizes import SupportSize, SupportSizes, support_sizes
from ntp_lib.thresholds.water_level import sampled_codimension

METHODS = ("exact", "monte-carlo")


@dataclass(frozen=True)
class ThresholdEstimate:
    """The predicted (m/d)*, and how well it was computed; not how well it describes finite data.

    Attributes:
        value: (V − 1) / E[|S| − 1 + a].
        standard_error: of `value`; 0 where the law of a was summed.
        codimension: E[|S| − 1 + a].
        residual: for the sum, by how much the probabilities of a miss one; 0 for Monte Carlo.
        samples: water levels drawn; 0 for the sum.
        sizes: V and the law of |S|.
        method: "exact" or "monte-carlo".
    """

    value: float
    standard_error: float
    codimension: float
    residual: float
    samples: int
    sizes: SupportSizes
    method: str


def threshold(*, vocab_size: int, support_size: SupportSize) -> float:
    """Predict the contexts per dimension below which random data are NTP-separable (book, law-threshold).

    Heuristic: it treats the logits that a decoder can produce as a uniformly random subspace. Gaussian embeddings,
    supports exchangeable over tokens, m and d large at a fixed vocabulary.

    Args:
        vocab_size: V.
        support_size: |S|; or several sizes, equally likely; or size → weight.

    Returns:
        (m/d)* = (V − 1) / E[|S| − 1 + a], at least 1. For V = 2 it is Cover's 2.

    Raises:
        NTPDataError: a vocabulary, size or weight that makes no sense; the message names it.

    Example:
        >>> round(threshold(vocab_size=10, support_size=5), 4)
        1.4837
    """
    return threshold_estimate(vocab_size=vocab_size, support_size=support_size).value


def threshold_estimate(
    *,
    vocab_size: int,
    support_size: SupportSize,
    method: str = "exact",
    tolerance: float = 1e-3,
    seed: int = 0,
    progress: bool = False,
) -> ThresholdEstimate:
    """Compute the law with its error, by exact summation or by Monte Carlo (book, law-threshold).

    Args:
        vocab_size: V.
        support_size: as for `threshold`.
        method: "exact" sums the law of a; "monte-carlo" draws Gaussian vectors and finds their water levels.
        tolerance: for Monte Carlo, the relative standard error at which to stop.
        seed: for Monte Carlo.
        progress: for Monte Carlo, show a progress bar.

    Raises:
        NTPDataError: as for `threshold`; an unknown method; a tolerance that is not positive.
        DidNotConvergeError: the sum misses one, or the tolerance asks for too many samples.
    """
    sizes = support_sizes(vocab_size, support_size)
    one_of(method, "method", METHODS)
    tolerance, seed = real_number(tolerance, "tolerance", above=0), whole_number(seed, "seed")
    constraints = sizes.vocab_size - 1
    if method == "exact":
        laws = [(size, weight, pinned_tokens(sizes.vocab_size, size)) for size, weight in sizes.weights]
        codimension = math.fsum(weight * (size - 1 + law.mean) for size, weight, law in laws)
        residual = max(law.residual for _, _, law in laws)
        return ThresholdEstimate(constraints / codimension, 0.0, codimension, residual, 0, sizes, method)
    found = sampled_codimension(sizes, tolerance=tolerance, seed=seed, progress=progress)
    value = constraints / found.mean
    error = value * found.standard_error / found.mean
    return ThresholdEstimate(value, error, found.mean, 0.0, found.samples, sizes, method)


def cover_probability(num_contexts: int, dim: int) -> float:
    """Chance that m random one-hot labels of two tokens are separable in d dimensions (book, thm-cover).

    2^{1−m} Σ_{k<d} C(m − 1, k), for embeddings in general position (Cover 1965).

    Raises:
        NTPDataError: m or d below 1.
    """
    from scipy.stats import binom

    num_contexts = whole_number(num_contexts, "num_contexts", least=1)
    dim = whole_number(dim, "dim", least=1)
    return float(binom.cdf(dim - 1, num_contexts - 1, 0.5))
