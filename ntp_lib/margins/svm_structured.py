"""NTP-SVM by operator splitting, the default: see `ntp_lib.margins.splitting` (book, structured solver)."""

from __future__ import annotations

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.splitting.solve import Answer
from ntp_lib.margins.splitting.solve import solve as split
from ntp_lib.margins.svm_solution import NTPSVMSolution


def solve(data: NTPData, *, tolerance: float) -> NTPSVMSolution | None:
    """Solve in arrays of the data's own kind; None where a certificate shows that there is no margin."""
    outcome = split(data, tolerance=tolerance)
    if outcome.answer is Answer.CERTIFICATE:
        return None
    return NTPSVMSolution(
        data=data,
        W=outcome.dual.T @ data.kind.convert(data.embeddings),
        dual=outcome.dual,
        tolerance=tolerance,
        solver="structured",
        iterations=outcome.iterations,
    )
