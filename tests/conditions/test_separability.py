"""Separability against a linear programme of another form, and certificates checked by code of their own."""

import dataclasses
import warnings

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

import ntp_lib as ntp
from ntp_lib.conditions import separability as module
from ntp_lib.conditions.separability import Verdict


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


def assert_verdict(data, expected):
    found = ntp.separability(data)
    assert found.holds is expected
    assert found.verify()
    if expected:
        assert found.certificate is None
        assert_is_direction(found.direction, data)
    else:
        assert found.direction is None
        assert_is_certificate(found.certificate, data)


def mixed_problem(seed):
    """Small problems around the threshold, of every kind: integer or Gaussian, zero or repeated embeddings."""
    rng = np.random.default_rng(seed)
    m, d, V = int(rng.integers(2, 8)), int(rng.integers(1, 4)), int(rng.integers(2, 6))
    embeddings = rng.standard_normal((m, d))
    kind = seed % 5
    if kind == 0:
        embeddings = np.rint(2 * embeddings)
    elif kind == 1 and seed % 2:
        embeddings[rng.integers(m)] = 0
    elif kind == 2:
        embeddings[rng.integers(m)] = embeddings[rng.integers(m)]
    most = 1 if kind == 3 else V
    probs = np.zeros((m, V))
    for j in range(m):
        support = rng.choice(V, rng.integers(1, most + 1), replace=False)
        probs[j, support] = 1 / len(support)
    if (probs > 0).all():
        probs[0] = np.eye(V)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ntp.NTPDataWarning)
        return ntp.NTPData(embeddings, np.full(m, 1 / m), probs)


@pytest.mark.parametrize("batch", range(8))
def test_verdict_agrees_with_an_independent_programme(batch):
    verdicts = []
    for seed in range(25 * batch, 25 * batch + 25):
        data = mixed_problem(seed)
        expected = separable_by_feasibility(data)
        assert_verdict(data, expected)
        verdicts.append(expected)
    assert len(set(verdicts)) == 2, "both answers must occur"


@given(st.integers(0, 2**31))
@settings(max_examples=40)
def test_verdict_agrees_on_data_of_hypothesis(seed):
    data = mixed_problem(seed)
    assert_verdict(data, separable_by_feasibility(data))


@pytest.mark.parametrize("gap", [0.5, 1e-2, 1e-4])
@pytest.mark.parametrize("sign", [1, -1])
def test_verdict_on_either_side_of_a_threshold(gap, sign):
    """Three one-hot contexts in the plane: separable from two classes as long as they fit a half-plane."""
    angles = np.array([0.0, np.pi / 2, np.pi - sign * gap])
    embeddings = np.column_stack([np.cos(angles), np.sin(angles)])
    # Classes 0, 1, 0 with the middle context between the others: h_1 lies in the cone of h_0 and h_2 for either
    # sign only when the angle between those is below π.
    data = ntp.NTPData(embeddings, np.full(3, 1 / 3), np.eye(2)[[0, 1, 0]])
    assert separable_by_feasibility(data) is (sign < 0)
    assert_verdict(data, sign < 0)


@pytest.mark.parametrize("seed", range(10))
def test_lemma_1(seed, random_problem):
    """Independent embeddings are separable, whatever the supports."""
    data = random_problem(seed, m=4, d=4)
    assert_verdict(data, True)


def test_more_contexts_than_dimensions_can_fail():
    """The control of Lemma 1: opposite contexts with the same single next token and d = 1."""
    assert_verdict(ntp.NTPData([[1.0], [-1.0]], [0.5, 0.5], [[1, 0], [1, 0]]), False)


@pytest.mark.parametrize("seed", range(10))
def test_rescaling_contexts_changes_nothing(seed):
    data = mixed_problem(5 * seed + 4)
    factors = 10.0 ** np.random.default_rng(seed).uniform(-4, 4, data.num_contexts)
    scaled = ntp.NTPData(data.embeddings * factors[:, None], data.context_probs, data.next_token_probs)
    expected = ntp.separability(data)
    found = ntp.separability(scaled)
    assert found.holds is expected.holds
    assert found.verify()


@pytest.mark.parametrize("seed", range(5))
def test_turning_a_context_round_can_change_the_verdict(seed):
    """Only positive factors are harmless (control of the rescaling)."""
    rng = np.random.default_rng(seed)
    data = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], np.eye(2)[[0, 0]])
    factor = -(10.0 ** rng.uniform(-2, 2))
    turned = ntp.NTPData(data.embeddings * [[1.0], [factor]], data.context_probs, data.next_token_probs)
    assert ntp.separability(data).holds is True
    assert ntp.separability(turned).holds is False


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize("other", [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])
def test_one_embedding_with_two_supports_is_never_separable(dim, other):
    """Also where one support is the whole vocabulary, so that this context has no margin of its own."""
    data = ntp.NTPData(np.ones((2, dim)), [0.5, 0.5], [[1.0, 0.0, 0.0], other])
    assert_verdict(data, False)


@pytest.mark.parametrize("dim", [1, 3])
def test_a_zero_embedding_with_a_token_off_support_is_never_separable(dim):
    data = ntp.NTPData(np.zeros((1, dim)), [1.0], [[0.5, 0.5, 0.0]])
    assert_verdict(data, False)


def test_a_zero_embedding_with_the_whole_vocabulary_is_harmless():
    assert_verdict(ntp.NTPData([[0.0], [1.0]], [0.5, 0.5], [[0.5, 0.5], [1.0, 0.0]]), True)


def test_no_margin_without_a_token_off_support():
    data = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[0.5, 0.5], [0.2, 0.8]])
    with pytest.raises(ntp.NTPDataError, match="whole vocabulary"):
        ntp.separability(data)


SEPARABLE = ntp.synthetic.toy_2d()
# One context whose only next token must both win and lose.
NOT_SEPARABLE = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


def tampered(array, place, change):
    changed = array.copy()
    changed[place] += change
    return changed


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda W: -W, id="turned round"),
        pytest.param(lambda W: np.zeros_like(W), id="zero"),
        pytest.param(lambda W: tampered(W, (0, 0), 1e-5), id="logits untied"),
        pytest.param(lambda W: W[[1, 0, 2, 3, 4]], id="tokens swapped"),
        pytest.param(lambda W: W[:, ::-1], id="coordinates swapped"),
    ],
)
def test_a_tampered_direction_fails(damage):
    found = ntp.separability(SEPARABLE)
    assert found.verify()
    assert not dataclasses.replace(found, direction=damage(found.direction)).verify()


def test_a_direction_that_unties_a_full_support_fails():
    data = ntp.NTPData([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], [[0.5, 0.5], [1.0, 0.0]])
    found = ntp.separability(data)
    assert found.verify()
    untied = np.array([[1.0, 1.0], [-1.0, -1.0]])
    assert not dataclasses.replace(found, direction=untied).verify()
    assert dataclasses.replace(found, direction=untied * [0.0, 1.0]).verify()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda A: -A, id="signs"),
        pytest.param(lambda A: np.zeros_like(A), id="zero"),
        pytest.param(lambda A: np.full_like(A, np.nan), id="NaN"),
        pytest.param(lambda A: tampered(A, (0, 0), 1e-3), id="row sum"),
        pytest.param(lambda A: A * [[1.0], [1.001]], id="moment"),
        pytest.param(lambda A: A[::-1], id="contexts swapped"),
    ],
)
def test_a_tampered_certificate_fails(damage):
    found = ntp.separability(NOT_SEPARABLE)
    assert found.holds is False
    assert found.verify()
    assert_is_certificate(found.certificate, NOT_SEPARABLE)
    broken = damage(found.certificate)
    assert not dataclasses.replace(found, certificate=broken).verify()
    with pytest.raises(AssertionError):
        assert_is_certificate(broken, NOT_SEPARABLE)


def test_a_verdict_carried_to_other_data_fails():
    found = ntp.separability(SEPARABLE)
    other = ntp.NTPData(-SEPARABLE.embeddings, SEPARABLE.context_probs, SEPARABLE.next_token_probs)
    assert not dataclasses.replace(found, data=other).verify()


def assert_undecided(found, reason):
    assert found.status is Verdict.UNDECIDED
    assert found.holds is None
    assert found.direction is None
    assert found.certificate is None
    assert reason in found.reason
    assert not found.verify()


def test_too_large_a_programme_is_left_undecided(monkeypatch):
    monkeypatch.setattr(module, "MAX_NONZEROS", 29)
    assert_undecided(ntp.separability(SEPARABLE), "30 non-zeros; at most 29")
    monkeypatch.setattr(module, "MAX_NONZEROS", 30)
    assert ntp.separability(SEPARABLE).holds


def test_lemma_1_needs_no_programme(monkeypatch, random_problem):
    monkeypatch.setattr(module, "MAX_NONZEROS", 0)
    assert ntp.separability(random_problem(0, m=3, d=3)).holds


def test_out_of_time_is_undecided(random_problem):
    data = random_problem(0, m=60, d=12, V=12, sizes=(1, 3))
    assert_undecided(ntp.separability(data, time_limit=1e-6), "HiGHS")
