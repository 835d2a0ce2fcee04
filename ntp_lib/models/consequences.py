"""What any logits must obey: margins that a small excess forces, and two tokens that meet too often for one."""

from __future__ import annotations

from dataclasses import field

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result


def forced_margins(data: NTPData, excess: float) -> Floats:
    """The least margin that logits of a given excess loss can have (book, prop-transformer-excess).

    A token z of the support of context j lies above every token off it by at least −log(e^x − 1) nats, where
    x = excess/(π̂_j p̂_{j,z}); that is positive where the excess is below π̂_j p̂_{j,z} log 2. The bound holds for
    −log Σ_v e^(−margin over v) as well, which is at most the least of the margins.

    Args:
        data: π̂ and p̂ of the contexts; its embeddings are not used.
        excess: CE − entropy, nats.

    Returns:
        Nats, (m, V): infinite at an excess of zero, NaN off the supports.

    Raises:
        NTPDataError: the excess is no number of at least zero.

    Example:
        >>> from ntp_lib import synthetic
        >>> plane = synthetic.toy_2d()
        >>> bool(np.nanmin(forced_margins(plane, 0.5)) < 0 < np.nanmin(forced_margins(plane, 1e-4)))
        True
    """
    excess = real_number(excess, "excess", least=0)
    joint = data.context_probs[:, None] * data.probs.toarray()
    forced = np.full(joint.shape, np.nan)
    support = data.support_mask
    with np.errstate(divide="ignore"):
        shares = excess / joint[support]
        # log(e^x − 1), without overflow.
        forced[support] = -(shares + np.log(-np.expm1(-shares)))
    return forced


@result
class SharedContexts:
    """Two tokens, and the contexts whose supports have both.

    Attributes:
        tokens: the two, the smaller number first.
        contexts: numbers of the contexts.
    """

    tokens: tuple[int, int]
    contexts: npt.NDArray[np.int64] = field(repr=False)


def most_shared(data: NTPData) -> SharedContexts:
    """The two tokens that most supports have in common, among those that some support tells apart.

    If the embeddings of these contexts span ℝ^d, the data are not separable (book, prop-transformer-pair). In
    general position they do as soon as there are d of them.

    Args:
        data: supports of the contexts; embeddings are not used.

    Raises:
        NTPDataError: no support tells two tokens apart.

    Example:
        >>> from ntp_lib import synthetic
        >>> shared = most_shared(synthetic.toy_2d())
        >>> shared.tokens, shared.contexts.tolist()
        ((0, 1), [1])
    """
    support = data.support_mask.astype(np.int64)
    both = support.T @ support
    alone = np.diag(both)
    apart = alone[:, None] + alone - 2 * both > 0
    if not apart.any():
        raise NTPDataError("every support is the whole vocabulary; one of them must miss a token")
    x, y = np.unravel_index(np.where(apart, both, -1).argmax(), both.shape)
    contexts = np.flatnonzero(support[:, x] & support[:, y])
    return SharedContexts((int(min(x, y)), int(max(x, y))), contexts)
