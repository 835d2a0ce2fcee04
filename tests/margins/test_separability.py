"""Separability against a linear programme of another form."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from separability_by_definition import assert_is_certificate, assert_is_direction, separable_by_feasibility

import ntp_lib as ntp
from ntp_lib.margins import separability as module
from ntp_lib.margins.few_tokens.pair_count import frequent_pair
from ntp_lib.margins.separability_verdict import Verdict
from ntp_lib.margins.splitting import solve as splitting


def assert_verdict(data, expected):
    for solver in module.SOLVERS:
        assert_verdict_of(ntp.separability(data, solver=solver), data, expected)


def assert_verdict_of(found, data, expected):
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


def assert_undecided(found, reason):
    assert found.status is Verdict.UNDECIDED
    assert found.holds is None
    assert found.direction is None
    assert found.certificate is None
    assert reason in found.reason
    assert not found.verify()


def test_too_large_a_programme_is_left_undecided(monkeypatch):
    monkeypatch.setattr(module, "MAX_NONZEROS", 29)
    assert_undecided(ntp.separability(ntp.synthetic.toy_2d(), solver="highs"), "30 non-zeros; at most 29")
    monkeypatch.setattr(module, "MAX_NONZEROS", 30)
    assert ntp.separability(ntp.synthetic.toy_2d(), solver="highs").holds


def test_what_is_undecided_says_what_is_known(monkeypatch, random_problem):
    """The bounds hold the largest margin, and the dimension is that of Cover's count."""
    data = random_problem(0, m=22, d=12, V=4, sizes=(1, 1))
    largest = 1 / np.linalg.norm(ntp.ntp_svm(unit_lengths(data)).W)
    monkeypatch.setattr(splitting, "MAX_ITERATIONS", 20)
    monkeypatch.setattr(splitting, "FIRST_REFINEMENT", 40)
    monkeypatch.setattr(module, "FALLBACK_NONZEROS", 0)
    found = ntp.separability(unit_lengths(data))
    assert found.holds is None
    assert found.margin_bounds[0] <= largest <= found.margin_bounds[1] < np.inf
    assert f"no margin is above {found.margin_bounds[1]:.1e}" in found.reason
    assert "dimensions" not in found.reason
    few = ntp.NTPData(data.embeddings[:, :4], data.context_probs, data.probs)
    monkeypatch.setattr(splitting, "MAX_ITERATIONS", 0)
    pair = frequent_pair(few)
    assert f"two most frequent tokens alone need about {pair.dimension} dimensions" in ntp.separability(few).reason


def unit_lengths(data):
    rows = data.embeddings / np.linalg.norm(data.embeddings, axis=1)[:, None]
    return ntp.NTPData(rows, data.context_probs, data.probs)


def test_a_splitting_that_ends_undecided_is_never_a_verdict(monkeypatch, random_problem):
    data = random_problem(0, m=30, d=3, V=4, sizes=(1, 2))
    monkeypatch.setattr(splitting, "MAX_ITERATIONS", 0)
    assert ntp.separability(data).holds is False  # the linear program decides
    monkeypatch.setattr(module, "FALLBACK_NONZEROS", 0)
    assert_undecided(ntp.separability(data), "after 0 iterations")


def test_an_unknown_solver_is_refused():
    with pytest.raises(ntp.NTPDataError, match="unknown solver 'simplex'; valid: structured, highs"):
        ntp.separability(ntp.synthetic.toy_2d(), solver="simplex")


def test_lemma_1_needs_no_programme(monkeypatch, random_problem):
    monkeypatch.setattr(module, "MAX_NONZEROS", 0)
    assert ntp.separability(random_problem(0, m=3, d=3)).holds


def test_out_of_time_is_undecided(random_problem):
    data = random_problem(0, m=60, d=12, V=12, sizes=(1, 3))
    assert_undecided(ntp.separability(data, solver="highs", time_limit=1e-6), "HiGHS")
    assert_undecided(ntp.separability(data, time_limit=0.0), "HiGHS")
