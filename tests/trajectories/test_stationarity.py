"""When Newton's method on the path has arrived, and when conjugate gradients have not."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.limiting.limits import compatible_counterpart
from ntp_lib.margins.active_pairs import active_pairs
from ntp_lib.subspaces import data_space
from ntp_lib.subspaces.data_space import ProjectedDataSpace
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_late import LateStage
from ntp_lib.trajectories.ridge import SLOPE_ROUNDING, RidgeSolver

TOY = ntp.synthetic.toy_2d()
# One token that a context must raise and another must lower, for opposite embeddings of unequal length.
NOT_SEPARABLE = ntp.NTPData([[100.0], [-200.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("residual", "step", "arrived"),
    [(9e-11, 1.0, True), (9e-10, 1.0, False), (9e-10, 5e-13, True), (2e-9, 0.0, False)],
)
def test_a_coarse_residual_is_accepted_only_where_steps_have_ended(residual, step, arrived):
    W = np.ones((5, 2)) / np.sqrt(10)
    solver = RidgeSolver(ntp.references(TOY))
    assert solver._is_stationary(residual, W, step * W, W) is arrived


def test_without_a_margin_a_slope_within_rounding_is_all_there_is():
    W = np.ones((3, 1))
    for data, allowed in ((NOT_SEPARABLE, 200 * SLOPE_ROUNDING), (TOY, 0.0)):
        solver = RidgeSolver(ntp.references(data))
        for slope in (0.9 * allowed, 1.1 * allowed):
            expected = 0 < slope < allowed
            assert solver._is_stationary(1.0, np.array([[slope]]), W, W) is expected


def test_conjugate_gradients_that_do_not_arrive_are_named(monkeypatch):
    references = ntp.references(TOY)
    space = ProjectedDataSpace(references.F)
    early = EarlyStage(compatible_counterpart(references), references.W_finite, space)
    late = LateStage(early, active_pairs(references.W_mm, TOY, space))
    right = np.ones(space.finite_size)
    found = late._solve_in_support(space.pull_finite(np.where(TOY.support, 1.0, 0.0)))
    assert np.isfinite(found).all()
    monkeypatch.setattr(data_space, "cg", lambda operator, right, **options: (right, options["maxiter"]))
    with pytest.raises(ntp.DidNotConvergeError, match=r"^the part in F could not be found in 5000 steps"):
        late._solve_in_support(right)
