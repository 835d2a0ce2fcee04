"""The beginning of learning: within its bound on the flow, and exact where the loss is quadratic."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import ntp_lib as ntp
from ntp_lib.concepts.candidates import candidate
from ntp_lib.concepts.factors import Snapshot, factor_flow
from ntp_lib.concepts.first_phase import first_phase, leading_push, mode_coordinates, spectral_mode, spectral_time
from ntp_lib.concepts.spectrum import Concepts, concepts
from ntp_lib.concepts.trees import tree_data


@pytest.fixture(scope="module")
def problem():
    data = tree_data([2, 2, 2], [1.0] * 6 + [12.0, 12.0] + [1.0] * 6)
    rng = np.random.default_rng(0)
    start = Snapshot(0.0, 1e-2 * rng.standard_normal((8, 8)), 1e-2 * rng.standard_normal((14, 8)))
    return data, start, concepts(candidate(data, "start"), 7)


def test_modes_stay_within_the_bound(problem):
    data, start, modes = problem
    times = np.linspace(0.0, 6.0, 13)
    phase = first_phase(data, start, modes, times)
    assert (phase.share < 1).all()
    followed = factor_flow(data, start.W, start.H, times)
    errors = np.linalg.norm([mode_coordinates(s, modes) for s in followed] - phase.predicted, axis=2)
    assert (errors <= phase.bound + 1e-12).all()
    # Half the strengths would leave it: the prediction is no tautology.
    slower = Concepts(modes.contexts, modes.strengths / 2, modes.words)
    halved = first_phase(data, start, slower, times)
    assert (np.linalg.norm([mode_coordinates(s, slower) for s in followed] - halved.predicted, axis=2)
            > halved.bound).any()  # fmt: skip


def test_the_bound_is_the_formula_of_the_theorem(problem):
    data, start, modes = problem
    phase = first_phase(data, start, modes, [0.0, 2.0, 50.0])
    square = np.sum(start.W**2) + np.sum(start.H**2)
    sigma = modes.strengths
    growth = np.exp(2 * sigma[0] * phase.times)
    np.testing.assert_allclose(phase.share, data.context_probs.max() * square * growth / sigma[0])
    expected = 8**0.5 * data.context_probs.max() * square**1.5 * np.exp(6 * sigma[0]) / (3 * sigma[0] - sigma)
    np.testing.assert_allclose(phase.bound[1], expected)
    assert np.isinf(phase.bound[2]).all()
    x = modes.contexts.T @ start.H + modes.words.T @ start.W
    np.testing.assert_allclose(phase.predicted[1], np.exp(2 * sigma)[:, None] * x)


@pytest.fixture(scope="module")
def uneven():
    """One leaf of the tree is frequent: leading contexts are shared by the other modes."""
    data = tree_data([2, 2, 2], [1.0] * 6 + [12.0] + [1.0] * 7)
    rng = np.random.default_rng(0)
    start = Snapshot(0.0, 1e-8 * rng.standard_normal((8, 8)), 1e-8 * rng.standard_normal((14, 8)))
    return data, start, concepts(candidate(data, "start"), 7)


def test_late_in_the_first_phase_the_leading_mode_pushes_the_others(uneven):
    data, start, modes = uneven
    late = [0.9 * np.log(1e8) / modes.strengths[0]]
    x = mode_coordinates(factor_flow(data, start.W, start.H, late, tolerance=1e-11)[0], modes)
    alone = np.exp(modes.strengths * late[0])[:, None] * mode_coordinates(start, modes)
    push = leading_push(data, start, modes, late)[0]
    pushed = np.linalg.norm(push, axis=1) > 10 * np.linalg.norm(alone, axis=1)
    assert pushed[1:].any()
    lengths = np.linalg.norm(x, axis=1)
    assert (np.linalg.norm(x - alone, axis=1) > 0.9 * lengths)[pushed].all()
    assert (np.linalg.norm(x - alone - push, axis=1) < 0.1 * lengths)[pushed].all()


def test_where_frequencies_depend_on_the_depth_nothing_is_pushed():
    data = tree_data([2, 2, 2], [1.0, 5.0, 0.3])
    rng = np.random.default_rng(1)
    start = Snapshot(0.0, rng.standard_normal((8, 3)), rng.standard_normal((14, 3)))
    push = leading_push(data, start, concepts(candidate(data, "start"), 7), [0.0, 1.0])
    np.testing.assert_allclose(push, 0.0, atol=1e-14)


def test_entries_of_the_logits_between_modes(problem):
    data, start, modes = problem
    small = Snapshot(0.0, 1e-6 * start.W, 1e-6 * start.H)
    time = [0.6 * np.log(1e8) / modes.strengths[0]]
    logits = factor_flow(data, small.W, small.H, time, tolerance=1e-11)[0].logits
    x = mode_coordinates(small, modes)
    growth = np.exp(np.add.outer(modes.strengths, modes.strengths) * time[0])
    found, expected = modes.contexts.T @ logits @ modes.words, growth * (x @ x.T) / 4
    np.testing.assert_allclose(found[:2, :2], expected[:2, :2], rtol=1e-3)
    assert abs(found[0, 1]) > 2 * abs(found[1, 1])  # the logits are not diagonal in the modes


def test_times_before_the_start_are_refused(problem):
    with pytest.raises(ntp.NTPDataError, match="times has the entry -1; the flow starts at zero"):
        first_phase(*problem, [0.0, -1.0])


def test_what_is_no_start_of_the_problem_is_refused(problem):
    data, start, modes = problem
    with pytest.raises(ntp.NTPDataError, match="from which the flow never departs"):
        first_phase(data, Snapshot(0.0, 0 * start.W, 0 * start.H), modes, [0.0])
    with pytest.raises(ntp.NTPDataError, match="modes are of 13 contexts and 8 tokens; the data have 14 and 8"):
        first_phase(data, start, Concepts(modes.contexts[:-1], modes.strengths, modes.words), [0.0])


def test_the_spectral_mode_solves_its_equation():
    times = np.linspace(0.0, 4.0, 9)
    followed = solve_ivp(lambda t, s: 2 * s * (1.7 - s), (0, 4), [0.01], t_eval=times, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(spectral_mode(1.7, 0.01, times), followed.y[0], rtol=1e-8)
    half = spectral_time(1.7, 0.01)
    assert spectral_mode(1.7, 0.01, [half])[0] == pytest.approx(0.85)
    assert spectral_mode(1.7, 0.01, [spectral_time(1.7, 0.01, 0.9)])[0] == pytest.approx(1.53)
    with pytest.raises(ntp.NTPDataError, match=r"start is 0\.9"):
        spectral_time(1.7, 0.9)
