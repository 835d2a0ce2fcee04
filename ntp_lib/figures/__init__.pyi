"""The drawing functions; `__init__.py` reads this file and imports each on its first use."""

from .benchmarks import contender_times, growth_curves
from .capacity import (
    order_shares,
    rank_floors,
    selection_shares,
    text_widths,
    trained_map,
    vocabulary_halves,
)
from .choice import choice_clock_panels, choice_split_panels, graph_miss_panels, priority_panels
from .comparison import comparison_curves
from .concepts import candidate_curves, candidate_rows, concept_order_panels
from .concepts_text import precision_rows, sample_size_panels, spectrum_curves, stability_panels
from .conditions import certificate_map, excess_by_case
from .contrastive import imbalance_panels, long_feature_panels
from .distributions import distribution_bars, sparsity_pattern
from .failure import bounded_and_diverging, decomposition_map, fibre_curve
from .features import feature_flow_panels, feature_panels
from .flow import flow_clocks, flow_degenerate, flow_law, flow_multipliers
from .geometry import candidate_panels, drift_panels, share_panels
from .multipliers import multiplier_map
from .path import path_panels
from .plane import plane_geometry, support_and_rows
from .remainder import remainder_panels
from .selecting import select_stage_one, select_stage_two, select_trap
from .selecting_more import select_calibrated, select_generalise, select_joint, select_soft
from .splitting import splitting_residuals
from .subspace import subspace_plane
from .supports import pentagon_paths, pentagon_planes
from .supports_paths import proxy_law_panels, singular_fan, speed_panels, without_strictness_panels
from .sweep import dimension_panels
from .text import context_length_panels, support_size_ranks
from .thresholds import phase_diagram, threshold_scaling, two_transitions
from .tokens import token_clocks, token_pencil, token_settling
from .training import averaged_training_panels, training_panels
from .transformer import contrast_curves, similarity_maps, transformer_panels
from .transformer_text import agreement_panels, frozen_panels

__all__ = [
    "agreement_panels",
    "averaged_training_panels",
    "bounded_and_diverging",
    "candidate_curves",
    "candidate_panels",
    "candidate_rows",
    "certificate_map",
    "choice_clock_panels",
    "choice_split_panels",
    "comparison_curves",
    "concept_order_panels",
    "contender_times",
    "context_length_panels",
    "contrast_curves",
    "decomposition_map",
    "dimension_panels",
    "distribution_bars",
    "drift_panels",
    "excess_by_case",
    "feature_flow_panels",
    "feature_panels",
    "fibre_curve",
    "flow_clocks",
    "flow_degenerate",
    "flow_law",
    "flow_multipliers",
    "frozen_panels",
    "graph_miss_panels",
    "growth_curves",
    "imbalance_panels",
    "long_feature_panels",
    "multiplier_map",
    "order_shares",
    "path_panels",
    "pentagon_paths",
    "pentagon_planes",
    "phase_diagram",
    "plane_geometry",
    "precision_rows",
    "priority_panels",
    "proxy_law_panels",
    "rank_floors",
    "remainder_panels",
    "sample_size_panels",
    "select_calibrated",
    "select_generalise",
    "select_joint",
    "select_soft",
    "select_stage_one",
    "select_stage_two",
    "select_trap",
    "selection_shares",
    "share_panels",
    "similarity_maps",
    "singular_fan",
    "sparsity_pattern",
    "spectrum_curves",
    "speed_panels",
    "splitting_residuals",
    "stability_panels",
    "subspace_plane",
    "support_and_rows",
    "support_size_ranks",
    "text_widths",
    "threshold_scaling",
    "token_clocks",
    "token_pencil",
    "token_settling",
    "trained_map",
    "training_panels",
    "transformer_panels",
    "two_transitions",
    "vocabulary_halves",
    "without_strictness_panels",
]
