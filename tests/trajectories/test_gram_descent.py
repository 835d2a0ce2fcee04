"""Steps in the coordinates of the contexts are the steps of W, with numba and without."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.loss.residuals import Residuals
from ntp_lib.loss.slope import Slope
from ntp_lib.numerics.compiled import SWITCH, numba_is_wanted
from ntp_lib.trajectories import gram_descent, real_steps
from ntp_lib.trajectories.gram_descent import GramDescent, gram_matrix
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.optimisers import make_step

DATA = ntp.synthetic.random(num_contexts=8, dim=10, vocab_size=5, support_size=2, num_sequences=400, seed=3)
COMPILED = [False, pytest.param(True, marks=pytest.mark.skipif(not numba_is_wanted(), reason="without numba"))]


def descent(data, method, compiled, **sizes):
    found = GramDescent(data, gram_matrix(data), method=method, **sizes)
    found._compiled = compiled
    return found


def plain_steps(data, method, W, steps, **sizes):
    step = make_step(method, Slope(data), **sizes)
    for _ in range(steps):
        W = step(W)
    return W


def distance(W, other):
    return np.linalg.norm(W - other) / np.linalg.norm(other)


@pytest.mark.parametrize("compiled", COMPILED)
def test_descent_is_the_same_to_rounding_over_ten_thousand_steps(compiled):
    W0 = lecun(DATA)
    expected = plain_steps(DATA, "gd", W0, 10_000, step_size=0.5)
    walk, W = descent(DATA, "gd", compiled, step_size=0.5), W0
    for _ in range(100):
        W = walk(W, 100)
    assert distance(W, expected) <= 1e-12
    assert distance(walk(W, 1), expected) > 1e-9, "control: one step more"
    assert np.array_equal(W0, lecun(DATA)), "the start is left alone"


@pytest.mark.parametrize("compiled", COMPILED)
@pytest.mark.parametrize(("method", "decay"), [("ngd", 0.0), ("ngd", 0.5), ("gd", 0.5)])
def test_other_sizes_of_steps(compiled, method, decay):
    """Counted on from one call to the next. Normalised steps amplify rounding once the gradient is small."""
    W0, sizes = lecun(DATA, seed=1), {"step_size": 0.02, "step_decay": decay}
    expected = plain_steps(DATA, method, W0, 90, **sizes)
    walk = descent(DATA, method, compiled, **sizes)
    halfway = walk(W0, 30)
    assert distance(walk(halfway, 60), expected) <= 1e-12
    if decay:
        anew = descent(DATA, method, compiled, **sizes)(halfway, 60)
        assert distance(anew, expected) > 1e-6, "control: steps counted anew lead elsewhere"


@pytest.mark.parametrize("compiled", COMPILED)
def test_normalised_steps_where_squares_of_the_gradient_underflow(compiled):
    """One-hot data far out: the gradient has length 1e-150 and more digits than its square."""
    data = ntp.NTPData([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], [[1.0, 0.0], [0.0, 1.0]])
    W0 = np.array([[350.0, 0.0], [0.0, 352.0]])
    expected = plain_steps(data, "ngd", W0, 20, step_size=0.1)
    found = descent(data, "ngd", compiled, step_size=0.1)(W0, 20)
    assert np.abs(found - expected).max() <= 1e-9
    assert np.linalg.norm(found - W0) == pytest.approx(2.0, rel=0.02), "twenty steps of a tenth, nearly straight"


def test_normalised_steps_end_where_the_gradient_is_zero():
    data = ntp.NTPData([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], [[1.0, 0.0], [0.0, 1.0]])
    W0 = np.array([[2000.0, 0.0], [0.0, 2000.0]])
    assert np.array_equal(descent(data, "ngd", False, step_size=0.1)(W0, 3), W0)


@pytest.mark.parametrize("compiled", COMPILED)
def test_weights_that_are_no_numbers_stay_so(compiled):
    with np.errstate(invalid="ignore"):
        W = descent(DATA, "gd", compiled, step_size=0.5)(np.full((5, 10), np.inf), 3)
    assert not np.isfinite(W).any()


@pytest.mark.parametrize("method", ["gd", "ngd"])
@pytest.mark.parametrize("compiled", COMPILED)
def test_several_decoders_are_each_as_alone(compiled, method):
    starts = np.array([lecun(DATA, seed=seed) for seed in range(4)])
    together = descent(DATA, method, compiled, step_size=0.02)(starts, 90)
    for W0, found in zip(starts, together, strict=True):
        assert distance(found, descent(DATA, method, compiled, step_size=0.02)(W0, 90)) <= 1e-12


def test_coordinates_are_left_where_they_lose():
    """More contexts than dimensions; nearly parallel contexts; a large common part; a context at zero."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(3), size=4)
    H = rng.normal(size=(4, 6))
    cases = {
        "many": (rng.normal(size=(4, 3)), False),
        "parallel": (np.vstack([H[:3], H[0] + 1e-4 * H[3]]), False),
        "common": (H + 1e4, False),
        "zero": (np.vstack([H[:3], np.zeros(6)]), False),
        "long": (1e200 * H, False),
        "usual": (H, True),
    }
    for name, (embeddings, repays) in cases.items():
        found = gram_matrix(ntp.NTPData(embeddings, np.full(4, 0.25), probs))
        assert (found is not None) == repays, name


def test_eigenvalues_are_computed_only_where_a_bound_is_not_enough(monkeypatch):
    """The bound exceeds the condition number by a factor of at most m; beyond 1e5 the eigenvalues decide."""
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    computed, eigvalsh = [], np.linalg.eigvalsh
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda gram: computed.append(1) or eigvalsh(gram))
    for condition, repays, eigenvalues in ((1e4, True, 0), (0.9e5, True, 1), (1.1e5, False, 1)):
        computed.clear()
        gram = (basis * np.array([1.0, 1.0, 1.0, condition, condition, condition])) @ basis.T
        assert gram_descent._is_well_conditioned(gram) == repays
        assert len(computed) == eigenvalues
    assert not gram_descent._is_well_conditioned(-gram)


def test_training_uses_coordinates_for_runs_that_repay_them(monkeypatch):
    made = []

    class Counted(GramDescent):
        def __init__(self, *args, **options):
            made.append(options["method"])
            super().__init__(*args, **options)

    monkeypatch.setattr(gram_descent, "GramDescent", Counted)
    references = ntp.limits(DATA)
    for options in (
        {"steps": 600},
        {"steps": 600, "method": "ngd"},
        {"steps": 600, "method": "adam"},
        {"steps": 600, "batch_size": 2},
        {"steps": 600, "num_records": None},
        {"steps": 100},
    ):
        ntp.train(DATA, references=references, **{"num_records": 20, **options})
    assert made == ["gd", "ngd"]
    W = ntp.train(DATA, steps=600, references=references, num_records=20).W
    assert distance(W, plain_steps(DATA, "gd", lecun(DATA), 600, step_size=0.5)) <= 1e-13


def test_numba_can_be_switched_off(monkeypatch):
    monkeypatch.setenv(SWITCH, "0")
    assert not numba_is_wanted()
    steps = gram_descent.ENTRIES_WORTH_COMPILING
    assert not GramDescent(DATA, gram_matrix(DATA), method="gd", step_size=0.5, steps=steps)._compiled


@pytest.mark.skipif(not numba_is_wanted(), reason="without numba")
@pytest.mark.parametrize("size", [1.0, 60.0, 500.0])
def test_compiled_residuals_of_small_and_large_logits(size):
    """Shifted by their maxima and not: the Frobenius norm, about 6.3 times the size, crosses 340."""
    from ntp_lib.trajectories import compiled_descent

    logits = size * np.random.default_rng(5).normal(size=(5, 8))
    find, expected, found = Residuals(next(DATA.blocks())), np.empty((5, 8)), np.empty((5, 8))
    find.between(logits, expected)()
    constants = find.weighted_probs, find.context_probs, find.alone, find.alone_tokens
    compiled_descent.residuals(logits, found, *constants, np.empty(8), np.empty(8))
    assert np.abs(found - expected).max() <= 1e-15
    find.between(logits * (1 + 1e-9), expected)()
    assert size > 100 or np.abs(found - expected).max() > 1e-15, "control: other logits"


def test_how_many_steps_repay_coordinates():
    assert real_steps._repays_coordinates(500, 100)
    assert not real_steps._repays_coordinates(499, 2)
    assert not real_steps._repays_coordinates(999, 250)
    assert not real_steps._repays_coordinates(10**5, None)
