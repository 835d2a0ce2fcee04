"""The two stages of the flow of some data."""

import ntp_lib as ntp
from ntp_lib.limiting.limits import compatible_counterpart
from ntp_lib.margins.active_pairs import active_pairs
from ntp_lib.subspaces.data_space import data_space
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_late import LateStage


def stages(data):
    references = ntp.references(data)
    space = data_space(references.F)
    early = EarlyStage(compatible_counterpart(references), references.W_finite, space)
    return early, LateStage(early, active_pairs(references.W_mm, data, space))
