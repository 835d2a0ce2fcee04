"""The weighted residuals π̂_j (q_jv − p̂_jv) of given logits, for loops that keep logits instead of a decoder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ntp_lib.data.context_block import ContextBlock
from ntp_lib.loss.slope import UNSHIFTED_NORM
from ntp_lib.numerics.aliases import Floats


class Residuals:
    """Logits ↦ weighted residuals, both (V, m), contexts along the last axis, or (S, V, m) for S decoders at once.

    Accuracy is that of `BlockSlope`: on a support of one token, where q − 1 would cancel, the residual is minus
    the sum of the probabilities off it.
    """

    def __init__(self, block: ContextBlock, *, factor: float = 1.0) -> None:
        """Take the constants of some contexts.

        Args:
            block: the contexts.
            factor: what all residuals are multiplied by.
        """
        self.context_probs = factor * block.context_probs
        self.weighted_probs = np.ascontiguousarray((block.probs * self.context_probs[:, None]).T)
        # Contexts of one token, and these tokens.
        self.alone = np.flatnonzero(np.count_nonzero(block.probs, axis=1) == 1)
        self.alone_tokens = block.probs[self.alone].argmax(axis=1)
        self._ones = np.ones(len(self.weighted_probs))

    def between(self, logits: Floats, out: Floats) -> Callable[[], None]:
        """A function that fills `out` from `logits`, whose contents may change between calls; both contiguous.

        At the paper's size a pass over all entries takes half a microsecond, as much as a look at a shape.
        """
        exp, divide, flat, ones = np.exp, np.divide, logits.reshape(-1), self._ones
        context_probs, weighted_probs = self.context_probs, self.weighted_probs
        total = np.empty((*out.shape[:-2], out.shape[-1]))
        scale = total if out.ndim == 2 else total[:, None]
        # np.dot costs half of what np.matmul does, but does not take stacks.
        add_up = ones.dot if out.ndim == 2 else partial(np.matmul, ones)
        alone = self.alone if self.alone.size else None
        places = (..., self.alone_tokens, self.alone)

        def fill() -> None:
            nonlocal out
            # A comparison with NaN is false: logits that are not finite take the shifted way too.
            if flat.dot(flat) <= UNSHIFTED_NORM**2:
                exp(logits, out)
            else:
                np.subtract(logits, logits.max(axis=-2, keepdims=True), out)
                exp(out, out)
            if alone is None:
                add_up(out, total)
                divide(context_probs, total, total)
                out *= scale
                out -= weighted_probs
                return
            inside = out[places]
            out[places] = 0.0
            add_up(out, total)
            outside = total[..., alone]
            total[..., alone] += inside
            divide(context_probs, total, total)
            out *= scale
            out -= weighted_probs
            out[places] = -outside * total[..., alone]

        return fill
