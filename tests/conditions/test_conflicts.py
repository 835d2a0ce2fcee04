"""What a certificate of incompatibility is worth, and when it is worth nothing."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.conditions.log_odds_conflict import conflict, excluded_norm

# One embedding twice, with log-odds 0 and log 3: no W has both.
PROBS = np.array([[0.5, 0.5, 0.0], [0.75, 0.25, 0.0]])
CERTIFICATE = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]])


def disagreement(length):
    with pytest.warns(ntp.NTPDataWarning, match="repeat another context's embedding"):
        return ntp.NTPData([[length, 0.0], [length, 0.0]], [0.5, 0.5], PROBS)


@pytest.fixture
def disagreeing():
    return disagreement(1.0)


def test_half_of_the_disagreement_is_left_to_any_decoder(disagreeing):
    assert conflict(CERTIFICATE, disagreeing) == pytest.approx(np.log(3) / 2, rel=1e-12)


@pytest.mark.parametrize(
    "matrix",
    [
        pytest.param(np.zeros((2, 3)), id="zero"),
        pytest.param(CERTIFICATE * np.nan, id="not a number"),
        pytest.param(np.add(CERTIFICATE, [[0, 0, 1], [0, 0, -1]]), id="off the supports"),
        pytest.param(np.add(CERTIFICATE, [[1e-3, 0, 0], [-1e-3, 0, 0]]), id="rows that do not sum to zero"),
        pytest.param(CERTIFICATE * [[1], [0.999]], id="logits that do not cancel"),
    ],
)
def test_what_is_no_certificate_proves_nothing(matrix, disagreeing):
    assert conflict(matrix, disagreeing) == 0


def test_log_odds_that_cancel_prove_nothing():
    data = ntp.NTPData([[1.0, 0.0], [1.0, 0.0]], [0.5, 0.5], PROBS[[1, 1]])
    assert conflict(CERTIFICATE, data) == 0


def test_a_norm_beyond_float64_is_infinite(disagreeing):
    assert excluded_norm(CERTIFICATE, disagreement(1e-300)) == np.inf
    assert 1e14 < excluded_norm(CERTIFICATE, disagreeing) < 1e17


def test_the_disagreement_is_found_at_any_length_and_warned_of_once():
    assert ntp.compatibility(disagreement(1e-100)).holds is False


@pytest.mark.parametrize("exponent", [-400, 0, 400])
def test_certificates_have_entries_of_ordinary_size(exponent):
    embeddings = np.ldexp([[1.0], [-2.0]], exponent)
    data = ntp.NTPData(embeddings, [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    found = ntp.separability(data)
    assert found.verify()
    assert 1e-3 < np.abs(found.certificate).max() < 1e3
