"""What `ntp_lib` offers; `__init__.py` reads this file and imports each name on its first use."""

from .choice.data import ChoiceData
from .choice.luce import luce_strengths
from .choice.references import ChoiceReferences, choice_references
from .conditions.compatibility import Compatibility, compatibility
from .conditions.decomposition import Decomposition, decomposition
from .conditions.explanation import explain
from .data import synthetic
from .data.ntp_data import NTPData
from .errors import DidNotConvergeError, NotSeparableError, NTPDataError, NTPDataWarning
from .limiting.asymptotics import Asymptotics, asymptotics
from .limiting.limits import Limits, limits, references
from .loss.cross_entropy import (
    cross_entropy,
    cross_entropy_in_support,
    excess_loss,
    excess_parts,
    gradient,
    smoothness,
)
from .margins.margins import margin
from .margins.max_margin import max_margin
from .margins.separability import separability
from .margins.separability_verdict import Separability, Verdict
from .margins.solution import MarginSolution
from .margins.svm import ntp_svm
from .subspaces.subspace import Subspace, subspace
from .thresholds.choice import choice_threshold
from .thresholds.compatibility import compatibility_threshold
from .thresholds.law import ThresholdEstimate, threshold, threshold_estimate
from .thresholds.one_off import one_off_threshold
from .thresholds.pair_bound import PairBound, pair_bound
from .trajectories.flow import GradientFlow, gradient_flow
from .trajectories.regularization import RegularizationPath, regularization_path
from .trajectories.seeds import train_seeds
from .trajectories.training import Trajectory, train

__all__ = [
    "Asymptotics",
    "ChoiceData",
    "ChoiceReferences",
    "Compatibility",
    "Decomposition",
    "DidNotConvergeError",
    "GradientFlow",
    "Limits",
    "MarginSolution",
    "NTPData",
    "NTPDataError",
    "NTPDataWarning",
    "NotSeparableError",
    "PairBound",
    "RegularizationPath",
    "Separability",
    "Subspace",
    "ThresholdEstimate",
    "Trajectory",
    "Verdict",
    "asymptotics",
    "choice_references",
    "choice_threshold",
    "compatibility",
    "compatibility_threshold",
    "cross_entropy",
    "cross_entropy_in_support",
    "decomposition",
    "excess_loss",
    "excess_parts",
    "explain",
    "gradient",
    "gradient_flow",
    "limits",
    "luce_strengths",
    "margin",
    "max_margin",
    "ntp_svm",
    "one_off_threshold",
    "pair_bound",
    "references",
    "regularization_path",
    "separability",
    "smoothness",
    "subspace",
    "synthetic",
    "threshold",
    "threshold_estimate",
    "train",
    "train_seeds",
]
