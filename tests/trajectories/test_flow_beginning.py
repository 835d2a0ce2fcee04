"""Where the flow begins: accurate to a part of the way gone, from t = 0 and from any other time."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories import flow_beginning
from ntp_lib.trajectories.flow_integration import integrate
from ntp_lib.trajectories.stepping import FlowExplicit, walk

# From far before Taylor's polynomial ends, over explicit steps, into implicit ones.
LOG_TIMES = [-40.0, -12.0, -6.0, -2.0, 0.0, 1.0, 2.0, 3.0, 6.0]


def of_the_way(flow, fine, W0):
    """Distances of two flows, relative to the way that one has gone from its start."""
    count = range(len(flow.points))
    return np.array([np.linalg.norm(flow.W(i) - fine.W(i)) / np.linalg.norm(fine.W(i) - W0) for i in count])


@pytest.fixture(scope="module")
def case():
    data = ntp.synthetic.random(num_contexts=8, dim=10, vocab_size=5, support_size=2)
    references = ntp.references(data)
    starts = [np.zeros((5, 10)), np.random.default_rng(0).normal(size=(5, 10))]
    fine = [
        ntp.gradient_flow(data, log_times=LOG_TIMES, W0=W0, references=references, tolerance=1e-12)
        for W0 in starts
    ]
    return data, references, starts, fine


def test_errors_are_a_part_of_the_way(case):
    """From W = 0 the way is W itself; W° is a thousand times as long at log t = −6."""
    data, references, starts, fine = case
    for W0, exact in zip(starts, fine, strict=True):
        flow = ntp.gradient_flow(data, log_times=LOG_TIMES, W0=W0, references=references)
        errors = of_the_way(flow, exact, W0)
        assert errors[1:6].max() <= 5e-6
        assert errors.max() <= 2e-5


def test_without_explicit_steps_errors_are_a_part_of_the_limit(case, monkeypatch):
    """The control of the test above: implicit steps from the beginning lose what W° is longer than the way."""
    data, references, starts, fine = case
    monkeypatch.setattr(flow_beginning, "EXPLICIT_SPAN", 1e-4)
    flow = ntp.gradient_flow(data, log_times=LOG_TIMES, W0=starts[0], references=references)
    assert of_the_way(flow, fine[0], starts[0])[2:5].max() > 1e-4


@pytest.mark.parametrize("s", [-30.0, -6.0, 0.5, 4.0])
def test_a_flow_may_begin_at_any_time(case, s):
    data, references, starts, fine = case
    there = ntp.gradient_flow(data, log_times=[s], W0=starts[1], references=references, tolerance=1e-10)
    times = [time for time in LOG_TIMES if time > s]
    points, hand_over = integrate(references, there.W(0), times, tolerance=1e-8, progress=False, start=s)
    assert hand_over is None
    for point, time in zip(points, times, strict=True):
        exact = fine[1].W(LOG_TIMES.index(time))
        assert point.log_time == time
        assert np.linalg.norm(point.W - exact) <= 1e-6 * np.linalg.norm(exact)
    # Begun at t = 0 instead, the same decoder is elsewhere.
    if s > -5:
        other = ntp.gradient_flow(data, log_times=[times[-1]], W0=there.W(0), references=references)
        assert np.linalg.norm(other.W(0) - exact) > 1e-5 * np.linalg.norm(exact)


def test_a_stage_that_follows_another_equation_is_followed(case):
    """Twice the slope is the flow at twice the time."""
    _, references, starts, fine = case

    class Faster(flow_beginning.EarlyStage):
        def slope(self, x, y):
            return tuple(2 * part for part in super().slope(x, y))

        def hessian_action(self, x, y, dx, dy):
            return tuple(2 * part for part in super().hessian_action(x, y, dx, dy))

    times = [time - np.log(2) for time in LOG_TIMES]
    points, _ = integrate(references, starts[0], times, tolerance=1e-8, progress=False, stage=Faster)
    # At log t = −40 the way is lost in the rounding of W°.
    for i, point in enumerate(points[1:], start=1):
        assert np.linalg.norm(point.W - fine[0].W(i)) <= 1e-6 * np.linalg.norm(fine[0].W(i))


def test_explicit_steps_measure_two_groups_of_entries_apart():
    """Of sizes 1 and 1e-6: both decay, with the same relative accuracy; an entry of 1e-12 does not count."""
    start = np.array([1.0, 1e-12, 1e-6])
    found = []
    for jointly in (2, 3):
        solver = FlowExplicit(
            lambda t, y: -np.array([1.0, 1.0, 3.0 * np.cos(3 * t)]) * y,
            1e-3,
            start,
            4.0,
            rtol=1e-8,
            first_step=1e-3,
            jointly=jointly,
            rounding=np.zeros(3),
        )
        walk(solver, [], lambda t, y: None)
        exact = start * np.exp(-np.array([3.999, 3.999, np.sin(12) - np.sin(0.003)]))
        found.append(np.abs(solver.y / exact - 1))
        assert solver.log_time == pytest.approx(np.log(4.0))
    assert found[0][[0, 2]].max() <= 1e-6
    assert found[1][2] > 2 * found[0][2]
