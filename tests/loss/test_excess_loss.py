"""The excess loss far below the rounding of the loss, the exact split, and the size of the offset."""

import mpmath
import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.loss import cross_entropy, split
from ntp_lib.loss.cross_entropy import stacked_excess_parts

SEEDS = range(5)


def excess_in_extended_precision(W, data):
    """CE(W) − H with 400 digits, straight from (2); W and the data are taken as they are stored."""
    with mpmath.workdps(400):
        total = mpmath.mpf(0)
        for j in range(data.num_contexts):
            h = [mpmath.mpf(x) for x in data.embeddings[j].tolist()]
            logits = [mpmath.fdot([mpmath.mpf(x) for x in row], h) for row in W.tolist()]
            partition = mpmath.log(mpmath.fsum(mpmath.exp(value) for value in logits))
            # Stored probabilities sum to one up to rounding only; the model is compared with their exact shape.
            mass = mpmath.fsum(data.next_token_probs[j].tolist())
            for z in np.flatnonzero(data.next_token_probs[j]).tolist():
                p = mpmath.mpf(float(data.next_token_probs[j, z])) / mass
                weight = mpmath.mpf(float(data.context_probs[j]))
                total += weight * p * (mpmath.log(p) - logits[z] + partition)
        return float(total)


def far_along_the_margin(data, distance):
    return ntp.compatibility(data).W_star + distance * ntp.ntp_svm(data).W


def assert_relatively_accurate(found, expected):
    # Products in 64-bit mantissas leave errors of about 1e-18 in deviations of about 1e-14.
    assert abs(found - expected) <= 1e-3 * expected


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="this platform has no extended precision")
@pytest.mark.parametrize("distance", [1.0, 10.0, 40.0, 70.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_excess_is_relatively_accurate_however_small(seed, distance, random_problem):
    data = random_problem(seed, m=4, d=5)
    W = far_along_the_margin(data, distance)
    expected = excess_in_extended_precision(W, data)
    assert_relatively_accurate(ntp.excess_loss(W, data), expected)
    if distance == 70.0:
        assert 0 < expected < 1e-24, "the rounding of W alone"
        naive = ntp.cross_entropy(W, data) - data.entropy
        with pytest.raises(AssertionError):
            assert_relatively_accurate(naive, expected)


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="this platform has no extended precision")
@pytest.mark.parametrize("sizes", [(1, None), (2, 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_excess_is_accurate_on_either_side_of_extended_precision(seed, sizes, random_problem):
    """From deviations that float64 resolves to those it does not, alone and in a stack."""
    data = random_problem(seed, m=4, d=5, sizes=sizes)
    turn = np.random.default_rng(seed).standard_normal((data.vocab_size, data.dim))
    base = far_along_the_margin(data, 30.0)
    several = np.array([base + 10.0**-k * turn for k in range(8)])
    expected = [excess_in_extended_precision(W, data) for W in several]
    # 1e-11 is asked of float64; extended precision has 1e-18 for deviations of 1e-7.
    np.testing.assert_allclose([ntp.excess_loss(W, data) for W in several], expected, rtol=1e-10, atol=0)
    np.testing.assert_allclose(np.sum(stacked_excess_parts(several, data), axis=0), expected, rtol=1e-10, atol=0)


def test_extended_precision_is_taken_where_it_is_needed(random_problem, monkeypatch):
    """The control: without it the smallest excess misses the 1e-3 asked for above."""
    data = random_problem(0, m=4, d=5, sizes=(2, 3))
    W = far_along_the_margin(data, 70.0)
    right = ntp.excess_loss(W, data)
    monkeypatch.setattr(cross_entropy, "ROUNDING_SHARE", np.inf)
    assert abs(ntp.excess_loss(W, data) - right) > 1e-3 * right


@pytest.mark.parametrize("deviation", [0.0, 2.0**-52, 2.0**-50, 2.0**-45])
def test_excess_of_soft_labels_is_accurate_at_1e_minus_30(deviation):
    """Dyadic weights, so that nothing is rounded before the library starts."""
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5, 0, 0], [0.25, 0, 0.75, 0]])
    W = np.array([[0.0, 0.0], [deviation, -70.0], [-70.0, np.log(3.0)], [-71.0, -71.0]])
    expected = excess_in_extended_precision(W, data)
    assert 1e-31 < expected < 1e-27
    # The rounding of log 3 alone costs 1e-3 of a deviation of 1e-16.
    assert ntp.excess_loss(W, data) == pytest.approx(expected, rel=1e-2, abs=0)
    assert 2 * ntp.excess_loss(W, data) != pytest.approx(expected, rel=1e-2, abs=0)


@pytest.mark.parametrize("distance", [1.0, 70.0, 600.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_excess_of_one_hot_labels_is_accurate_to_rounding(seed, distance, random_problem):
    data = random_problem(seed, m=4, d=5, sizes=(1, 1))
    W = distance * ntp.ntp_svm(data).W
    expected = excess_in_extended_precision(W, data)
    # A logit of size 600 is rounded by 1e-13, which its exponential passes on.
    assert ntp.excess_loss(W, data) == pytest.approx(expected, rel=1e-11, abs=0)
    if distance >= 70:
        assert 0 < expected < 1e-29
        assert ntp.cross_entropy(W, data) == 0 or ntp.cross_entropy(W, data) < 1e-29


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("seed", SEEDS)
def test_excess_is_accurate_for_logits_of_any_size(seed, size, random_problem):
    """Also a test that nothing overflows: warnings are errors."""
    data = random_problem(seed)
    W = size * np.random.default_rng(seed).standard_normal((data.vocab_size, data.dim))
    assert ntp.excess_loss(W, data) == pytest.approx(excess_in_extended_precision(W, data), rel=1e-12)
    assert np.isfinite(ntp.gradient(W, data)).all()


@pytest.mark.parametrize("probability", [1e-12, 1e-100, 1e-300])
def test_extreme_probabilities_do_not_overflow(probability):
    data = ntp.NTPData([[1.0], [-1.0]], [0.5, 0.5], [[probability, 1 - probability, 0], [0.5, 0.0, 0.5]])
    W = np.array([[1.0], [-2.0], [0.5]])
    assert ntp.excess_loss(W, data) == pytest.approx(excess_in_extended_precision(W, data), rel=1e-13)
    assert np.isfinite(ntp.gradient(W, data)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_stays_relatively_accurate_off_the_supports(seed, random_problem):
    """Far along W^mm of one-hot data the gradient is tiny, and is still the derivative of the excess."""
    data = random_problem(seed, m=3, d=4, sizes=(1, 1))
    W_mm = ntp.ntp_svm(data).W
    W, step = 60 * W_mm, 1e-4
    expected = (ntp.excess_loss(W + step * W_mm, data) - ntp.excess_loss(W - step * W_mm, data)) / (2 * step)
    assert abs(expected) < 1e-25
    # Central differences of an exponential: step² / 6, and rounding 1e-14 / step.
    assert np.sum(ntp.gradient(W, data) * W_mm) == pytest.approx(expected, rel=1e-7, abs=0)


def split_by_definition(W, data):
    """The two sums of the exact split (T1), from the logits."""
    divergence = offset = 0.0
    for j in range(data.num_contexts):
        logits, p = W @ data.embeddings[j], data.next_token_probs[j]
        inside = p > 0
        mass = np.exp(logits[inside]).sum()
        q = np.exp(logits[inside]) / mass
        divergence += data.context_probs[j] * (p[inside] @ np.log(p[inside] / q))
        offset += data.context_probs[j] * np.log1p(np.exp(logits[~inside]).sum() / mass)
    return divergence, offset


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exact_split(seed, random_problem):
    data = random_problem(seed)
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((data.vocab_size, data.dim))
    divergence, offset = split_by_definition(W, data)
    assert ntp.excess_parts(W, data) == pytest.approx((divergence, offset), rel=1e-12)
    assert ntp.excess_loss(W, data) == pytest.approx(divergence + offset, rel=1e-12)
    # The first part sees only the component in F, the second does not (control).
    U = ntp.subspace(data).project_complement(rng.standard_normal(W.shape))
    assert ntp.excess_parts(W + U, data)[0] == pytest.approx(divergence, rel=1e-11, abs=1e-14)
    assert ntp.excess_parts(W + U, data)[1] != pytest.approx(offset, rel=1e-3)


def offsets(W, data):
    """o_jv as {(j, v): value}."""
    found = {}
    for j in range(data.num_contexts):
        logits, inside = W @ data.embeddings[j], data.support[j]
        mass = np.exp(logits[inside]).sum()
        found.update({(j, v): np.exp(logits[v]) / mass for v in np.flatnonzero(~inside)})
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_offset_is_bounded_by_the_component_in_F(seed, random_problem):
    """(T2): o_jv(W_F + U) = a_jv e^{−μ_jv(U)} with e^{−M‖W_F‖}/S_j ≤ a_jv ≤ e^{M‖W_F‖}/S_j."""
    data = random_problem(seed)
    rng = np.random.default_rng(seed)
    F = ntp.subspace(data)
    W_F = F.project(0.5 * rng.standard_normal((data.vocab_size, data.dim)))
    U = F.project_complement(rng.standard_normal((data.vocab_size, data.dim)))
    reach = np.sqrt(2) * np.linalg.norm(data.embeddings, axis=1).max() * np.linalg.norm(W_F)
    ratios = []
    for (j, v), value in offsets(W_F + U, data).items():
        z = np.flatnonzero(data.support[j])[0]
        a = value * np.exp((U[z] - U[v]) @ data.embeddings[j])
        ratios.append(np.log(a * data.support[j].sum()) / reach)
    assert np.abs(ratios).max() <= 1
    # The bound is no triviality: without the supports' sizes it fails somewhere, or M is needed at a tenth.
    assert np.abs(ratios).max() > 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_falls_at_the_rate_of_the_genie(seed, random_problem):
    """(9): CE(W* + R W^mm) − H ≤ V e^{M‖W*‖} e^{−R}; without the margin it does not fall (control)."""
    data = random_problem(seed, m=3, d=4)
    W_star, W_mm = ntp.compatibility(data).W_star, ntp.ntp_svm(data).W
    M = np.sqrt(2) * np.linalg.norm(data.embeddings, axis=1).max()
    constant = data.vocab_size * np.exp(M * np.linalg.norm(W_star))
    for R in (0.0, 1.0, 5.0, 20.0):
        assert 0 < ntp.excess_loss(W_star + R * W_mm, data) <= constant * np.exp(-R)
    stuck = [ntp.excess_loss(W_star - R * W_mm, data) for R in (0.0, 1.0, 5.0)]
    assert stuck == sorted(stuck)


def test_extended_products_do_not_depend_on_how_they_are_cut(monkeypatch, random_problem):
    data = random_problem(3, m=5, d=3)
    W, block = np.random.default_rng(0).normal(size=(5, 3)), next(data.blocks())
    whole = split.extended_in_support(W, block)
    assert data.probs.nnz > 7
    for entries in (3, 7, 12):
        monkeypatch.setattr(split, "EXTENDED_ENTRIES", entries)
        assert np.array_equal(split.extended_in_support(W, block), whole)


@pytest.mark.parametrize("size", [1e154, 1e250])
def test_huge_decoders_have_a_loss_and_a_gradient(size):
    toy = ntp.synthetic.toy_2d()
    W = np.random.default_rng(0).normal(size=(5, 2))
    assert ntp.excess_loss(size * W, toy) == pytest.approx(size * (ntp.excess_loss(1e9 * W, toy) / 1e9), rel=1e-6)
    assert np.isfinite(ntp.gradient(size * W, toy)).all()


def test_logits_out_of_range_are_refused_by_name():
    toy = ntp.synthetic.toy_2d()
    for use in (ntp.excess_loss, ntp.cross_entropy, ntp.gradient, ntp.cross_entropy_in_support):
        with pytest.raises(ntp.NTPDataError, match=r"W has entries up to 1e\+300 .* leave the range"):
            use(np.full((5, 2), 1e300), toy)


def test_probabilities_at_the_end_of_the_range():
    """The least p̂ that has all its digits: q/p̂ is still a number."""
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, np.finfo(float).tiny, 0.0]])
    block = next(data.blocks())
    found = split.split_softmax(np.zeros((1, 3)), block)
    assert found.residual() == pytest.approx(np.array([[2 / 3, -1 / 3, -1 / 3]]), rel=1e-12)
    assert ntp.excess_loss(np.zeros((3, 1)), data) == pytest.approx(np.log(3), rel=1e-12)
