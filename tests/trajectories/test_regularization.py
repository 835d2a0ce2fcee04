"""The path of ridge and ball minimisers against another optimiser, optimality conditions and Theorem 1."""

import numpy as np
import pytest
import scipy.optimize
from scipy.special import log_softmax

import ntp_lib as ntp
from ntp_lib.trajectories.measurements import cosine
from ntp_lib.trajectories.ridge import RidgeSolver

SEEDS = range(4)


def loss(W, data):
    """(2) in matrix form."""
    return -np.sum(
        data.context_probs[:, None] * data.next_token_probs * log_softmax(data.embeddings @ W.T, axis=1)
    )


def slope(W, data):
    residual = np.exp(log_softmax(data.embeddings @ W.T, axis=1)) - data.next_token_probs
    return (data.context_probs[:, None] * residual).T @ data.embeddings


def ridge_minimiser(data, penalty):
    shape = (data.vocab_size, data.dim)
    found = scipy.optimize.minimize(
        lambda w: loss(w.reshape(shape), data) + penalty * (w @ w) / 2,
        np.zeros(shape[0] * shape[1]),
        jac=lambda w: slope(w.reshape(shape), data).ravel() + penalty * w,
        method="BFGS",
        options={"gtol": 1e-9},
    )
    return found.x.reshape(shape)


@pytest.mark.parametrize("seed", SEEDS)
def test_ridge_minimisers_agree_with_another_optimiser(seed, random_problem):
    data = random_problem(seed, m=4, d=3, V=4)
    path = ntp.regularization_path(data, penalties=[0.5, 0.05, 0.01])
    for i, penalty in enumerate([0.5, 0.05, 0.01]):
        expected = ridge_minimiser(data, penalty)
        # Strong convexity: errors of at most the final slope, 1e-9, or the rounding of the loss, over λ.
        assert np.linalg.norm(path.W(i) - expected) <= 1e-5 * np.linalg.norm(expected)
        assert np.linalg.norm(1.001 * path.W(i) - expected) > 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_ridge_minimisers_are_stationary(seed, random_problem):
    data = random_problem(seed, m=4, d=4)
    penalties = [1.0, 1e-2, 1e-4, 1e-6, 1e-10]
    path = ntp.regularization_path(data, penalties=penalties)
    for i, penalty in enumerate(penalties):
        W = path.W(i)
        # Logits are rounded by 1e-15, which is all that keeps the smallest penalties from closer agreement.
        assert np.linalg.norm(slope(W, data) + penalty * W) <= 1e-8 * penalty * np.linalg.norm(W) + 1e-14
    assert (path.frame["residual"] <= 1e-9).all()
    assert (np.diff(path.frame["radius"]) > 0).all()
    assert (np.diff(path.frame["excess_loss"]) < 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_ball_minimisers_have_the_radius_and_no_competitor(seed, random_problem):
    data = random_problem(seed, m=4, d=4)
    radii = [1.0, 3.0, 10.0, 30.0]
    path = ntp.regularization_path(data, radii=radii)
    rng = np.random.default_rng(seed)
    for i, radius in enumerate(radii):
        W = path.W(i)
        assert np.linalg.norm(W) == pytest.approx(radius, rel=1e-9)
        best = ntp.excess_loss(W, data)
        assert path.frame["excess_loss"][i] == pytest.approx(best, rel=1e-3, abs=0)
        for _ in range(20):
            other = W + 0.1 * radius * rng.standard_normal(W.shape)
            assert ntp.excess_loss(other * radius / np.linalg.norm(other), data) > best
    # Control: a longer decoder in the same direction does better, so the ball is what holds it.
    assert ntp.excess_loss(1.01 * path.W(2), data) < ntp.excess_loss(path.W(2), data)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_direction_obeys_theorem_1_with_its_rate(seed, random_problem):
    """cos ≥ √(1 − w²/B²) − Kν/B with K = log(2V²/π_*) + M(2w + 1), for large B."""
    data = random_problem(seed, m=3, d=4)
    references = ntp.references(data)
    w, nu = np.linalg.norm(references.W_finite), np.linalg.norm(references.W_mm)
    radii = [10 * nu, 20 * nu, 25 * nu]
    path = ntp.regularization_path(data, radii=radii, references=references)
    M = np.sqrt(2) * np.linalg.norm(data.embeddings, axis=1).max()
    K = np.log(2 * data.vocab_size**2 / data.context_probs.min()) + M * (2 * w + 1)
    found = np.array([cosine(path.W(i), references.W_mm) for i in range(3)])
    assert (found >= np.sqrt(np.maximum(0, 1 - (w / np.array(radii)) ** 2)) - K * nu / radii).all()
    assert (np.diff(found) > 0).all()
    assert path.frame["finite_error"].iloc[-1] < 1e-3 * path.frame["finite_error"].iloc[0]
    for i, R in enumerate(np.sqrt(np.array(radii) ** 2 - w**2) / nu):
        assert path.frame["excess_loss"][i] <= data.vocab_size * np.exp(M * w - R)


def test_balls_and_penalties_make_one_path(random_problem):
    data = random_problem(0, m=4, d=4)
    balls = ntp.regularization_path(data, radii=[2.0, 8.0])
    ridge = ntp.regularization_path(data, penalties=balls.frame["penalty"].to_list())
    for i in range(2):
        assert np.linalg.norm(ridge.W(i) - balls.W(i)) <= 1e-6 * np.linalg.norm(balls.W(i))
    assert np.linalg.norm(ridge.W(0) - balls.W(1)) > 0.1


def test_a_longer_path_passes_through_the_same_points(random_problem):
    data = random_problem(1, m=4, d=4)
    long, short = (ntp.regularization_path(data, radii=radii) for radii in ([1.0, 2.0, 5.0, 20.0], [20.0]))
    assert np.linalg.norm(long.W(3) - short.W(0)) <= 1e-6 * 20


def test_incompatible_data_have_a_path_too():
    data = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [0.1, 0.9, 0.0]])
    references = ntp.references(data)
    path = ntp.regularization_path(data, radii=[5.0, 20.0], references=references)
    assert path.frame["finite_error"].iloc[-1] < 1e-6
    floor = ntp.excess_loss(references.W_finite + 200 * references.W_mm, data)
    assert floor > 1e-3
    assert path.frame["excess_loss"].iloc[-1] == pytest.approx(floor, rel=1e-6)


def test_a_radius_that_no_penalty_gives_is_an_error():
    """Where the infimum is attained, minimisers over large balls are inside them."""
    data = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    assert ntp.regularization_path(data, radii=[0.1]).frame["penalty"][0] > 0
    with pytest.raises(ntp.DidNotConvergeError, match=r"radius|residual"):
        ntp.regularization_path(data, radii=[0.1, 100.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either radii or penalties"),
        ({"radii": [1.0], "penalties": [1.0]}, "either radii or penalties"),
        ({"radii": []}, "at least one"),
        ({"radii": [1.0, -2.0]}, r"radii\[1\] is -2.0; .* above 0"),
        ({"radii": [1.0, np.nan]}, "finite"),
        ({"radii": [2.0, 1.0]}, "must strictly increase; entry 1"),
        ({"penalties": [1.0, 0.5, 0.5]}, "must strictly decrease; entry 2"),
    ],
)
def test_bad_requests_are_refused(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.regularization_path(ntp.synthetic.toy_2d(), **options)


def test_penalties_below_the_rounding_of_the_hessian_are_refused():
    data = ntp.synthetic.random(num_contexts=20, dim=25, vocab_size=6, support_size=3)
    longer = ntp.NTPData(100 * data.embeddings, data.context_probs, data.next_token_probs)
    with pytest.raises(ntp.DidNotConvergeError, match=r"λ = 1\.000e-1[0-9]|residual is still"):
        ntp.regularization_path(longer, penalties=[1e-8, 1e-10, 1e-12, 1e-13])


def test_hessian_is_the_derivative_of_the_gradient(random_problem):
    data = random_problem(1, m=4, d=3)
    solver = RidgeSolver(ntp.references(data))
    rng = np.random.default_rng(0)
    base, turn = (rng.standard_normal((data.vocab_size, data.dim)) for _ in range(2))
    _, splits = solver._value(base - solver.references.W_finite, np.zeros_like(base), 0.1)
    product = solver._hessian(splits, 0.1).apply(turn @ solver.basis)
    step = 1e-6
    slopes = [ntp.gradient(base + sign * step * turn, solver.data) + 0.1 * sign * step * turn for sign in (1, -1)]
    numerical = (slopes[0] - slopes[1]) / (2 * step)
    # Central differences: rounding 1e-16 / 1e-6, third derivatives times 1e-12.
    assert np.abs(product @ solver.basis.T - numerical).max() <= 1e-8
    assert np.abs(1.001 * product @ solver.basis.T - numerical).max() > 1e-6, "control"


@pytest.mark.parametrize("scale", [1e-30, 1e-4, 1e4, 1e8, 1e30])
def test_units_of_the_embeddings_change_nothing(scale, random_problem):
    """W is measured in their inverses, penalties in their squares."""
    data = random_problem(1, m=3, d=4)
    other = ntp.NTPData(scale * data.embeddings, data.context_probs, data.probs)
    L = ntp.smoothness(data)
    assert ntp.smoothness(other) == pytest.approx(scale**2 * L, rel=1e-12)
    for name, values, unit in (
        ("radii", [1e-12, 0.5, 3.0, 10.0], 1 / scale),
        ("penalties", [1e30 * L, L, 1e-3 * L], scale**2),
    ):
        here = ntp.regularization_path(data, **{name: values})
        there = ntp.regularization_path(other, **{name: [value * unit for value in values]})
        for i in range(len(values)):
            assert np.linalg.norm(scale * there.W(i) - here.W(i)) <= 1e-7 * np.linalg.norm(here.W(i))


def test_large_penalties_give_the_gradient_at_zero():
    """λW = −∇CE(W) = −∇CE(0) + O(1/λ)."""
    toy = ntp.synthetic.toy_2d()
    path = ntp.regularization_path(toy, penalties=[1e30, 1e6, 1.0])
    first = -ntp.gradient(np.zeros((5, 2)), toy)
    assert np.linalg.norm(1e30 * path.W(0) - first) <= 1e-12 * np.linalg.norm(first)
    assert np.linalg.norm(1e6 * path.W(1) - first) <= 1e-5 * np.linalg.norm(first)
    assert (path.frame["residual"] <= 1e-9).all()
    small = ntp.regularization_path(toy, radii=[1e-12, 1.0])
    assert small.frame["radius"].to_numpy() == pytest.approx([1e-12, 1.0], rel=1e-9)
    assert small.W(1) == pytest.approx(ntp.regularization_path(toy, radii=[1.0]).W(0), rel=1e-8)


def test_points_are_predicted_nearer_than_they_begin(random_problem):
    solver = RidgeSolver(ntp.references(random_problem(1, m=3, d=4)))
    start = ntp.regularization_path(solver.data, penalties=[1e-6]).points[0]
    there = solver.solve(1e-7, start)
    finite, complement = solver._predicted(start, 1e-7)
    assert np.linalg.norm(complement - there.complement) < 0.3 * np.linalg.norm(
        start.complement - there.complement
    )
    assert np.linalg.norm(finite - there.finite) < 0.6 * np.linalg.norm(start.finite - there.finite)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radii": 5}, "radii is 5"),
        ({"radii": "abc"}, "radii is 'abc'"),
        ({"radii": [1, "2"]}, r"radii\[1\] is '2'"),
        ({"radii": [1e-300]}, "radius 1e-300 is too small"),
        ({"penalties": [1e300]}, r"penalties\[0\] is 1e\+300; for these data, of smoothness 0.25"),
        ({"penalties": [1.0, 5e-324]}, r"penalties\[1\] is 4.94066e-324"),
        ({"penalties": [True]}, r"penalties\[0\] is True"),
        ({"penalties": {1.0, 0.5}}, "penalties is"),
    ],
)
def test_other_bad_requests_are_refused_by_name(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.regularization_path(ntp.synthetic.toy_2d(), **options)


def test_embeddings_that_are_all_zero_have_no_path():
    nothing = ntp.NTPData(np.zeros((1, 2)), [1.0], [[0.5, 0.5, 0.0]])
    with pytest.raises(ntp.NTPDataError, match="all of them are zero"):
        ntp.regularization_path(nothing, penalties=[1.0])
