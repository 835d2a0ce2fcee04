"""Separability and its two certificates, written from Def. 2 and from nothing in the library."""

import numpy as np
import scipy.optimize


def anchored_constraints(data):
    """(6a) and (6b) with one anchor per context, as rows over all V·d entries of W."""
    equalities, margins = [], []
    for j in range(data.num_contexts):
        tokens = np.flatnonzero(data.next_token_probs[j])
        for token in range(data.vocab_size):
            row = np.zeros((data.vocab_size, data.dim))
            row[tokens[0]] += data.embeddings[j]
            row[token] -= data.embeddings[j]
            (equalities if token in tokens else margins).append(row.ravel())
    return np.array(equalities), np.array(margins)


def separable_by_feasibility(data):
    """Is there a W with anchored (6a) and (6b)? The least maximum norm is asked for, to keep the answer finite."""
    equal, above = anchored_constraints(data)
    size = equal.shape[1]
    # Variables: W and a bound b on its entries; minimise b.
    bounded = np.vstack([np.eye(size), -np.eye(size)])
    result = scipy.optimize.linprog(
        np.append(np.zeros(size), 1.0),
        A_eq=np.hstack([equal, np.zeros((len(equal), 1))]),
        b_eq=np.zeros(len(equal)),
        A_ub=np.vstack(
            [np.hstack([-above, np.zeros((len(above), 1))]), np.hstack([bounded, -np.ones((2 * size, 1))])]
        ),
        b_ub=np.append(-np.ones(len(above)), np.zeros(2 * size)),
        bounds=[(None, None)] * size + [(0, None)],
    )
    assert result.status in (0, 2), result.message
    return result.status == 0


def assert_is_direction(W, data):
    """(6a) and (6b) with loops, relative to the size of the logits."""
    for j in range(data.num_contexts):
        logits = W @ data.embeddings[j]
        rounding = 1e-9 * (1 + np.abs(logits).max())
        inside = np.flatnonzero(data.next_token_probs[j])
        for z in inside:
            assert abs(logits[z] - logits[inside[0]]) <= rounding
            for v in set(range(data.vocab_size)) - set(inside.tolist()):
                assert logits[z] - logits[v] >= 1 - rounding


def assert_is_certificate(A, data):
    """Signs, row sums and Aᵀ·embeddings = 0, relative to the mass off the supports."""
    lengths = np.linalg.norm(data.embeddings, axis=1)
    weights = A * np.where(lengths > 0, lengths, 1.0)[:, None]
    mass = 0.0
    for j in range(data.num_contexts):
        for v in range(data.vocab_size):
            if data.next_token_probs[j, v] == 0:
                assert A[j, v] <= 0
                mass -= weights[j, v]
    assert mass > 0
    assert np.abs(weights.sum(axis=1)).max() <= 1e-11 * mass
    moment = sum(np.outer(A[j], data.embeddings[j]) for j in range(data.num_contexts))
    assert np.abs(moment).max() <= 1e-8 * mass
