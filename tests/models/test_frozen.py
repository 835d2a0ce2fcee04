"""Frozen embeddings: verdicts, distances that vanish at the limits themselves, and what is refused."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.models.frozen import frozen, with_embeddings
from ntp_lib.models.training import train_transformer


@pytest.fixture(scope="module")
def plane():
    """The paper's plane with its limits: compatible and separable."""
    data = ntp.synthetic.toy_2d()
    return data, ntp.limits(data)


def at_the_limits(plane, radius=7.0):
    _, limits = plane
    return limits.W_finite + radius * limits.W_mm


def test_at_the_limits_nothing_is_left_of_the_distances(plane):
    data, limits = plane
    report = frozen(data, at_the_limits(plane), data.embeddings)
    assert report.compatibility.holds is True
    assert report.separability.holds is True
    assert report.finite_error == pytest.approx(0.0, abs=1e-9)
    assert report.fitted_error == report.finite_error
    assert report.log_odds_error == pytest.approx(0.0, abs=1e-9)
    # W^mm is solved to a relative gap of 1e-7, whose square root bounds its distance.
    assert report.cosine == pytest.approx(1.0, abs=1e-6)
    assert report.attained == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(report.svm.W, limits.W_mm, atol=1e-6)
    assert report.excess_loss == pytest.approx(ntp.excess_loss(at_the_limits(plane), data), rel=1e-9)


def test_a_mean_row_changes_nothing(plane):
    data, _ = plane
    W = at_the_limits(plane)
    rng = np.random.default_rng(0)
    plain, shifted = (frozen(data, W + row, data.embeddings) for row in (0.0, rng.standard_normal(data.dim)))
    assert shifted.summary == pytest.approx(plain.summary, abs=1e-9)
    assert np.abs(shifted.W.mean(axis=0)).max() < 1e-12


def test_parts_are_measured_apart(plane):
    data, limits = plane
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(limits.W_mm.shape)
    inside = frozen(data, at_the_limits(plane) + limits.F.project(noise), data.embeddings)
    assert inside.finite_error > 0.1
    assert inside.cosine == pytest.approx(1.0, abs=1e-6)
    outside = frozen(data, at_the_limits(plane) + 5 * limits.F.project_complement(noise), data.embeddings)
    assert outside.finite_error == pytest.approx(0.0, abs=1e-9)
    assert outside.cosine < 0.99
    assert outside.attained < 1
    assert inside.cosine_of(outside.W) == pytest.approx(outside.cosine)


def test_a_decoder_is_trained_against_the_same_limits(plane):
    data, limits = plane
    report = frozen(data, at_the_limits(plane), data.embeddings)
    run = ntp.train(report.data, steps=50, num_records=2, W0=report.W, references=report.limits)
    assert run.references.svm is report.svm
    # Far along, fifty steps change little, and the decoder stays as near W^mm as it was.
    assert report.cosine_of(run.W) == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(report.limits.W_finite, limits.W_finite, atol=1e-9)


def test_scaling_embeddings_leaves_the_attainable_margin(plane):
    data, _ = plane
    one, three = (frozen(data, at_the_limits(plane), scale * data.embeddings) for scale in (1.0, 3.0))
    assert three.attainable == pytest.approx(one.attainable, rel=1e-6)
    assert np.linalg.norm(three.svm.W) == pytest.approx(np.linalg.norm(one.svm.W) / 3, rel=1e-6)
    unit = np.linalg.norm(data.embeddings) / np.sqrt(data.num_contexts)
    assert one.attainable == pytest.approx(1 / (np.linalg.norm(one.svm.W) * unit))


def test_a_decoder_with_a_margin_decides_without_a_search(plane):
    data, _ = plane
    report = frozen(data, at_the_limits(plane), data.embeddings, time_limit=0)
    assert report.separability.holds is True
    assert report.separability.verify()
    np.testing.assert_allclose(report.separability.direction, report.W_off / 7.0, atol=1e-6)


def test_random_embeddings_of_few_dimensions_are_certified_not_separable(random_problem):
    data = random_problem(3, m=60, d=3, V=6, sizes=(1, 3))
    report = frozen(data, np.zeros((6, 3)), data.embeddings)
    assert report.separability.holds is False
    assert report.separability.verify()
    assert report.svm is None
    assert report.attainable == 0.0
    assert np.isnan([report.cosine, report.attained, report.summary["svm_norm"]]).all()
    assert report.compatibility.holds is False
    # W = 0 is as far from W° as W° is long; there is no W*.
    assert report.fitted_error == pytest.approx(1.0)
    assert report.log_odds_error == pytest.approx(1.0)
    assert np.isnan(report.finite_error)


def test_what_is_not_found_in_time_is_undecided(random_problem):
    data = random_problem(5, m=30, d=12, V=8, sizes=(2, 3))
    report = frozen(data, np.zeros((8, 12)), data.embeddings, time_limit=0)
    assert report.separability.holds is None
    assert report.separability.reason
    assert report.svm is None
    assert np.isnan(report.attainable)


def test_a_minimiser_that_newton_does_not_reach_is_no_number(plane, monkeypatch):
    data, _ = plane
    report = frozen(data, at_the_limits(plane), data.embeddings)

    def unreached(self):
        raise ntp.DidNotConvergeError("not reached")

    monkeypatch.setattr(type(report.compatibility), "W_finite", property(unreached))
    assert np.isnan(report.fitted_error)


def test_log_odds_are_compared_in_logits(plane):
    data, limits = plane
    half = frozen(data, 0.5 * limits.W_finite, data.embeddings)
    assert half.log_odds_error == pytest.approx(0.5)
    assert half.finite_error == pytest.approx(0.5)


@pytest.mark.parametrize("radius", [0.0, 1.0])
def test_a_decoder_without_a_part_off_F_has_no_direction(plane, radius):
    data, limits = plane
    report = frozen(data, radius * limits.W_finite, data.embeddings)
    assert np.isnan([report.cosine, report.attained, report.summary["cosine"]]).all()
    assert report.finite_error == pytest.approx(1 - radius, abs=1e-9)
    assert report.attainable > 0


def test_labels_stay_and_names_with_them(plane):
    data, _ = plane
    other = with_embeddings(data, np.eye(data.num_contexts))
    assert other.dim == data.num_contexts
    np.testing.assert_array_equal(other.next_token_probs, data.next_token_probs)
    assert (other.vocabulary, other.contexts) == (data.vocabulary, data.contexts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"H": np.ones((2, 2))}, r"H has shape \(2, 2\)"),
        ({"H": np.ones(3)}, r"H has shape \(3,\)"),
        ({"W": np.ones((5, 3))}, r"W has shape \(5, 3\); it must be \(V, d\) = \(5, 2\)"),
        ({"W": np.full((5, 2), np.nan)}, "W: row 0 holds numbers that are not finite"),
        ({"time_limit": -1}, "time_limit"),
        ({"time_limit": "soon"}, "time_limit"),
    ],
)
def test_bad_input_is_named(plane, change, message):
    data, _ = plane
    given = {"W": np.zeros((5, 2)), "H": data.embeddings} | change
    with pytest.raises(ntp.NTPDataError, match=message):
        frozen(data, **given)


def test_a_network_trained_on_little_text_meets_its_log_odds():
    text = "the cat saw the dog and the dog saw the dog and the cat saw the bird"
    data = ntp.NTPData.from_tokens(text.split(), context_length=2)
    places = {word: i for i, word in enumerate(data.vocabulary)}
    tokens = np.array([[places[word] for word in context] for context in data.contexts])
    run = train_transformer(data, tokens, dim=8, step_size=1e-2, steps=300, snapshots=(0,), num_records=2, seed=0)
    reports = [frozen(data, snapshot.W, snapshot.H) for snapshot in run.snapshots]
    assert reports[-1].separability.holds is True
    # Untrained, the decoder has no part in F to speak of; trained, it has W* to the accuracy of its loss.
    assert reports[0].finite_error > 0.9 > 0.1 > reports[-1].finite_error
    assert reports[-1].excess_loss < 0.02 < reports[0].excess_loss
