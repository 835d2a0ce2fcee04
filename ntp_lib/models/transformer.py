"""A small decoder-only transformer: the embedding of a context is the state of its last position."""

from __future__ import annotations

from math import sqrt
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.numbers import whole_number

WIDTH = 0.02  # standard deviation of every weight at the start


class Transformer(nn.Module):  # type: ignore[misc]  # torch is untyped here
    """Pre-norm transformer with learned positions and a separate decoder without bias.

    Its logits are H Wᵀ, as in the book's learned embeddings, but H is computed from tokens. The residual stream of
    a block gains attention and a GELU layer four times as wide; projections into the stream start smaller by
    √(2·layers). A final layer normalisation, with gain and shift, ends the computation of H unless switched off.

    Args:
        num_words: how many tokens contexts are made of.
        vocab_size: V, how many tokens may follow.
        length: T, tokens in a context.
        dim: d, a multiple of `heads`.
        layers: blocks.
        heads: of attention, in each block.
        final_norm: whether the last state is normalised.
        seed: of the weights; torch's own random numbers stay as they are.

    Raises:
        NTPDataError: an argument outside its range.

    Example:
        >>> model = Transformer(num_words=7, vocab_size=3, length=2, dim=8)
        >>> tuple(model(torch.tensor([[0, 6], [5, 1]])).shape)
        (2, 3)
    """

    def __init__(
        self,
        *,
        num_words: int,
        vocab_size: int,
        length: int,
        dim: int = 64,
        layers: int = 2,
        heads: int = 4,
        final_norm: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        sizes = {"num_words": num_words, "vocab_size": vocab_size, "length": length, "dim": dim, "layers": layers}
        words, V, T, d, layers = (whole_number(size, name, least=1) for name, size in sizes.items())
        heads = whole_number(heads, "heads", least=1)
        if d % heads:
            raise NTPDataError(f"dim is {d}; it must be a multiple of heads, which is {heads}")
        random = torch.Generator().manual_seed(whole_number(seed, "seed"))
        self.tokens = drawn(words, d, random)
        self.positions = drawn(T, d, random)
        self.blocks = nn.ModuleList(Block(d, heads, sqrt(2 * layers), random) for _ in range(layers))
        self.final = nn.LayerNorm(d) if final_norm else nn.Identity()
        self.decoder = drawn(V, d, random)

    def embeddings(self, contexts: Any) -> Any:
        """The rows of H, (m, d), for contexts (m, T) of token numbers."""
        states = self.tokens[contexts] + self.positions
        for block in self.blocks[:-1]:
            states = block(states)
        return self.final(self.blocks[-1](states, last_only=True)[:, -1])

    def forward(self, contexts: Any) -> Any:
        """The logits H Wᵀ, (m, V)."""
        return self.embeddings(contexts) @ self.decoder.T


class Block(nn.Module):  # type: ignore[misc]
    """Causal attention and a GELU layer, each normalised before and added to the stream."""

    def __init__(self, dim: int, heads: int, depth: float, random: Any) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_layer = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query, self.key, self.value = (drawn(dim, dim, random) for _ in range(3))
        self.mixed = drawn(dim, dim, random, depth)
        self.wide, self.wide_shift = drawn(4 * dim, dim, random), nn.Parameter(torch.zeros(4 * dim))
        self.narrow, self.narrow_shift = drawn(dim, 4 * dim, random, depth), nn.Parameter(torch.zeros(dim))

    def forward(self, states: Any, *, last_only: bool = False) -> Any:
        """States (m, T, d) after the block; only that of the last position, (m, 1, d), where no other is read."""
        seen = self.before_attention(states)
        asking, states = (seen[:, -1:], states[:, -1:]) if last_only else (seen, states)
        query, key, value = (
            functional.linear(x, weights).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for x, weights in ((asking, self.query), (seen, self.key), (seen, self.value))
        )
        # The last position may look at every other, so that alone it needs no mask.
        heard = functional.scaled_dot_product_attention(query, key, value, is_causal=not last_only)
        states = states + functional.linear(heard.transpose(1, 2).flatten(-2), self.mixed)
        wide = functional.gelu(functional.linear(self.before_layer(states), self.wide, self.wide_shift))
        return states + functional.linear(wide, self.narrow, self.narrow_shift)


def drawn(rows: int, columns: int, random: Any, depth: float = 1.0) -> Any:
    """Weights with independent N(0, (0.02/depth)²) entries, (rows, columns)."""
    return nn.Parameter(torch.randn(rows, columns, generator=random) * (WIDTH / depth))
