"""No verdict depends on the lengths of the embeddings, and none is proved that exact arithmetic refutes."""

import warnings

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins import certificates
from ntp_lib.margins.separability_verdict import Verdict
from ntp_lib.subspaces import scaling

SCALES = [5e-324, 1e-310, 1e-300, 1e-200, 1e-170, 1e-160, 1e-80, 1e-12, 1e12, 1e80, 1e160, 1e300]


def relengthened(data, factors):
    with warnings.catch_warnings():
        # Embeddings of the least subnormal numbers may coincide.
        warnings.simplefilter("ignore", ntp.NTPDataWarning)
        embeddings = data.embeddings * np.reshape(factors, (-1, 1))
        return ntp.NTPData(embeddings, data.context_probs, data.next_token_probs)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("contexts", ["all", "one"])
def test_independent_embeddings_of_any_length_meet_both_conditions(scale, contexts):
    """Lemma 1 does not know lengths: whole embeddings keep their directions down to the least subnormal number."""
    directions = np.random.default_rng(0).permutation(np.eye(4) + np.eye(4, k=1)) * 2
    probs = [[0.5, 0.3, 0.2, 0.0], [0.0, 0.1, 0.9, 0.0], [0.0, 0.0, 0.0, 1.0], [0.6, 0.0, 0.0, 0.4]]
    data = ntp.NTPData(directions, np.full(4, 0.25), probs)
    factors = np.full(4, scale) if contexts == "all" else np.array([1.0, scale, 1.0, 1.0])
    scaled = relengthened(data, factors)
    verdict = ntp.separability(scaled)
    assert verdict.status is Verdict.SEPARABLE
    assert verdict.verify()
    assert "Separable" in ntp.explain(verdict)
    if scale < 1e-305:
        with pytest.raises(ntp.NTPDataError, match="decoders that meet the log-odds are beyond float64"):
            ntp.compatibility(scaled)
        return
    fit = ntp.compatibility(scaled)
    assert fit.holds is True
    assert fit.verify()
    assert fit.certificate is None
    assert ntp.explain(fit).startswith("Compatible")


@pytest.mark.parametrize("scale", SCALES)
def test_a_conflict_of_any_length_is_found(scale):
    """The control: opposite embeddings with one label, one of them and both of another length."""
    for factors in ([scale, scale], [scale, 1.0]):
        data = relengthened(ntp.NTPData([[2.0], [-2.0]], [0.5, 0.5], [[0.7, 0.3, 0.0]] * 2), factors)
        verdict = ntp.separability(data)
        assert verdict.status is Verdict.NOT_SEPARABLE
        assert verdict.verify()
        assert verdict.excluded_margin <= certificates.EXCLUDED_MARGIN
        if scale > 1e-305:
            assert ntp.compatibility(data).holds is not True


@pytest.mark.parametrize("scale", [1e-200, 1e-80, 1.0, 1e80, 1e200])
def test_an_exact_conflict_is_proved_at_every_scale(scale):
    data = ntp.NTPData([[scale], [2 * scale]], [0.5, 0.5], [[0.5, 0.5, 0.0], [0.1, 0.9, 0.0]])
    found = ntp.compatibility(data)
    assert found.holds is False
    assert found.verify()
    # C = ((2, −2), (−1, 1)) / 2: every decoder misses log 9 by a third, the sum over half of Σ|c|.
    assert found.conflict == pytest.approx(np.log(9) / 3, rel=1e-12)
    assert found.excluded_norm * scale > 1e14


@pytest.mark.parametrize("decades", [8, 12, 50, 150])
def test_lengths_over_decades_are_compatible_and_the_residual_is_rounding(decades, random_problem):
    base = random_problem(0, m=4, d=6)
    data = relengthened(base, np.logspace(-decades / 2, decades / 2, 4))
    found = ntp.compatibility(data)
    assert found.holds is True
    assert found.verify()
    longest = np.linalg.norm(data.embeddings, axis=1).max()
    assert found.residual <= 1e-12 * np.linalg.norm(found.W_star) * longest + 1e-9
    if found.residual > found.tolerance:
        assert "independent, hence solvable" in ntp.explain(found)
        another = type(found)(True, found.tolerance, found.F, 1.01 * found.W_star)
        assert not another.verify(), "control: another decoder is no rounding of W*"


def nearly_parallel(angle, extra=()):
    embeddings = [[1.0, 2.0, 0.5], [1.0, 2.0 + angle, 0.5], *extra]
    probs = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]][: len(embeddings)]
    return ntp.NTPData(embeddings, np.full(len(embeddings), 1 / len(embeddings)), probs)


@pytest.mark.parametrize("angle", [1e-3, 1e-9, 1e-11, 1e-12, 1e-13])
def test_nearly_parallel_contexts_are_separable_by_lemma_1(angle):
    found = ntp.separability(nearly_parallel(angle))
    assert found.status is Verdict.SEPARABLE
    assert found.verify()


@pytest.mark.parametrize("extra", [(), ((3.0, -1.0, 2.0), (1.0, 1.0, 1.0))])
def test_contexts_that_differ_in_the_last_bit_are_not_proved_inseparable(extra):
    """Four contexts in three dimensions: the certificate speaks about the first two alone."""
    found = ntp.separability(nearly_parallel(4.44e-16, extra))
    assert found.holds is None
    assert "smaller ones are not" in found.reason
    assert not found.verify()
    equal = ntp.separability(_without_warning(nearly_parallel, 0.0, extra))
    assert equal.status is Verdict.NOT_SEPARABLE, "control: equal contexts"
    assert equal.verify()


def _without_warning(function, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ntp.NTPDataWarning)
        return function(*arguments)


@pytest.mark.parametrize("solver", ["structured", "highs"])
def test_margins_below_the_threshold_are_not_excluded_by_a_loose_certificate(solver):
    """Five contexts in three dimensions with a margin of about 1e-11: no certificate excludes it."""
    angle = 1e-11
    extra = ((3.0, -1.0, 2.0), (1.0, 1.0, 1.0), (4.0, 0.0, 3.0))
    probs = np.eye(3)[[0, 1, 2, 2, 2]]
    data = ntp.NTPData([[1.0, 2.0, 0.5], [1.0, 2.0 + angle, 0.5], *extra], np.full(5, 0.2), probs)
    assert ntp.separability(data, solver=solver).holds is not False


def test_last_bits_are_not_proved_incompatible():
    """Log-odds that only a decoder of length 1e16 meets: neither met nor excluded."""
    embeddings = np.array([[1.0, 2.0], [1.0, np.nextafter(2.0, 3.0)]])
    data = ntp.NTPData(embeddings, [0.5, 0.5], [[0.5, 0.5], [0.1, 0.9]])
    found = ntp.compatibility(data)
    assert found.holds is None
    assert found.W_star is None
    assert found.certificate is None
    assert not found.verify()
    assert ntp.explain(found).startswith("Undecided")
    assert np.isfinite(found.W_finite).all()
    # With a third context they are no longer independent as a whole: what is excluded then has a length.
    third = ntp.NTPData([*embeddings, [3.0, -1.0]], [0.4, 0.4, 0.2], [[0.5, 0.5], [0.1, 0.9], [1.0, 0.0]])
    excluded = ntp.compatibility(third)
    assert excluded.holds is False
    assert excluded.verify()
    assert 1e13 < excluded.excluded_norm < np.log(9) / np.spacing(2.0)
    assert "for every ‖W‖ up to" in ntp.explain(excluded)
    # The control: exactly parallel ones contradict each other.
    embeddings[1] = 2 * embeddings[0]
    assert ntp.compatibility(ntp.NTPData(embeddings, [0.5, 0.5], [[0.5, 0.5], [0.1, 0.9]])).holds is False


def test_a_decomposition_does_not_bound_what_last_bits_let_diverge():
    with pytest.raises(ntp.DidNotConvergeError, match="too small to decide"):
        ntp.decomposition(nearly_parallel(4.44e-16))


def test_powers_of_two_change_no_bit_of_a_certificate(random_problem):
    data = random_problem(0, m=8, d=2)
    A = np.random.default_rng(0).standard_normal(data.probs.shape)
    weights = certificates.unit_weights(certificates.for_embeddings(A, data), data)
    assert weights * np.abs(A).max() / np.abs(weights).max() == pytest.approx(A, rel=1e-15)
    far = relengthened(data, 2.0 ** np.linspace(-400, 400, 8).astype(int))
    found = certificates.unit_weights(certificates.for_embeddings(A, far), far)
    assert found * np.abs(A).max() / np.abs(found).max() == pytest.approx(A, rel=1e-15)


def test_ordinary_embeddings_are_left_alone(random_problem):
    data = random_problem(0)
    assert scaling.scaled_rows(data)[0] is data.embeddings
    assert not scaling.scaled_rows(data)[2].any()
    assert scaling.rescaled(data) == (data, 0)
    scaled, exponent = scaling.rescaled(relengthened(data, np.full(4, 2.0**-800)))
    assert np.array_equal(np.ldexp(scaled.embeddings, exponent), data.embeddings * 2.0**-800)
    assert 0.5 <= np.abs(scaled.embeddings).max() <= 1


def test_a_length_beyond_float64_is_refused():
    data = ntp.NTPData([[1.5e308, 1.5e308], [1.0, 0.0]], [0.5, 0.5], np.eye(2))
    with pytest.raises(ntp.NTPDataError, match=r"context 0 has a length above 1\.8e308"):
        ntp.separability(data)


@pytest.mark.parametrize("limit", [-1, float("nan"), "ten", None, True, [1, 2]])
def test_bad_time_limits_are_refused(limit):
    for function in (ntp.separability, ntp.decomposition):
        with pytest.raises(ntp.NTPDataError, match="time_limit is"):
            function(ntp.synthetic.toy_2d(), time_limit=limit)
