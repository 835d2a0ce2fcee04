"""Compatibility of small integer data against exact arithmetic, with log-odds as sums of logarithms of primes."""

from fractions import Fraction

import numpy as np
import pytest
from exact_compatibility import is_conflict, match, meets

import ntp_lib as ntp

KINDS = ("any", "explained", "disturbed")


def counted_data(seed, kind):
    """Counts of one to ten, or powers of two from a decoder, or those with one of them doubled."""
    rng = np.random.default_rng(seed)
    m, d, V = int(rng.integers(2, 5)), int(rng.integers(1, 3)), int(rng.integers(2, 4))
    embeddings = rng.integers(-2, 3, size=(m, d))
    powers = embeddings @ rng.integers(-2, 3, size=(d, V))
    counts = rng.integers(1, 11, size=(m, V)) if kind == "any" else 2 ** (powers - powers.min())
    for j in range(m):
        counts[j, rng.choice(V, rng.integers(0, V), replace=False)] = 0
    if kind == "disturbed":
        j = int(rng.integers(m))
        counts[j, np.flatnonzero(counts[j])[0]] *= 2
    return embeddings.tolist(), counts.tolist()


def as_data(embeddings, counts):
    probs = np.array(counts) / np.sum(counts, axis=1, keepdims=True)
    return ntp.NTPData(embeddings, np.full(len(probs), 1 / len(probs)), probs)


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", range(3))
def test_verdict_agrees_with_exact_arithmetic(kind, batch):
    verdicts = []
    for seed in range(50 * batch, 50 * batch + 50):
        embeddings, counts = counted_data(seed, kind)
        decoders, C = match(embeddings, counts)
        assert is_conflict(C, embeddings, counts) if C else meets(decoders, embeddings, counts)
        found = ntp.compatibility(as_data(embeddings, counts))
        assert found.holds is (C is None), (embeddings, counts)
        assert found.verify()
        verdicts.append(C is None)
    assert verdicts.count(True) >= 10
    assert all(verdicts) if kind == "explained" else verdicts.count(False) >= 5


def test_a_disturbance_of_one_part_in_two_thousand_is_a_conflict():
    """Twice the embedding asks for the squared odds, 36 : 25 beside 6 : 5."""
    embeddings = [[1], [2]]
    assert match(embeddings, [[6, 5], [36, 25]])[1] is None
    counts = [[6, 5], [36 * 2401, 25 * 2400]]
    assert is_conflict(match(embeddings, counts)[1], embeddings, counts)
    assert ntp.compatibility(as_data(embeddings, counts)).holds is False


@pytest.mark.parametrize("seed", range(20))
def test_exact_proofs_are_refused_when_moved_by_the_least(seed):
    """The control: what float64 cannot tell from a proof is none."""
    least = Fraction(1, 10**30)
    embeddings, counts = counted_data(seed, "disturbed")
    decoders, C = match(embeddings, counts)
    if C is not None:
        C[0][0] += least
        assert not is_conflict(C, embeddings, counts)
        assert not is_conflict([[0 * c for c in row] for row in C], embeddings, counts)
    else:
        wrong = next(
            (row for row in range(len(counts)) if any(embeddings[row]) and sum(map(bool, counts[row])) > 1), None
        )
        if wrong is None:
            return
        z = next(z for z, n in enumerate(counts[wrong]) if n)
        i = next(i for i, h in enumerate(embeddings[wrong]) if h)
        decoders[0][z][i] += least
        assert not meets(decoders, embeddings, counts)
