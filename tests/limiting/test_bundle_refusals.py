"""What the bundle of references refuses, word for word, and the sizes that are still workable."""

import dataclasses

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.limiting.limits import not_separable
from ntp_lib.margins.separability_verdict import certified_error

OPPOSITE = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


@pytest.fixture
def toy():
    return ntp.references(ntp.synthetic.toy_2d())


def test_a_certified_refusal_names_consequence_and_bound():
    verdict = ntp.separability(OPPOSITE)
    error = certified_error(verdict, "there is nothing to draw")
    assert str(error) == (
        "the data are not NTP-separable, so there is nothing to draw; the certificate attached excludes every "
        f"margin above {verdict.excluded_margin:.1e} per unit of ‖W‖ and of embedding length"
    )
    assert error.certificate is verdict.certificate


def test_without_a_certificate_nothing_is_proved():
    undecided = ntp.Separability(OPPOSITE, ntp.Verdict.UNDECIDED, reason="the time was up")
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        certified_error(undecided, "there is nothing to draw")
    assert str(refusal.value) == ("no W^mm and no certificate against one were found, so there is nothing to draw")


@pytest.mark.parametrize(
    ("why", "opening"), [("the solver broke", "the solver broke"), ("", ntp.Verdict.SEPARABLE.value)]
)
def test_a_margin_that_exists_but_was_not_found_is_no_refusal_of_it(toy, why, opening):
    unsolved = dataclasses.replace(toy, svm=None, why_no_svm=why)
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        not_separable(unsolved, "the plot stays empty")
    assert str(refusal.value) == f"{opening}; so the plot stays empty"
    with pytest.raises(ntp.DidNotConvergeError, match=r"; so no check$"):
        unsolved.require_margin("no check")


def missing_by(toy, residual, **changes):
    found = dataclasses.replace(toy.compatibility, **changes)
    vars(found)["residuals"] = np.full(toy.data.num_contexts, residual)
    return dataclasses.replace(toy, compatibility=found)


@pytest.mark.parametrize(("residual", "workable"), [(1e-6, True), (1.01e-6, False)])
def test_log_odds_that_rounding_misses(toy, residual, workable):
    rounded = missing_by(toy, residual)
    if workable:
        rounded.require_met_log_odds()
        return
    with pytest.raises(ntp.DidNotConvergeError) as refusal:
        rounded.require_met_log_odds()
    assert str(refusal.value) == (
        "the lengths of the embeddings are so far apart that W*, rounded to float64, misses the log-odds of the "
        "longest by 1.0e-06 nats; at most 1e-06 are workable"
    )
    missing_by(toy, residual, tolerance=1e-5).require_met_log_odds()
    missing_by(toy, residual, holds=False).require_met_log_odds()


def test_parts_of_other_data_are_refused_by_name(toy):
    data = toy.data
    other = ntp.references(ntp.NTPData(2 * data.embeddings, data.context_probs, data.probs))
    for name in ("F", "compatibility", "svm"):
        with pytest.raises(ntp.NTPDataError, match=rf"^{name}\b"):
            dataclasses.replace(toy, **{name: getattr(other, name)})


def test_support_vectors_are_those_above_a_share_of_the_largest(toy):
    dual = np.where(toy.data.support, 1.0, 0.0)
    pairs = [tuple(map(int, pair)) for pair in np.argwhere(~toy.data.support)]
    for size, pair in zip((-2.0, -1.0, -1e-5), pairs, strict=False):
        dual[pair] = size
    found = dataclasses.replace(toy.svm, dual=dual)
    assert found.support_vectors() == pairs[:3]
    assert found.support_vectors(threshold=0.4) == pairs[:2]
    assert found.support_vectors(threshold=0.5) == pairs[:1]
