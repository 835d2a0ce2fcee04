"""One documented frame per drawing function, small and without any computation of its own."""

import capacity_frames
import choice_frames
import concept_frames
import contrastive_frames
import problem_frames
import pytest
import selecting_frames
import supports_frames
import trajectory_frames
import transformer_frames
import transformer_text_frames

from ntp_lib import figures

FRAMES = {
    "order_shares": capacity_frames.orders,
    "rank_floors": capacity_frames.rank,
    "selection_shares": capacity_frames.selections,
    "text_widths": capacity_frames.text,
    "trained_map": capacity_frames.trained,
    "vocabulary_halves": capacity_frames.vocabulary,
    "choice_clock_panels": choice_frames.clocks,
    "choice_split_panels": choice_frames.split,
    "graph_miss_panels": choice_frames.misses,
    "priority_panels": choice_frames.priorities,
    "candidate_curves": concept_frames.curves,
    "candidate_rows": concept_frames.rows,
    "concept_order_panels": concept_frames.order,
    "precision_rows": concept_frames.precision,
    "sample_size_panels": concept_frames.sample,
    "spectrum_curves": concept_frames.spectrum,
    "stability_panels": concept_frames.stability,
    "agreement_panels": transformer_text_frames.agreement,
    "frozen_panels": transformer_text_frames.frozen,
    "candidate_panels": trajectory_frames.candidates,
    "select_generalise": selecting_frames.generalise,
    "select_joint": selecting_frames.joint,
    "select_calibrated": selecting_frames.calibrated,
    "select_soft": selecting_frames.soft,
    "select_stage_one": selecting_frames.stage_one,
    "select_stage_two": selecting_frames.stage_two,
    "select_trap": selecting_frames.trap,
    "share_panels": trajectory_frames.shares,
    "averaged_training_panels": trajectory_frames.averaged,
    "bounded_and_diverging": trajectory_frames.settling,
    "decomposition_map": problem_frames.pairs,
    "fibre_curve": problem_frames.fibre,
    "certificate_map": problem_frames.certificate,
    "comparison_curves": trajectory_frames.comparison,
    "contender_times": problem_frames.contenders,
    "context_length_panels": problem_frames.lengths,
    "dimension_panels": trajectory_frames.dimensions,
    "distribution_bars": problem_frames.sparse,
    "drift_panels": trajectory_frames.drift,
    "excess_by_case": trajectory_frames.cases,
    "flow_clocks": trajectory_frames.flow_clocks,
    "flow_degenerate": trajectory_frames.flow_degenerate,
    "flow_law": trajectory_frames.flow_law,
    "flow_multipliers": trajectory_frames.flow_multipliers,
    "growth_curves": problem_frames.growth,
    "feature_flow_panels": trajectory_frames.feature_flow,
    "feature_panels": trajectory_frames.features,
    "imbalance_panels": contrastive_frames.imbalance,
    "long_feature_panels": contrastive_frames.long_features,
    "multiplier_map": problem_frames.multipliers,
    "path_panels": trajectory_frames.path,
    "pentagon_paths": supports_frames.paths,
    "pentagon_planes": supports_frames.planes,
    "phase_diagram": problem_frames.phases,
    "plane_geometry": lambda: problem_frames.plane(5),
    "proxy_law_panels": supports_frames.law,
    "remainder_panels": trajectory_frames.remainders,
    "singular_fan": supports_frames.fan,
    "sparsity_pattern": problem_frames.sparse,
    "speed_panels": supports_frames.speeds,
    "splitting_residuals": problem_frames.splitting,
    "subspace_plane": problem_frames.parts,
    "support_and_rows": problem_frames.support_and_rows,
    "support_size_ranks": problem_frames.ranks,
    "threshold_scaling": problem_frames.scaling,
    "token_clocks": trajectory_frames.token_clocks,
    "token_pencil": trajectory_frames.token_pencil,
    "token_settling": trajectory_frames.token_settling,
    "transformer_panels": transformer_frames.training,
    "contrast_curves": transformer_frames.order,
    "similarity_maps": transformer_frames.maps,
    "training_panels": lambda: trajectory_frames.training(["gradient descent"]),
    "two_transitions": problem_frames.transitions,
    "without_strictness_panels": supports_frames.beyond_strict,
}


@pytest.fixture(scope="session")
def frames():
    """The documented frame of every public drawing function, by name."""
    return {name: make() for name, make in FRAMES.items()}


@pytest.fixture(params=sorted(figures.__all__))
def drawing(request, frames):
    """Every drawing function with its frame; a new one needs a frame here."""
    assert request.param in frames, f"add a documented frame for {request.param} to FRAMES"
    return getattr(figures, request.param), frames[request.param]


@pytest.fixture(scope="session")
def training_frame():
    """A frame for the training panels with the curves asked for."""
    return trajectory_frames.training
