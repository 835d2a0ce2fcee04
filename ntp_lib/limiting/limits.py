"""The fixed points that every trajectory is compared with: F, W* (or W°), and W^mm."""

from __future__ import annotations

import warnings
from dataclasses import field
from functools import cached_property

import numpy as np

from ntp_lib.conditions.compatibility import Compatibility, compatibility
from ntp_lib.data.identity import require_same_data
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NotSeparableError, NTPDataError, NTPDataWarning
from ntp_lib.margins.separability import separability
from ntp_lib.margins.separability_verdict import Separability, Verdict, certified_error
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.margins.svm import ntp_svm
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.scaling import binary_exponent, refuse_out_of_range, shortest_exponent
from ntp_lib.subspaces.subspace import Subspace, subspace

# Nats by which the rounding of W* may miss a log-odds before probabilities cannot be compared with its own.
ROUNDED_LOG_ODDS = 1e-6


@result
class Limits:
    """What the theory predicts for a problem.

    Attributes:
        data: the problem.
        F: its subspace.
        compatibility: verdict and W*.
        svm: the NTP-SVM solution, None where the data are not separable, or where it was neither found nor
            excluded.
        why_no_svm: the reason why `svm` is None, in words; empty where it is not.
        certificate: (m, V), that there is no margin; None where there is one, or none was found.
    """

    data: NTPData = field(repr=False)
    F: Subspace = field(repr=False)
    compatibility: Compatibility
    svm: MarginSolution | None
    why_no_svm: str = ""
    certificate: Floats | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, part in {"F": self.F, "compatibility": self.compatibility.F, "svm": self.svm}.items():
            if part is not None:
                require_same_data(part.data, self.data, name)

    @cached_property
    def W_finite(self) -> Floats:
        """The limit of P_F W_k: W* under compatibility, argmin of CE_F over F otherwise; (V, d).

        Raises:
            NTPDataError: the embeddings are so short or long that its length has no square in float64.
            DidNotConvergeError: Newton's method did not reach a stationary point.
        """
        W = self.compatibility.W_finite
        if W.any():
            refuse_out_of_range("W*", binary_exponent(W), shortest_exponent(self.data))
        return W

    def require_met_log_odds(self) -> None:
        """Refuse a W* whose rounding misses the log-odds by more than ROUNDED_LOG_ODDS.

        Measures of distance do not mind; what compares probabilities with those of W* does.

        Raises:
            DidNotConvergeError: it does; the lengths of the embeddings are too far apart.
        """
        found = self.compatibility
        if found.holds and found.residual > max(ROUNDED_LOG_ODDS, found.tolerance):
            raise DidNotConvergeError(
                f"the lengths of the embeddings are so far apart that W*, rounded to float64, misses the log-odds "
                f"of the longest by {found.residual:.1e} nats; at most {ROUNDED_LOG_ODDS:g} are workable"
            )

    @cached_property
    def separability(self) -> Separability:
        """What the search for `svm` has decided; searched for anew only where it decided nothing."""
        if self.svm is not None:
            return Separability(self.data, Verdict.SEPARABLE, direction=self.W_mm)
        if self.certificate is not None:
            return Separability(self.data, Verdict.NOT_SEPARABLE, certificate=self.certificate)
        return separability(self.data)

    @property
    def W_mm(self) -> Floats | None:
        """W^mm as a NumPy array, (V, d), or None where there is no `svm`."""
        return None if self.svm is None else np.asarray(to_numpy(self.svm.W))

    @property
    def W_mm_or_nan(self) -> Floats:
        """W^mm, or NaN in its place: a number made from NaN is drawn by no curve and taken by no check."""
        W = self.W_mm
        return np.full((self.data.vocab_size, self.data.dim), np.nan) if W is None else W

    def require_margin(self, consequence: str) -> MarginSolution:
        """The NTP-SVM solution, where nothing makes sense without it.

        Args:
            consequence: what cannot be done without it, for the message.

        Raises:
            NotSeparableError: the data have no margin; carries the certificate.
            DidNotConvergeError: the solution was neither found nor excluded.
        """
        if self.svm is None:
            raise not_separable(self, consequence)
        return self.svm


@small_problems_on_one_thread
def limits(data: NTPData) -> Limits:
    """Compute F, W* and W^mm of a problem.

    Training needs no W^mm: where the NTP-SVM is neither solved nor excluded, `svm` is None and `why_no_svm` says
    why.

    Raises:
        DidNotConvergeError: compatibility was not decided (see `compatibility`).
        NTPDataError: no token is out of support.
    """
    data.require_out_of_support()
    F = subspace(data)
    svm, why, certificate = None, "", None
    try:
        svm = ntp_svm(data)
    except NotSeparableError as error:
        why, certificate = str(error), error.certificate
    except (DidNotConvergeError, NTPDataError) as error:
        why = str(error)
    return Limits(data, F, compatibility(data, F=F), svm, why, certificate)


# The earlier name, which stays until version 1.0.
references = limits


def limits_of(data: NTPData, given: Limits | None) -> Limits:
    """The limits of a problem, which a caller may have computed already.

    Raises:
        NTPDataError: what is given are not limits, or those of other data.
        DidNotConvergeError: as for `limits`.
    """
    if given is None:
        return limits(data)
    if not isinstance(given, Limits):
        raise NTPDataError(
            f"references is {type(given).__name__}; it must be what ntp_lib.limits returns, or None"
        )
    require_same_data(given.data, data, "references")
    return given


def not_separable(references: Limits, consequence: str) -> NotSeparableError:
    """The error for data without a margin, with its certificate, for the caller to raise.

    Args:
        references: of data without W^mm.
        consequence: what cannot be done therefore.

    Raises:
        DidNotConvergeError: W^mm was neither found nor excluded.
    """
    verdict = references.separability
    if verdict.certificate is None:
        raise DidNotConvergeError(f"{references.why_no_svm or verdict.status.value}; so {consequence}")
    return certified_error(verdict, consequence)


def compatible_counterpart(references: Limits) -> NTPData:
    """The problem with p̂_j replaced by the softmax of W° on S_j.

    Its gradient and Hessian are those of the data themselves, because ∇CE_F(W°) = 0, and it is compatible with
    W* = W°, so that in-support residuals are differences from its own probabilities.
    """
    data, W = references.data, references.W_finite
    logits = np.einsum("nd,nd->n", W[data.probs.indices], data.embeddings[data.support_rows])
    shifted = np.exp(logits - np.maximum.reduceat(logits, data.probs.indptr[:-1])[data.support_rows])
    probs = data.probs.copy()
    probs.data = shifted / np.add.reduceat(shifted, data.probs.indptr[:-1])[data.support_rows]
    with warnings.catch_warnings():
        # Whoever made the data was told of contexts in conflict.
        warnings.simplefilter("ignore", NTPDataWarning)
        return NTPData(data.embeddings, data.context_probs, probs)
