"""Next-token prediction in linear models: conditions, margins and trajectories (arXiv 2402.18551)."""

from ntp_lib.conditions.compatibility import Compatibility, compatibility
from ntp_lib.conditions.decomposition import Decomposition, decomposition
from ntp_lib.conditions.margins import margin
from ntp_lib.conditions.separability import Separability, Verdict, separability
from ntp_lib.conditions.subspace import Subspace, subspace
from ntp_lib.data import synthetic
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NotSeparableError, NTPDataError, NTPDataWarning
from ntp_lib.loss.cross_entropy import (
    cross_entropy,
    cross_entropy_in_support,
    excess_loss,
    excess_parts,
    gradient,
    smoothness,
)
from ntp_lib.references.asymptotics import Asymptotics, asymptotics
from ntp_lib.references.bundle import References, references
from ntp_lib.references.max_margin import MaxMargin, max_margin
from ntp_lib.references.svm import ntp_svm
from ntp_lib.references.svm_solution import NTPSVMSolution
from ntp_lib.thresholds.compatibility import compatibility_threshold
from ntp_lib.thresholds.law import ThresholdEstimate, threshold, threshold_estimate
from ntp_lib.trajectories.flow import GradientFlow, gradient_flow
from ntp_lib.trajectories.regularization import RegularizationPath, regularization_path
from ntp_lib.trajectories.training import Trajectory, train

__all__ = [
    "Asymptotics",
    "Compatibility",
    "Decomposition",
    "DidNotConvergeError",
    "GradientFlow",
    "MaxMargin",
    "NTPData",
    "NTPDataError",
    "NTPDataWarning",
    "NTPSVMSolution",
    "NotSeparableError",
    "References",
    "RegularizationPath",
    "Separability",
    "Subspace",
    "ThresholdEstimate",
    "Trajectory",
    "Verdict",
    "asymptotics",
    "compatibility",
    "compatibility_threshold",
    "cross_entropy",
    "cross_entropy_in_support",
    "decomposition",
    "excess_loss",
    "excess_parts",
    "gradient",
    "gradient_flow",
    "margin",
    "max_margin",
    "ntp_svm",
    "references",
    "regularization_path",
    "separability",
    "smoothness",
    "subspace",
    "synthetic",
    "threshold",
    "threshold_estimate",
    "train",
]
