"""Conditions and references of choice data, by their definitions and through the pair data (prop-choice-pairs)."""

import numpy as np
import pytest
from choice_problems import as_next_tokens, random_choice
from scipy.optimize import linprog, nnls

import ntp_lib as ntp
from ntp_lib.choice.loss import gradient
from ntp_lib.choice.pairs import clock_ratio
from ntp_lib.choice.references import choice_references, matrix_of_pairs
from ntp_lib.choice.space import choice_subspace


def generators(data):
    """All differences x_jz − x_jz' within a support with their log-odds, and all x_jz − x_jv off it."""
    counts, labels = data.candidates.toarray(), data.label_probs.toarray()
    ties, odds, strict = [], [], []
    for j in range(data.num_contexts):
        for z in np.flatnonzero(labels[j]):
            for c in np.flatnonzero(counts[j]):
                row = np.outer(data.keys[z] - data.keys[c], data.queries[j]).ravel()
                if labels[j, c] == 0:
                    strict.append(row)
                elif c != z:
                    ties.append(row)
                    odds.append(np.log(labels[j, z] / labels[j, c]) - np.log(counts[j, z] / counts[j, c]))
    size = int(np.prod(data.shape))
    return np.array(ties).reshape(-1, size), np.array(odds), np.array(strict).reshape(-1, size)


def free_of(ties, size):
    """An orthonormal basis of what is orthogonal to the ties, as columns."""
    if not len(ties):
        return np.eye(size)
    _, values, rows = np.linalg.svd(ties)
    return rows[int(np.sum(values > 1e-10 * values[0])) :].T


def is_separable(ties, strict):
    """maximise t ≤ 1 with ties zero and the others at least t."""
    size = strict.shape[1]
    found = linprog(
        np.r_[np.zeros(size), -1.0],
        A_ub=np.c_[-strict, np.ones(len(strict))],
        b_ub=np.zeros(len(strict)),
        A_eq=np.c_[ties, np.zeros(len(ties))] if len(ties) else None,
        b_eq=np.zeros(len(ties)) if len(ties) else None,
        bounds=[(None, None)] * size + [(None, 1.0)],
    )
    return bool(found.x[-1] > 0.5)


def shortest_separator(ties, strict):
    """Lawson and Hanson's least-distance programme on the complement of the ties."""
    free = free_of(ties, strict.shape[1])
    stacked = np.vstack([(strict @ free).T, np.ones(len(strict))])
    target = np.r_[np.zeros(free.shape[1]), 1.0]
    residual = stacked @ nnls(stacked, target)[0] - target
    return free @ (-residual[:-1] / residual[-1])


def drawn(seed):
    """Choice data of all sizes: with repeated tokens or queries and without, with soft labels and hard ones."""
    rng = np.random.default_rng(seed)
    data = random_choice(
        seed,
        contexts=int(rng.integers(2, 8)),
        candidates=int(rng.integers(3, 5)),
        labels=int(rng.integers(1, 4)),
        dims=(int(rng.integers(2, 7)), int(rng.integers(1, 4))),
        counts=bool(seed % 2),
    )
    if seed % 3:
        return data
    # The first two contexts are one but for their odds: incompatible where these are soft, separable or not.
    queries, counts, labels = data.queries.copy(), data.candidates.toarray(), data.label_probs.toarray()
    queries[1], counts[1], labels[1] = queries[0], counts[0], labels[0] ** 2 / np.sum(labels[0] ** 2)
    return ntp.ChoiceData(data.keys, queries, counts, labels, data.context_probs)


def test_two_hundred_draws_by_definition_and_through_pairs():
    verdicts = []
    for seed in range(200):
        data = drawn(seed)
        ties, odds, strict = generators(data)
        pairs = data.pairs()
        solution, *_ = np.linalg.lstsq(ties, odds, rcond=1e-10) if len(ties) else (np.zeros(strict.shape[1]),)
        compatible = bool(np.abs(ties @ solution - odds).max(initial=0.0) < 1e-9)
        found = ntp.compatibility(pairs)
        assert found.holds == compatible
        assert choice_subspace(data).dim == found.F.dim == np.linalg.matrix_rank(ties)
        if compatible:
            gap = matrix_of_pairs(found.W_star, data.shape).ravel() - solution
            assert np.abs(gap).max() <= 1e-8 * max(1, np.abs(solution).max())
        separable = is_separable(ties, strict)
        verdicts.append((compatible, separable))
        assert bool(ntp.separability(pairs).holds) == separable
        if separable:
            theta = shortest_separator(ties, strict)
            W = ntp.ntp_svm(pairs).W
            assert np.abs(matrix_of_pairs(W, data.shape).ravel() - theta).max() <= 1e-8 * np.abs(theta).max()
            np.testing.assert_allclose(W[0], -W[1], atol=1e-9 * np.abs(theta).max())
            assert np.linalg.norm(W) == pytest.approx(np.linalg.norm(theta) / np.sqrt(2), rel=1e-8)
    # Every combination of verdicts is met.
    assert min(map(verdicts.count, [(True, True), (True, False), (False, True), (False, False)])) >= 5


@pytest.mark.parametrize("seed", range(4))
def test_two_candidates_have_one_loss(seed):
    rng = np.random.default_rng(seed)
    data = random_choice(seed, candidates=2, labels=2, counts=False)
    data = ntp.ChoiceData(  # one context with both labels
        data.keys,
        data.queries,
        data.candidates,
        np.where(np.arange(5)[:, None] == 1, data.candidates.toarray() * 0.5, data.label_probs.toarray()),
        data.context_probs,
    )
    pairs, theta = data.pairs(), rng.standard_normal(data.shape)
    both = np.array([theta.ravel() / 2, -theta.ravel() / 2])
    direct = -(data.context_probs[data.rows] * data.probs) @ data.log_probabilities(theta)
    assert ntp.cross_entropy(both, pairs) == pytest.approx(direct, rel=1e-13)
    assert clock_ratio(data) == pytest.approx(0.5, rel=1e-14)


@pytest.mark.parametrize("seed", range(6))
def test_every_token_a_candidate_is_next_token_data(seed):
    data, choice = as_next_tokens(seed, dim=2 + seed % 3)
    ours, theirs = ntp.limits(choice.pairs()), ntp.limits(data)
    assert ours.compatibility.holds == theirs.compatibility.holds
    # Of incompatible data the losses, and so their finite parts, differ; of data without a margin, the supports.
    W = matrix_of_pairs(ours.W_finite, choice.shape) if theirs.compatibility.holds else None
    W = choice_references(choice).W_finite if W is None and theirs.svm is not None else W
    if W is not None:
        np.testing.assert_allclose(W, theirs.W_finite, atol=1e-8 * (1 + np.abs(theirs.W_finite).max()))
    assert (ours.svm is None) == (theirs.svm is None)
    if ours.svm is None or not theirs.compatibility.holds:
        return
    W_mm = matrix_of_pairs(ours.W_mm, choice.shape)
    np.testing.assert_allclose(W_mm, theirs.W_mm, atol=1e-8 * np.abs(W_mm).max())
    here, there = ntp.asymptotics(ours), ntp.asymptotics(theirs)
    assert here.generic == there.generic
    if here.generic:
        # The clock of the pair data runs clock_ratio times as fast: s differs by its logarithm.
        drift = matrix_of_pairs(here.drift, choice.shape) + np.log(clock_ratio(choice)) * W_mm
        np.testing.assert_allclose(drift, there.drift, atol=1e-6 * (1 + np.abs(there.drift).max()))


def test_weights_are_one_for_each_pair():
    data = ntp.ChoiceData.from_sentences(["abq", "bcq"], ["a", "b"])
    np.testing.assert_allclose(data.pairs([1, 2, 3, 4]).context_probs, [0.1, 0.2, 0.3, 0.4])
    assert data.pairs().contexts == ((0, 0, 1), (0, 0, 2), (1, 1, 2), (1, 1, 3))
    for wrong, words in (([1, 2], "4 pairs"), ([1, 0, 1, 1], "pair 1 has 0.0"), ([1, 1, 1, np.inf], "pair 3")):
        with pytest.raises(ntp.NTPDataError, match=words):
            data.pairs(wrong)


def test_without_a_second_candidate_there_are_no_pairs():
    with pytest.raises(ntp.NTPDataError, match="one candidate alone"):
        ntp.ChoiceData.from_sentences(["aa", "bb"], ["a", "b"]).pairs()


@pytest.mark.parametrize("seed", range(5))
def test_late_the_pair_data_push_as_the_choice_data_do(seed):
    """With repeated tokens and soft labels: off F, one moves θ clock_ratio times as fast as the other."""
    found = choice_references(random_choice(seed, contexts=5, labels=2, dims=(5, 3)))
    data = found.completed
    theta = found.W_finite + 15 * found.W_mm
    slope = ntp.gradient(np.array([theta.ravel() / 2, -theta.ravel() / 2]), data.pairs())
    expected = clock_ratio(data) * found.F.project_complement(matrix_of_pairs(slope, data.shape))
    ours = found.F.project_complement(gradient(theta, data))
    # Both are of the order e^{−15}; what they differ in is smaller by the odds of another such candidate.
    np.testing.assert_allclose(ours, expected, atol=100 * np.exp(-15) * np.abs(expected).max())
