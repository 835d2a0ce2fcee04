"""Separability of small integer data against exact arithmetic: border cases cannot hide in a tolerance."""

from fractions import Fraction

import numpy as np
import pytest
from exact_separability import is_certificate, is_direction, separate

import ntp_lib as ntp
from ntp_lib.margins import separability as module


def integer_data(seed):
    """Embeddings with entries of at most two, so that zero, repeated, opposite and doubled ones are frequent."""
    rng = np.random.default_rng(seed)
    m, d, V = int(rng.integers(1, 5)), int(rng.integers(1, 3)), int(rng.integers(2, 4))
    counts = np.zeros((m, V), dtype=int)
    most = 1 if seed % 5 == 0 else V
    for j in range(m):
        support = rng.choice(V, rng.integers(1, most + 1), replace=False)
        counts[j, support] = rng.integers(1, 11, size=len(support))
    if counts.all():
        counts[0, 1:] = 0
    return rng.integers(-2, 3, size=(m, d)).tolist(), counts.tolist()


def as_data(embeddings, counts):
    probs = np.array(counts) / np.sum(counts, axis=1, keepdims=True)
    return ntp.NTPData(embeddings, np.full(len(probs), 1 / len(probs)), probs)


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
@pytest.mark.parametrize("batch", range(8))
def test_verdict_agrees_with_exact_arithmetic(batch):
    verdicts = []
    for seed in range(50 * batch, 50 * batch + 50):
        embeddings, counts = integer_data(seed)
        W, A = separate(embeddings, counts)
        assert is_certificate(A, embeddings, counts) if W is None else is_direction(W, embeddings, counts)
        for solver in module.SOLVERS:
            found = ntp.separability(as_data(embeddings, counts), solver=solver)
            assert found.holds is (A is None), (embeddings, counts, solver)
            assert found.verify()
        verdicts.append(A is None)
    assert min(verdicts.count(True), verdicts.count(False)) >= 10


SMALLEST = Fraction(1, 10**30)


@pytest.mark.parametrize("seed", range(40))
def test_exact_proofs_are_refused_when_moved_by_the_least(seed):
    """The control: what float64 cannot tell from a proof is none."""
    embeddings, counts = integer_data(seed)
    W, A = separate(embeddings, counts)
    if A is None:
        tight = [[entry * (1 - SMALLEST) for entry in row] for row in W]
        least = min(
            sum(w * h for w, h in zip(W[counts[j].index(max(counts[j]))], embeddings[j], strict=True))
            - sum(w * h for w, h in zip(W[v], embeddings[j], strict=True))
            for j in range(len(counts))
            for v in range(len(W))
            if counts[j][v] == 0
        )
        assert is_direction(tight, embeddings, counts) is (least > 1)
        assert not is_direction(
            [[entry * (1 - SMALLEST) / least for entry in row] for row in W], embeddings, counts
        )
    else:
        A[0][0] += SMALLEST
        assert not is_certificate(A, embeddings, counts)


def test_a_tie_is_not_a_margin():
    """Two contexts on one ray with different supports tie; on rays apart by one unit they do not."""
    counts = [[1, 1, 0], [1, 0, 0]]
    assert separate([[1, 0], [2, 0]], counts)[0] is None
    assert separate([[10**9, 0], [10**9, 1]], counts)[1] is None
