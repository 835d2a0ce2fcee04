"""Drawing functions: a tidy frame in, a matplotlib Figure out."""

from ntp_lib.figures.benchmarks import contender_times, growth_curves
from ntp_lib.figures.comparison import comparison_curves
from ntp_lib.figures.conditions import certificate_map, excess_by_case
from ntp_lib.figures.distributions import distribution_bars, sparsity_pattern
from ntp_lib.figures.failure import bounded_and_diverging, decomposition_map, fibre_curve
from ntp_lib.figures.features import feature_flow_panels, feature_panels
from ntp_lib.figures.flow import flow_clocks, flow_degenerate, flow_law, flow_multipliers
from ntp_lib.figures.geometry import candidate_panels, share_panels
from ntp_lib.figures.multipliers import multiplier_map
from ntp_lib.figures.path import path_panels
from ntp_lib.figures.plane import plane_geometry, support_and_rows
from ntp_lib.figures.splitting import splitting_residuals
from ntp_lib.figures.subspace import subspace_plane
from ntp_lib.figures.sweep import dimension_panels
from ntp_lib.figures.text import context_length_panels, support_size_ranks
from ntp_lib.figures.thresholds import phase_diagram, threshold_scaling, two_transitions
from ntp_lib.figures.training import averaged_training_panels, training_panels

__all__ = [
    "averaged_training_panels",
    "bounded_and_diverging",
    "candidate_panels",
    "certificate_map",
    "comparison_curves",
    "contender_times",
    "context_length_panels",
    "decomposition_map",
    "dimension_panels",
    "distribution_bars",
    "excess_by_case",
    "feature_flow_panels",
    "feature_panels",
    "fibre_curve",
    "flow_clocks",
    "flow_degenerate",
    "flow_law",
    "flow_multipliers",
    "growth_curves",
    "multiplier_map",
    "path_panels",
    "phase_diagram",
    "plane_geometry",
    "share_panels",
    "sparsity_pattern",
    "splitting_residuals",
    "subspace_plane",
    "support_and_rows",
    "support_size_ranks",
    "threshold_scaling",
    "training_panels",
    "two_transitions",
]
