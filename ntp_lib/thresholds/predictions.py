"""What the laws say about a cell of a phase diagram."""

from __future__ import annotations

from ntp_lib.thresholds.compatibility import compatibility_threshold
from ntp_lib.thresholds.law import threshold
from ntp_lib.thresholds.support_laws import SupportLaw


def predicted_ratio(question: str, vocab_size: int, supports: str) -> float:
    """(m/d)* of separability or (m/d)_c of compatibility, from V and the law of the sizes.

    For Zipf-weighted supports the number is that of exchangeable ones with the same sizes, which they are not.
    """
    law = SupportLaw.parse(supports)
    law.check(vocab_size)
    predict = threshold if question == "separability" else compatibility_threshold
    return predict(vocab_size=vocab_size, support_size=law.sizes)
