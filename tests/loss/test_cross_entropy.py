"""Loss and gradient against their definitions, finite differences and automatic differentiation."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from scipy.special import logsumexp

import ntp_lib as ntp
from ntp_lib.data import ntp_data

SEEDS = range(6)


def loss_by_definition(W, data):
    """(2), one context and one token at a time."""
    total = 0.0
    for j in range(data.num_contexts):
        logits = W @ data.embeddings[j]
        for z in np.flatnonzero(data.next_token_probs[j]):
            total -= data.context_probs[j] * data.next_token_probs[j, z] * (logits[z] - logsumexp(logits))
    return total


def loss_in_support_by_definition(W, data):
    """(12): every softmax restricted to its support."""
    total = 0.0
    for j in range(data.num_contexts):
        support = np.flatnonzero(data.next_token_probs[j])
        logits = (W @ data.embeddings[j])[support]
        total -= data.context_probs[j] * data.next_token_probs[j, support] @ (logits - logsumexp(logits))
    return total


def gradient_by_torch(W, data):
    weights = torch.tensor(W, requires_grad=True)
    log_q = torch.log_softmax(weights @ torch.tensor(data.embeddings.T), dim=0)
    joint = torch.tensor(data.context_probs[:, None] * data.next_token_probs)
    (-(joint.T * log_q).sum()).backward()
    return weights.grad.numpy()


def gradient_by_differences(W, data, step=1e-5):
    slope = np.zeros_like(W)
    for place in np.ndindex(W.shape):
        shift = np.zeros_like(W)
        shift[place] = step
        slope[place] = (loss_by_definition(W + shift, data) - loss_by_definition(W - shift, data)) / (2 * step)
    return slope


def assert_close(found, expected, relative):
    assert np.abs(found - expected).max() <= relative * np.abs(expected).max()


def decoder(data, seed, size=1.0):
    return size * np.random.default_rng(seed + 1000).standard_normal((data.vocab_size, data.dim))


@pytest.mark.parametrize("size", [0.0, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_losses_agree_with_their_definitions(seed, size, random_problem):
    data = random_problem(seed)
    W = decoder(data, seed, size)
    # Both sum terms of the size of the loss; the definition also rounds logits of size 30.
    assert ntp.cross_entropy(W, data) == pytest.approx(loss_by_definition(W, data), rel=1e-13, abs=1e-13)
    assert ntp.cross_entropy_in_support(W, data) == pytest.approx(
        loss_in_support_by_definition(W, data), rel=1e-13, abs=1e-13
    )


def test_the_comparison_with_the_definition_sees_a_wrong_temperature(random_problem):
    data = random_problem(0)
    W = decoder(data, 0)
    assert ntp.cross_entropy(1.001 * W, data) != pytest.approx(loss_by_definition(W, data), rel=1e-6)


def test_zero_weights_cost_the_logarithm_of_the_vocabulary(random_problem):
    data = random_problem(3, V=7)
    # Every token has probability 1/V.
    assert ntp.cross_entropy(np.zeros((7, data.dim)), data) == pytest.approx(np.log(7), rel=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_agrees_with_automatic_differentiation(seed, random_problem):
    data = random_problem(seed)
    W = decoder(data, seed)
    found, expected = ntp.gradient(W, data), gradient_by_torch(W, data)
    assert_close(found, expected, 1e-13)
    with pytest.raises(AssertionError):
        assert_close(1.01 * found, expected, 1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_agrees_with_finite_differences(seed, random_problem):
    data = random_problem(seed)
    W = decoder(data, seed)
    found, expected = ntp.gradient(W, data), gradient_by_differences(W, data)
    # Central differences with step 1e-5: truncation about 1e-10, rounding about 1e-11.
    assert_close(found, expected, 1e-8)
    with pytest.raises(AssertionError):
        assert_close(1.01 * found, expected, 1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_is_blind_to_a_common_row(seed, random_problem):
    """CE(W + 1uᵀ) = CE(W): logits change by a constant in each context."""
    data = random_problem(seed)
    W, u = decoder(data, seed), np.arange(1.0, data.dim + 1)
    assert ntp.cross_entropy(W + u, data) == pytest.approx(ntp.cross_entropy(W, data), rel=1e-13)
    assert np.abs(ntp.gradient(W, data).sum(axis=0)).max() <= 1e-15
    other = W + np.eye(*W.shape) * u
    assert ntp.cross_entropy(other, data) != pytest.approx(ntp.cross_entropy(W, data), rel=1e-6)


@pytest.mark.parametrize("entries", [1, 5, 12, 15])
def test_a_problem_in_several_blocks_gives_what_one_block_gives(entries, monkeypatch, random_problem):
    data = random_problem(1, m=7)
    W = decoder(data, 1)
    whole = (ntp.excess_loss(W, data), ntp.gradient(W, data), ntp.margin(W, data))
    monkeypatch.setattr(ntp_data, "BLOCK_ENTRIES", entries)
    split = random_problem(1, m=7)
    assert len(list(split.blocks())) > 1
    assert ntp.excess_loss(W, split) == pytest.approx(whole[0], rel=1e-14)
    assert_close(ntp.gradient(W, split), whole[1], 1e-14)
    # The same products, perhaps summed in another order by BLAS.
    assert ntp.margin(W, split) == pytest.approx(whole[2], abs=1e-14)
    dropped = list(split.blocks())[:-1]
    monkeypatch.setattr(ntp.NTPData, "blocks", lambda self: iter(dropped))
    assert ntp.excess_loss(W, split) != pytest.approx(whole[0], rel=1e-3), "a lost block must show"


@pytest.mark.parametrize("kind", [sp.csr_array, sp.coo_array, sp.csc_matrix])
def test_sparse_probabilities_give_what_dense_ones_give(kind, random_problem):
    dense = random_problem(2)
    data = ntp.NTPData(dense.embeddings, dense.context_probs, kind(dense.next_token_probs))
    W = decoder(dense, 2)
    assert ntp.cross_entropy(W, data) == ntp.cross_entropy(W, dense)
    assert np.array_equal(ntp.gradient(W, data), ntp.gradient(W, dense))


@pytest.mark.parametrize("function", [ntp.cross_entropy, ntp.excess_loss, ntp.gradient, ntp.margin])
def test_a_decoder_of_the_wrong_kind_is_refused(function, random_problem):
    data = random_problem(0)
    W = decoder(data, 0)
    with pytest.raises(ntp.NTPDataError, match=r"\(3, 5\).*\(V, d\) = \(5, 3\)"):
        function(W.T, data)
    for bad in (np.nan, np.inf):
        W[1, 2] = bad
        with pytest.raises(ntp.NTPDataError, match="NaN or infinity"):
            function(W, data)
