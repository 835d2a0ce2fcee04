"""Compatibility of integer data decided in exact arithmetic, with a proof of either answer.

Logarithms of primes are linearly independent over the rationals (unique factorisation). So the equations (4)
for counts are solvable if and only if they are for each prime alone, with its exponents in place of logarithms.
"""

from fractions import Fraction
from operator import mul

from exact_separability import inside_of, moments_of

PRIMES = (2, 3, 5, 7)  # counts have no other prime factors


def exponents(count, prime):
    """How often a prime divides a count."""
    power = 0
    while count % prime ** (power + 1) == 0:
        power += 1
    return power


def match(embeddings, counts):
    """(decoders, None) where Σ log(p)·W_p meets the log-odds (4), or (None, C) with a certificate that none does.

    C is zero off the supports, its rows have sum zero and it has no moments, but Σ c_jz log n_jz ≠ 0.
    """
    d, V = len(embeddings[0]), len(counts[0])
    lines, pairs = [], [(j, s[0], z) for j, s in enumerate(inside_of(counts)) for z in s[1:]]
    for i, (j, anchor, z) in enumerate(pairs):
        line = [Fraction(0)] * (V * d)
        line[anchor * d : (anchor + 1) * d] = map(Fraction, embeddings[j])
        line[z * d : (z + 1) * d] = [-Fraction(h) for h in embeddings[j]]
        targets = [Fraction(exponents(counts[j][anchor], p) - exponents(counts[j][z], p)) for p in PRIMES]
        lines.append(line + targets + [Fraction(int(i == k)) for k in range(len(pairs))])
    pivots = []
    for column in range(V * d):
        found = next((r for r in range(len(pivots), len(lines)) if lines[r][column]), None)
        if found is None:
            continue
        lines[len(pivots)], lines[found] = lines[found], lines[len(pivots)]
        chosen = lines[len(pivots)] = [entry / lines[len(pivots)][column] for entry in lines[len(pivots)]]
        for line in lines:
            if line is not chosen and line[column]:
                line[:] = [entry - line[column] * by for entry, by in zip(line[:], chosen, strict=True)]
        pivots.append(column)
    for line in lines[len(pivots) :]:
        if any(line[V * d : V * d + len(PRIMES)]):
            C = [[Fraction(0)] * V for _ in embeddings]
            for (j, anchor, z), weight in zip(pairs, line[V * d + len(PRIMES) :], strict=True):
                C[j][anchor] += weight
                C[j][z] -= weight
            return None, C
    decoders = []
    for k in range(len(PRIMES)):
        flat = [Fraction(0)] * (V * d)
        for line, column in zip(lines, pivots, strict=False):
            flat[column] = line[V * d + k]
        decoders.append([flat[z * d : (z + 1) * d] for z in range(V)])
    return decoders, None


def meets(decoders, embeddings, counts):
    """Whether Σ log(p)·W_p meets all log-odds, exactly."""
    for prime, W in zip(PRIMES, decoders, strict=True):
        for h, row, inside in zip(embeddings, counts, inside_of(counts), strict=True):
            if len({sum(map(mul, W[z], h)) - exponents(row[z], prime) for z in inside}) > 1:
                return False
    return True


def is_conflict(C, embeddings, counts):
    """No entry off the supports, rows of sum zero, no moments, and log-odds that do not cancel, exactly."""
    pairs = [(c, n) for row, line in zip(C, counts, strict=True) for c, n in zip(row, line, strict=True)]
    clash = any(sum(c * exponents(n, p) for c, n in pairs if n) for p in PRIMES)
    proper = not any(c for c, n in pairs if not n) and not any(map(sum, C))
    return clash and proper and not any(moments_of(C, embeddings))
