"""The softmax of one block of contexts, split into its in-support part and its offset, without cancellation.

The exact split (lem-split in the book): with o_jv = exp(ℓ_jv − lse_{S_j} ℓ_j) off the support and O_j = Σ_v o_jv,

    CE(W) − H = Σ_j π̂_j KL(p̂_j ‖ softmax_{S_j} ℓ_j) + Σ_j π̂_j log(1 + O_j),

and both sums are nonnegative, so a tiny excess is a sum of tiny terms and never a difference of large ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntp_lib.data.context_block import ContextBlock
from ntp_lib.numerics.aliases import Floats

# Below this size the series of e^x − 1 − x is exact to rounding; above, the direct difference is.
SERIES_RADIUS = 0.5
SERIES_COEFFICIENTS = tuple(1 / np.prod(np.arange(1.0, k + 1)) for k in range(18, 1, -1))
# At most this many extended-precision products are held at once.
EXTENDED_ENTRIES = 2**20


@dataclass(frozen=True, eq=False)
class SplitSoftmax:
    """In-support deviations and off-support logits of one block, for one decoder or a stack of them.

    Shapes are those of one decoder; a stack puts further axes in front.

    Attributes:
        block: the contexts.
        deviation: e_jz = (ℓ_jz − log p̂_jz) − Σ_y p̂_jy (ℓ_jy − log p̂_jy) on S_j, 0 elsewhere, (b, V).
        log_partition: log Σ_z p̂_jz e^{e_jz} = KL(p̂_j ‖ softmax_{S_j}), (b,).
        log_offsets: log o_jv off the support, −inf on it, (b, V).
    """

    block: ContextBlock
    deviation: Floats
    log_partition: Floats
    log_offsets: Floats

    @property
    def log_total_offset(self) -> Floats:
        """log O_j, shape (b,); −inf where S_j is the whole vocabulary."""
        top = self.log_offsets.max(axis=-1)
        finite = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            return finite + np.log(np.exp(self.log_offsets - finite[..., None]).sum(axis=-1))

    @property
    def divergence(self) -> Floats:
        """KL(p̂_j ‖ softmax_{S_j} ℓ_j) in nats, relatively accurate however small, shape (b,)."""
        small = np.abs(self.deviation).max(axis=-1) <= SERIES_RADIUS
        deviation = np.where(small[..., None], self.deviation, 0.0)
        second_order = (self.block.probs * _exp_minus_linear(deviation)).sum(axis=-1)
        return np.where(small, np.log1p(second_order), self.log_partition)

    def residual(self) -> Floats:
        """p̂_j − softmax(ℓ_j), shape (b, V), with every entry relatively accurate."""
        log_total = np.logaddexp(0.0, self.log_total_offset)[..., None]
        relative = self.deviation - self.log_partition[..., None]
        inside = -self.block.probs * np.expm1(relative - log_total)
        return np.where(self.block.support, inside, -np.exp(self.log_offsets - log_total))


def split_softmax(logits: Floats, block: ContextBlock, in_support: Floats | None = None) -> SplitSoftmax:
    """Split the softmax of `logits`, (b, V) or a stack (…, b, V).

    Args:
        logits: ℓ_j = W h̄_j as rows.
        block: the contexts the rows belong to.
        in_support: ℓ_jz − log p̂_jz on the support up to a constant per context, if known more accurately than
            from `logits`.
    """
    support, probs = block.support, block.probs
    log_ratio = np.where(support, logits - np.log(np.where(support, probs, 1.0)), 0.0)
    level = (probs * log_ratio).sum(axis=-1)
    if in_support is None:
        deviation = np.where(support, log_ratio - level[..., None], 0.0)
    else:
        deviation = np.where(support, in_support - (probs * in_support).sum(axis=-1)[..., None], 0.0)
    top = deviation.max(axis=-1)
    # Either form alone loses: log1p overflows for large deviations, the shifted form cancels for small ones.
    shift = np.where(top > 1, top, 0.0)[..., None]
    # Where all deviations are far below zero both forms fail, which is seen to below.
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.log1p((probs * np.expm1(np.minimum(deviation, 1.0))).sum(axis=-1))
        far = shift[..., 0] + np.log((probs * np.exp(deviation - shift)).sum(axis=-1))
    log_partition = np.where(top > 1, far, near)
    if not np.isfinite(log_partition).all():
        # Some deviation is nonnegative, but for the rounding of logits of 1e16 and more.
        inside = np.where(support, deviation, -np.inf)
        highest = inside.max(axis=-1)
        log_partition = highest + np.log((probs * np.exp(inside - highest[..., None])).sum(axis=-1))
    log_offsets = np.where(support, -np.inf, logits - (level + log_partition)[..., None])
    return SplitSoftmax(block, deviation, log_partition, log_offsets)


def extended_in_support(W: Floats, block: ContextBlock) -> Floats:
    """ℓ_jz − log p̂_jz − (its mean over S_j), from products in extended precision where the platform has it.

    An excess of 1e-30 stands for deviations of 1e-15, below the rounding of float64 logits.
    """
    rows, tokens = np.nonzero(block.support)
    values = np.empty(len(rows), dtype=np.longdouble)
    step = max(1, EXTENDED_ENTRIES // W.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        products = W[tokens[part]].astype(np.longdouble) * block.embeddings[rows[part]]
        values[part] = products.sum(axis=1)
    values -= np.log(block.probs[rows, tokens].astype(np.longdouble))
    starts = np.searchsorted(rows, np.arange(len(block.probs)))
    sizes = np.diff(np.append(starts, len(rows)))
    values -= np.repeat(np.add.reduceat(values, starts) / sizes, sizes)
    dense = np.zeros(block.probs.shape)
    dense[rows, tokens] = values
    return dense


def _exp_minus_linear(x: Floats) -> Floats:
    """e^x − 1 − x for |x| ≤ SERIES_RADIUS."""
    total = np.zeros_like(x)
    for coefficient in SERIES_COEFFICIENTS:
        total = total * x + coefficient
    return total * x * x
