"""Choice data drawn at random, for tests."""

import numpy as np

import ntp_lib as ntp
from ntp_lib.choice.data import ChoiceData


def random_choice(seed, *, contexts=5, tokens=6, candidates=4, labels=2, dims=(3, 2), counts=True):
    """Unequal candidate sets with multiplicities, one to `labels` labels each; weights unequal."""
    rng = np.random.default_rng(seed)
    held, probs = np.zeros((contexts, tokens)), np.zeros((contexts, tokens))
    for j in range(contexts):
        size = candidates if j == 0 else int(rng.integers(2, candidates + 1))
        chosen = rng.choice(tokens, size, replace=False)
        held[j, chosen] = rng.integers(1, 4, size) if counts else 1
        won = chosen[: int(rng.integers(1, min(labels, size - 1) + 1))]
        probs[j, won] = rng.gamma(2.0, size=len(won))
    probs /= probs.sum(axis=1, keepdims=True)
    weights = rng.gamma(3.0, size=contexts)
    keys, queries = rng.standard_normal((tokens, dims[0])), rng.standard_normal((contexts, dims[1]))
    return ChoiceData(keys, queries, held, probs, weights / weights.sum())


def as_next_tokens(seed, *, contexts=4, vocab=5, dim=3):
    """Next-token data, and the same as choice data: C_j = V, E = I, m = 1."""
    rng = np.random.default_rng(seed)
    probs = rng.gamma(1.0, size=(contexts, vocab)) * (rng.random((contexts, vocab)) < 0.5)
    probs[np.arange(contexts), np.arange(contexts) % vocab] += 0.3
    probs[:, -1] = 0.0
    probs /= probs.sum(axis=1, keepdims=True)
    embeddings, weights = rng.standard_normal((contexts, dim)), np.full(contexts, 1 / contexts)
    choice = ChoiceData(np.eye(vocab), embeddings, np.ones((contexts, vocab)), probs, weights)
    return ntp.NTPData(embeddings, weights, probs), choice
