"""The fixed points that every trajectory is compared with: F, W* (or W°), and W^mm."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ntp_lib.conditions.compatibility import Compatibility, compatibility
from ntp_lib.conditions.separability import separability
from ntp_lib.conditions.subspace import Subspace, subspace
from ntp_lib.data.arrays import to_numpy
from ntp_lib.data.identity import require_same_data
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.results import result
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NotSeparableError, NTPDataError
from ntp_lib.references.svm import ntp_svm
from ntp_lib.references.svm_solution import NTPSVMSolution

Floats = npt.NDArray[np.float64]


@result
class References:
    """What the theory predicts for a problem.

    Attributes:
        data: the problem.
        F: its subspace.
        compatibility: verdict and W*.
        svm: the NTP-SVM solution, None where the data are not separable.
    """

    data: NTPData = field(repr=False)
    F: Subspace = field(repr=False)
    compatibility: Compatibility
    svm: NTPSVMSolution | None

    def __post_init__(self) -> None:
        for name, part in {"F": self.F, "compatibility": self.compatibility.F, "svm": self.svm}.items():
            if part is not None:
                require_same_data(part.data, self.data, name)

    @cached_property
    def W_finite(self) -> Floats:
        """The limit of P_F W_k: W* under compatibility, argmin of CE_F over F otherwise; (V, d)."""
        return self.compatibility.W_finite

    @property
    def W_mm(self) -> Floats | None:
        """W^mm as a NumPy array, (V, d), or None where the data are not separable."""
        return None if self.svm is None else np.asarray(to_numpy(self.svm.W))


@small_problems_on_one_thread
def references(data: NTPData) -> References:
    """Compute F, W* and W^mm of a problem.

    Raises:
        DidNotConvergeError: the NTP-SVM could be neither solved nor excluded.
        NTPDataError: no token is out of support.
    """
    F = subspace(data)
    try:
        svm = ntp_svm(data)
    except NotSeparableError:
        svm = None
    return References(data, F, compatibility(data, F=F), svm)


def references_of(data: NTPData, given: References | None) -> References:
    """The references of a problem, which a caller may have computed already.

    Raises:
        NTPDataError: what is given are not references, or those of other data.
        DidNotConvergeError: as for `references`.
    """
    if given is None:
        return references(data)
    if not isinstance(given, References):
        raise NTPDataError(
            f"references is {type(given).__name__}; it must be what ntp_lib.references returns, or None"
        )
    require_same_data(given.data, data, "references")
    return given


def not_separable(references: References, consequence: str) -> NotSeparableError:
    """The error for data without a margin, with its certificate, for the caller to raise.

    Args:
        references: of data that are not separable.
        consequence: what cannot be done therefore.

    Raises:
        DidNotConvergeError: no certificate was found.
    """
    certificate = separability(references.data).certificate
    if certificate is None:
        raise DidNotConvergeError(f"no W^mm and no certificate against one were found, so {consequence}")
    return NotSeparableError(
        f"the data are not NTP-separable, so {consequence}; the certificate attached proves it", certificate
    )
