"""`verify()` believes neither a direction nor a certificate that was tampered with."""

import dataclasses

import numpy as np
import pytest
from separability_by_definition import assert_is_certificate

import ntp_lib as ntp
from ntp_lib.margins.separability_verdict import Verdict

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


@pytest.mark.parametrize(
    ("embeddings", "labels", "forged"),
    [
        # Column 1 adds up to zero only through a positive entry off the support.
        pytest.param([[1, 0], [0, 1], [1, 1]], [0, 0, 0], [[1, -1], [1, -1], [-1, 1]], id="sign"),
        # Signs and columns are right, rows are not.
        pytest.param([[1], [-1]], [0, 1], [[-1, -1], [-1, -1]], id="row sums"),
    ],
)
def test_a_forged_certificate_against_separable_data_fails(embeddings, labels, forged):
    data = ntp.NTPData(embeddings, np.full(len(labels), 1 / len(labels)), np.eye(2)[labels])
    assert not np.any(np.transpose(forged) @ data.embeddings), "one of the three conditions must hold"
    found = ntp.separability(data)
    assert found.holds
    accused = dataclasses.replace(
        found, status=Verdict.NOT_SEPARABLE, direction=None, certificate=np.array(forged, dtype=float)
    )
    assert not accused.verify()


def test_a_verdict_carried_to_other_data_fails():
    found = ntp.separability(SEPARABLE)
    other = ntp.NTPData(-SEPARABLE.embeddings, SEPARABLE.context_probs, SEPARABLE.next_token_probs)
    assert not dataclasses.replace(found, data=other).verify()
