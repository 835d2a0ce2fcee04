"""What is summed over blocks of contexts is the same whatever the size of a block."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.data import ntp_data
from ntp_lib.loss import cross_entropy, split
from ntp_lib.loss.sampled import SampledSlope


def quantities(data, W):
    return {
        "excess_parts": np.array(ntp.excess_parts(W, data)),
        "gradient": ntp.gradient(W, data),
        "cross_entropy_in_support": ntp.cross_entropy_in_support(W, data),
    }


@pytest.mark.parametrize("share", [cross_entropy.ROUNDING_SHARE, 0.0], ids=["float64", "extended"])
@pytest.mark.parametrize("contexts_per_block", [1, 2, 3])
def test_blocks_of_any_size_give_the_same(contexts_per_block, share, random_problem, monkeypatch):
    data = random_problem(3, m=7, d=4, V=6)
    W = np.random.default_rng(0).standard_normal((6, 4))
    monkeypatch.setattr(cross_entropy, "ROUNDING_SHARE", share)
    whole = quantities(data, W)
    monkeypatch.setattr(ntp_data, "BLOCK_ENTRIES", contexts_per_block * data.vocab_size)
    assert len(list(data.blocks())) > 1
    for name, value in quantities(data, W).items():
        np.testing.assert_allclose(value, whole[name], rtol=1e-13, atol=1e-16, err_msg=name)


@pytest.mark.parametrize("products", [1, 4, 12, 13])
def test_extended_products_taken_in_parts_give_the_same(products, random_problem, monkeypatch):
    data = random_problem(3, m=7, d=4, V=6)
    W = np.random.default_rng(0).standard_normal((6, 4))
    block = next(data.blocks())
    whole = split.extended_in_support(W, block)
    monkeypatch.setattr(split, "EXTENDED_ENTRIES", products)
    np.testing.assert_array_equal(split.extended_in_support(W, block), whole)


def test_seed_of_sampled_slope_is_the_seed_of_its_generator(random_problem):
    data = random_problem(1, m=6, d=3)
    W = np.random.default_rng(0).standard_normal((5, 3))
    batch = np.random.default_rng(0).choice(6, 4, p=data.context_probs)
    rows = np.asarray(data.next_token_probs)[batch]
    logits = data.embeddings[batch] @ W.T
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = (shares - rows).T @ data.embeddings[batch] / 4
    np.testing.assert_allclose(SampledSlope(data, batch_size=4)(W), expected, rtol=1e-12, atol=1e-15)
