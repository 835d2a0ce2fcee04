"""The water level of a Gaussian vector over a support, and Monte Carlo over it (book, def-water-level)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.thresholds.support_sizes import SupportSizes

# Numbers held at once by a chunk of samples.
CHUNK = 2**21
MAX_NUMBERS = 2 * 10**9
# Samples before the error is believed.
MIN_SAMPLES = 256


def water_level(inside: Floats, outside: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Solve Σ_{z∈S} (g_z − c) + Σ_{v∉S} (g_v − c)₊ = 0 for c, and count the v with g_v > c.

    (min(g_v, c) off S, c on S) is the point of the cone K_S + R·1 nearest to g. With the off-support values in
    falling order, the k-th is pinned exactly if it exceeds the mean over S and the k − 1 values before it.

    Args:
        inside: sums of g over the support, shape (n, 1), and in its second column |S|: shape (n, 2).
        outside: g off the support, shape (n, V − |S|).

    Returns:
        c, shape (n,), and a, shape (n,).
    """
    ordered = -np.sort(-outside, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    size = inside[:, 1:]
    means = (inside[:, :1] + before) / (size + np.arange(ordered.shape[1]))
    pinned = (ordered > means).sum(axis=1)
    top = np.where(np.arange(ordered.shape[1]) < pinned[:, None], ordered, 0.0).sum(axis=1)
    return (inside[:, 0] + top) / (inside[:, 1] + pinned), pinned


@dataclass(frozen=True)
class SampledMean:
    """A Monte Carlo mean of |S| − 1 + a, its standard error and the number of samples."""

    mean: float
    standard_error: float
    samples: int


def sampled_codimension(
    sizes: SupportSizes, *, tolerance: float, seed: int, progress: bool = False
) -> SampledMean:
    """Estimate E[|S| − 1 + a], sampling until the standard error is at most tolerance times the mean.

    Args:
        sizes: V and the law of |S|.
        tolerance: relative standard error asked for.
        seed: of the generator.
        progress: show a progress bar.

    Raises:
        DidNotConvergeError: the tolerance asks for more than `MAX_NUMBERS` Gaussians.
    """
    rng = np.random.default_rng(seed)
    values, weights = np.array(sizes.weights).T
    batch = max(MIN_SAMPLES, min(4096, CHUNK // sizes.vocab_size))
    count, mean, squares = 0, 0.0, 0.0
    with tqdm(disable=not progress, unit=" samples", desc="water levels") as bar:
        while count * sizes.vocab_size <= MAX_NUMBERS:
            drawn = rng.multinomial(batch, weights)
            found = np.concatenate(
                [_codimensions(int(s), int(n), sizes.vocab_size, rng) for s, n in zip(values, drawn, strict=True)]
            )
            change = found.mean() - mean
            squares += ((found - found.mean()) ** 2).sum() + change**2 * count * batch / (count + batch)
            mean, count = mean + change * batch / (count + batch), count + batch
            bar.update(batch)
            error = math.sqrt(squares / (count - 1) / count)
            if error <= tolerance * mean:
                return SampledMean(float(mean), error, count)
    raise DidNotConvergeError(
        f"after {count} water levels the relative standard error is {error / mean:.1e}, not {tolerance:.1e}"
    )


def _codimensions(size: int, count: int, vocab_size: int, rng: np.random.Generator) -> Floats:
    """|S| − 1 + a for Gaussian vectors and one support size; only the sum over S matters, itself Gaussian."""
    chunk = max(1, CHUNK // vocab_size)
    pinned = []
    for start in range(0, count, chunk):
        rows = min(chunk, count - start)
        sums = math.sqrt(size) * rng.standard_normal(rows)
        inside = np.column_stack([sums, np.full(rows, float(size))])
        pinned.append(water_level(inside, rng.standard_normal((rows, vocab_size - size)))[1])
    if not pinned:
        return np.empty(0)
    return np.asarray(size - 1.0 + np.concatenate(pinned), dtype=np.float64)
