"""The matrices that trained embeddings are compared with, against their definitions entry by entry."""

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.concepts import candidates as module
from ntp_lib.concepts.candidates import CANDIDATES, candidate, candidate_matrices, shuffled_support
from ntp_lib.loss.cross_entropy import gradient

PROBS = np.array([[0.75, 0.25, 0.0, 0.0], [0.0, 0.5, 0.25, 0.25], [0.0, 0.0, 0.0, 1.0]])
WEIGHTS = np.array([0.5, 0.25, 0.25])


@pytest.fixture(params=[False, True], ids=["dense", "sparse"])
def data(request):
    probs = sp.csr_array(PROBS) if request.param else PROBS
    return ntp.NTPData(np.eye(3), WEIGHTS, probs, num_sequences=16)


def by_definition():
    support = PROBS > 0
    joint = WEIGHTS[:, None] * PROBS
    tokens = joint.sum(axis=0)
    pmi = np.zeros_like(PROBS)
    odds = np.zeros_like(PROBS)
    for j, z in zip(*np.nonzero(support), strict=True):
        pmi[j, z] = np.log(joint[j, z] / (WEIGHTS[j] * tokens[z]))
        odds[j, z] = np.log(PROBS[j, z]) - np.log(PROBS[j, support[j]]).mean()
    plain = {
        "start": joint, "probabilities": PROBS, "rooted": np.sqrt(WEIGHTS)[:, None] * PROBS, "counts": joint,
        "log counts": np.log1p(16 * joint), "PMI": pmi, "PMI centred": pmi, "PPMI": np.maximum(pmi, 0),
        "PPMI centred": np.maximum(pmi, 0), "support": support.astype(float),
        "centred support": support.astype(float), "log-odds": odds,
    }  # fmt: skip
    raw = {"counts", "PMI", "PPMI", "support", "log-odds"}
    return {name: M if name in raw else M - M.mean(axis=1)[:, None] for name, M in plain.items()}


def test_every_matrix_is_what_its_name_says(data):
    found, expected = candidate_matrices(data), by_definition()
    assert list(found) == list(CANDIDATES)
    assert set(found) == set(expected)
    for name, matrix in expected.items():
        np.testing.assert_allclose(found[name], matrix, atol=1e-15, err_msg=name)


def test_the_start_is_minus_the_gradient_at_zero(data):
    at_zero = gradient(np.zeros((4, 3)), data).T
    np.testing.assert_allclose(candidate(data, "start").dense(), -at_zero, atol=1e-16)


@pytest.mark.parametrize("name", CANDIDATES)
def test_the_operator_multiplies_as_the_dense_matrix(data, name):
    found = candidate(data, name)
    dense, operator = found.dense(), found.operator()
    np.testing.assert_allclose(operator @ np.eye(4), dense, atol=1e-15)
    np.testing.assert_allclose(operator.T @ np.eye(3), dense.T, atol=1e-15)


def test_without_a_number_of_sequences_the_rarest_pair_counts_once():
    data = ntp.NTPData(np.eye(3), WEIGHTS, PROBS)
    assert module.counts(data).min() == pytest.approx(1.0)
    np.testing.assert_allclose(module.counts(data), module.joint_probs(data) * 16)


def test_an_unknown_name_lists_the_known_ones(data):
    with pytest.raises(ntp.NTPDataError, match="unknown candidate 'proxy'; valid: start, probabilities"):
        candidate(data, "proxy")


def test_a_matrix_too_large_to_be_dense_is_refused(data, monkeypatch):
    monkeypatch.setattr(module, "MAX_DENSE_ENTRIES", 11)
    with pytest.raises(ntp.NTPDataError, match=r"shape \(3, 4\) has more than 11 entries"):
        candidate_matrices(data)


def test_shuffled_supports_keep_frequencies_but_for_pairs_drawn_twice():
    rng = np.random.default_rng(0)
    probs = np.where(rng.random((60, 40)) < 0.1, 1.0, 0.0)
    probs[:, 0] = 1.0
    data = ntp.NTPData(np.arange(60.0)[:, None], np.full(60, 1 / 60), probs / probs.sum(axis=1)[:, None])
    found = shuffled_support(data, seed=3)
    S, mixed = probs, found.values.toarray()
    assert set(np.unique(mixed)) == {0.0, 1.0}
    assert found.is_centred
    assert (mixed.sum(axis=1) <= S.sum(axis=1)).all()
    assert (mixed.sum(axis=0) <= S.sum(axis=0)).all()
    assert mixed.sum() > 0.7 * S.sum()
    # Agreement is that of chance: the product of the marginals.
    assert (mixed * S)[:, 1:].sum() < 0.3 * S[:, 1:].sum()
    np.testing.assert_array_equal(shuffled_support(data, seed=3).values.toarray(), mixed)
    assert (shuffled_support(data, seed=4).values.toarray() != mixed).any()
