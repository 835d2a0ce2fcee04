"""Separability of integer data decided in exact arithmetic, with a proof of either answer.

Embeddings are integers and probabilities are counts. Nothing is rounded and nothing of the library is used.
"""

from fractions import Fraction
from operator import mul


def inside_of(counts):
    """The tokens of each support."""
    return [[z for z, n in enumerate(row) if n] for row in counts]


def separate(embeddings, counts):
    """(W, None) with (6a) and (6b), or (None, A) with a certificate that there is none; entries are fractions.

    Certificates of weight one off the supports are the x ≥ 0 with Mx = b, where an entry of A on a support is a
    difference of two variables. Phase one of the simplex method with Bland's rule finds one, or a u with
    uᵀM ≤ 0 < uᵀb, and u is made of W and of minus the levels of the contexts.
    """
    m, d, V = len(embeddings), len(embeddings[0]), len(counts[0])
    columns, owners = [], []
    for j, inside in enumerate(inside_of(counts)):
        for z in range(V):
            for sign in (1, -1) if z in inside else (-1,):
                column = [0] * (m + V * d + 1)
                column[j] = sign
                column[m + z * d : m + (z + 1) * d] = [sign * h for h in embeddings[j]]
                column[-1] = int(z not in inside)
                columns.append(column)
                owners.append((j, z, sign))
    x, u = _phase_one(columns, [0] * (m + V * d) + [1])
    if x is None:
        return [[-entry / u[-1] for entry in u[m + z * d : m + (z + 1) * d]] for z in range(V)], None
    A = [[Fraction(0)] * V for _ in range(m)]
    for (j, z, sign), value in zip(owners, x, strict=True):
        A[j][z] += sign * value
    return None, A


def _phase_one(columns, b):
    """(x, None) with x ≥ 0 and Σ x_i column_i = b ≥ 0, or (None, u) with uᵀcolumn_i ≤ 0 for all i and uᵀb > 0."""
    rows, count = len(b), len(columns)
    table = [
        [Fraction(column[r]) for column in columns]
        + [Fraction(int(r == k)) for k in range(rows)]
        + [Fraction(b[r])]
        for r in range(rows)
    ]
    basis = list(range(count, count + rows))
    cost = [sum(row[i] for row in table) for i in range(count)] + [Fraction(0)] * rows + [sum(map(Fraction, b))]
    while True:
        entering = next((i for i in range(count) if cost[i] > 0), None)
        if entering is None:
            break
        ratios = [(row[-1] / row[entering], basis[r], r) for r, row in enumerate(table) if row[entering] > 0]
        leaving = min(ratios)[2]
        pivot = table[leaving][entering]
        table[leaving] = [entry / pivot for entry in table[leaving]]
        for line in (*(row for r, row in enumerate(table) if r != leaving), cost):
            factor = line[entering]
            if factor:
                line[:] = [entry - factor * by for entry, by in zip(line, table[leaving], strict=True)]
        basis[leaving] = entering
    if cost[-1] > 0:
        return None, [1 + cost[count + k] for k in range(rows)]
    x = [Fraction(0)] * (count + rows)
    for r, i in enumerate(basis):
        x[i] = table[r][-1]
    return x[:count], None


def is_direction(W, embeddings, counts):
    """(6a) and (6b), exactly."""
    logits = [[sum(map(mul, row, h)) for row in W] for h in embeddings]
    return all(
        line[z] == line[inside[0]] if z in inside else line[inside[0]] - line[z] >= 1
        for line, inside in zip(logits, inside_of(counts), strict=True)
        for z in range(len(W))
    )


def is_certificate(A, embeddings, counts):
    """Rows of sum zero, no positive entry off the supports but some negative one, and no moments, exactly."""
    off = [a for row, line in zip(A, counts, strict=True) for a, n in zip(row, line, strict=True) if not n]
    return not any(map(sum, A)) and max(off) <= 0 and min(off) < 0 and not any(moments_of(A, embeddings))


def moments_of(A, embeddings):
    return [sum(map(mul, a, h)) for a in zip(*A, strict=True) for h in zip(*embeddings, strict=True)]
