"""Some contexts with their rows of probabilities written out."""

from __future__ import annotations

from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.results import result


@result
class ContextBlock:
    """A run of consecutive contexts with their dense rows.

    Attributes:
        rows: the contexts' places in the whole problem.
        embeddings: (b, d).
        context_probs: π̂, (b,).
        probs: p̂, (b, V).
        support: p̂ > 0, (b, V).
    """

    rows: slice
    embeddings: Floats
    context_probs: Floats
    probs: Floats
    support: Bools
