"""The error for data without a margin: what the certificate excludes, no more."""

from __future__ import annotations

from ntp_lib.errors import DidNotConvergeError, NotSeparableError
from ntp_lib.margins.separability import Separability


def certified_error(verdict: Separability, consequence: str) -> NotSeparableError:
    """The error for data that are not separable, with the certificate, for the caller to raise.

    Args:
        verdict: not separable.
        consequence: what cannot be had therefore.

    Raises:
        DidNotConvergeError: the verdict has no certificate.
    """
    if verdict.certificate is None:
        raise DidNotConvergeError(f"no W^mm and no certificate against one were found, so {consequence}")
    return NotSeparableError(
        f"the data are not NTP-separable, so {consequence}; the certificate attached excludes every margin above "
        f"{verdict.excluded_margin:.1e} per unit of ‖W‖ and of embedding length",
        verdict.certificate,
    )
