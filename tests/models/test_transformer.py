"""The transformer: what it computes by hand, what the last block leaves out, and how it starts."""

import re

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.models.transformer import Block, Transformer, drawn

CONTEXTS = torch.tensor([[0, 1, 2], [2, 2, 4], [5, 0, 3], [1, 5, 5]])
SIZES = {"num_words": 6, "vocab_size": 5, "length": 3, "dim": 8, "layers": 2, "heads": 2}


def normalised(states):
    centred = states - states.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)


def by_hand(model, contexts):
    """The embeddings of all positions in NumPy, for norms as they start: gain one, shift zero."""
    weights = {name: value.detach().double().numpy() for name, value in model.named_parameters()}
    states = weights["tokens"][contexts] + weights["positions"]
    m, T, d = states.shape
    heads = model.blocks[0].heads
    for k in range(len(model.blocks)):
        own = {name.split(".", 2)[2]: value for name, value in weights.items() if name.startswith(f"blocks.{k}.")}
        seen = normalised(states)
        split = [
            (seen @ own[name].T).reshape(m, T, heads, d // heads).swapaxes(1, 2)
            for name in ("query", "key", "value")
        ]
        scores = split[0] @ split[1].swapaxes(2, 3) / np.sqrt(d // heads)
        scores = np.where(np.tri(T, dtype=bool), scores, -np.inf)
        attention = np.exp(scores - scores.max(-1, keepdims=True))
        attention /= attention.sum(-1, keepdims=True)
        states = states + (attention @ split[2]).swapaxes(1, 2).reshape(m, T, d) @ own["mixed"].T
        wide = torch.from_numpy(normalised(states) @ own["wide"].T + own["wide_shift"])
        gelu = (wide / 2 * (1 + torch.erf(wide / 2**0.5))).numpy()
        states = states + gelu @ own["narrow"].T + own["narrow_shift"]
    return states


@pytest.mark.parametrize("layers", [1, 3])
def test_embeddings_and_logits_are_those_computed_by_hand(layers):
    model = Transformer(**SIZES | {"layers": layers}, final_norm=False, seed=1).double()
    with torch.no_grad():  # larger weights, so that attention and GELU matter
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(15.0)
    expected = by_hand(model, CONTEXTS.numpy())[:, -1]
    found = model.embeddings(CONTEXTS).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    logits = model(CONTEXTS).detach().numpy()
    np.testing.assert_allclose(logits, expected @ model.decoder.detach().numpy().T, rtol=1e-9, atol=1e-12)


def test_the_final_normalisation_is_applied_last_and_can_be_left_out():
    plain, final = (Transformer(**SIZES, final_norm=on, seed=4) for on in (False, True))
    expected = normalised(plain.embeddings(CONTEXTS).detach().double().numpy())
    np.testing.assert_allclose(final.embeddings(CONTEXTS).detach().numpy(), expected, atol=1e-4)
    assert sum(p.numel() for p in final.parameters()) - sum(p.numel() for p in plain.parameters()) == 2 * 8


def test_a_block_read_at_the_last_position_alone_gives_the_same_there():
    block = Block(8, 2, 2.0, torch.Generator().manual_seed(0)).double()
    states = torch.randn(4, 5, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    whole, last = block(states), block(states, last_only=True)
    assert last.shape == (4, 1, 8)
    torch.testing.assert_close(last, whole[:, -1:])


def test_a_position_does_not_see_later_ones():
    block = Block(8, 2, 2.0, torch.Generator().manual_seed(0))
    states = torch.randn(1, 5, 8, generator=torch.Generator().manual_seed(1))
    changed = states.clone()
    changed[:, 3:] += 1.0
    before, after = block(states), block(changed)
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert (before[:, 3] - after[:, 3]).abs().max() > 0.1


def test_weights_start_as_documented_and_depend_on_the_seed_alone():
    state = torch.get_rng_state()
    model = Transformer(num_words=50, vocab_size=40, length=3, dim=64, layers=3, seed=2)
    assert torch.equal(state, torch.get_rng_state())
    block = model.blocks[1]
    for weights, width in [(model.tokens, 0.02), (model.decoder, 0.02), (block.query, 0.02), (block.wide, 0.02),
                           (block.mixed, 0.02 / 6**0.5), (block.narrow, 0.02 / 6**0.5)]:  # fmt: skip
        # Five standard errors of at least 2560 entries.
        assert float(weights.detach().std()) == pytest.approx(width, rel=0.07)
        assert abs(float(weights.detach().mean())) < 0.1 * width
    assert not block.wide_shift.any()
    assert not block.narrow_shift.any()
    torch.manual_seed(99)
    same, other = (Transformer(num_words=50, vocab_size=40, length=3, layers=3, seed=seed) for seed in (2, 3))
    assert torch.equal(same.decoder, model.decoder)
    assert not torch.equal(other.decoder, model.decoder)
    assert not torch.equal(block.query, block.key)
    torch.set_rng_state(state)


def test_the_defaults_are_two_layers_of_four_heads_and_sixty_four_dimensions():
    model = Transformer(num_words=3, vocab_size=2, length=2)
    assert (len(model.blocks), model.blocks[0].heads, tuple(model.decoder.shape)) == (2, 4, (2, 64))
    assert tuple(model.positions.shape) == (2, 64)
    assert isinstance(model.final, torch.nn.LayerNorm)
    assert drawn(2, 3, torch.Generator()).requires_grad


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_words": 0}, "num_words is 0; it must be a whole number of at least 1"),
        ({"vocab_size": 2.5}, "vocab_size is 2.5; it must be a whole number of at least 1"),
        ({"length": 0}, "length is 0; it must be"),
        ({"layers": 0}, "layers is 0; it must be"),
        ({"heads": 0}, "heads is 0; it must be"),
        ({"seed": -1}, "seed is -1; it must be"),
        ({"dim": 9}, "dim is 9; it must be a multiple of heads, which is 2"),
    ],
)
def test_sizes_out_of_range_are_refused_by_name(changed, message):
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        Transformer(**SIZES | changed)
