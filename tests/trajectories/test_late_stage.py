"""The part in F that follows the offsets, its energy, the hand-over, and the rows of a trace."""

import numpy as np
import pytest
from flow_stages import stages

import ntp_lib as ntp
from ntp_lib.trajectories import flow_integration


@pytest.mark.parametrize("seed", range(3))
def test_the_energy_is_the_rise_of_the_in_support_loss(seed, random_problem):
    """CE_F(W° + h z) − CE_F(W°) = h² energy + O(h³), the odd part taken out."""
    data = random_problem(seed, m=3, d=4, sizes=(2, 4))
    _, late = stages(data)
    rho = np.random.default_rng(seed).standard_normal(late.early.space.offset_size)
    z, energy = late.slaved(10.0, rho)
    step = late.early.space.embed_finite(z)
    h = 1e-3 / np.linalg.norm(step)
    base = ntp.cross_entropy_in_support(late.early.W_finite, data)
    ends = [ntp.cross_entropy_in_support(late.early.W_finite + sign * h * step, data) for sign in (1, -1)]
    assert energy == pytest.approx((sum(ends) / 2 - base) / h**2, rel=1e-4)
    assert energy > 0


def test_a_flow_that_cannot_hand_over_says_when_and_why(monkeypatch):
    monkeypatch.setattr(flow_integration, "LAST_EARLY_LOG_TIME", 5.0)
    toy = ntp.synthetic.toy_2d()
    with pytest.raises(
        ntp.DidNotConvergeError,
        match=r"^at log t = 5 the flow is still \d\.\de[+-]\d\d away from its final regime$",
    ):
        ntp.gradient_flow(toy, log_times=[100.0])
    assert ntp.gradient_flow(toy, log_times=[2.0]).hand_over is None


def test_rows_of_a_trace_are_numbered_through(monkeypatch):
    monkeypatch.setattr("ntp_lib.trajectories.trace.WAITING_ENTRIES", 1)
    frame = ntp.train(ntp.synthetic.toy_2d(), steps=5, num_records=None).frame
    assert frame.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert frame["step"].tolist() == [0, 1, 2, 3, 4, 5]
