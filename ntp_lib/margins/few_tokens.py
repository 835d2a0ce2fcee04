"""Non-separability from a few tokens: what no decoder can do for some tokens it cannot do for all.

Drop all tokens but a few, and every context without one of them in its support. A direction of the whole problem
satisfies (6a) and (6b) of what is left; so a certificate of what is left, zero elsewhere, is one of the whole. By
Cover's count two tokens are enough as soon as many more than 2d contexts are followed by just one of them.
"""

from __future__ import annotations

import time
import warnings

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataWarning
from ntp_lib.margins.separability import Separability, Verdict, separability

# How many of the most frequent tokens are tried, in this order.
COUNTS = (2, 4, 8, 16)
# Contexts per dimension from which a few tokens are worth trying: random ones are then separable one time in a
# hundred at d = 10, and less often the larger d is.
CONTEXTS_PER_DIMENSION = 2.5
# Pairs of context and token of the whole problem up to which a certificate is laid out (1 GiB).
MAX_PAIRS = 2**27
# Multiplications m·V·d an iteration of what is tried.
MAX_MULTIPLICATIONS = 10**7


def refutation(data: NTPData, *, time_limit: float) -> Separability | None:
    """Look for a proof that the data are not separable among their most frequent tokens.

    Args:
        data: the problem.
        time_limit: seconds for all that is tried.

    Returns:
        A verified verdict with its certificate, or None: then nothing is known.
    """
    if data.num_contexts * data.vocab_size > MAX_PAIRS:
        return None
    deadline = time.monotonic() + time_limit
    frequency = np.bincount(data.probs.indices, minlength=data.vocab_size)
    by_frequency = np.argsort(-frequency, kind="stable")
    for count in (count for count in COUNTS if count < data.vocab_size):
        tokens = by_frequency[:count]
        contexts = np.flatnonzero(data.probs[:, tokens].count_nonzero(axis=1))
        worth_trying = len(contexts) > CONTEXTS_PER_DIMENSION * data.dim
        left = deadline - time.monotonic()
        if not worth_trying or len(contexts) * count * data.dim > MAX_MULTIPLICATIONS or left <= 0:
            continue
        found = _restricted(data, contexts, tokens)
        if found.probs.nnz == len(contexts) * count:
            continue
        verdict = separability(found, time_limit=left)
        if verdict.status is Verdict.NOT_SEPARABLE and verdict.certificate is not None:
            A = np.zeros((data.num_contexts, data.vocab_size))
            A[np.ix_(contexts, tokens)] = verdict.certificate
            result = Separability(data, Verdict.NOT_SEPARABLE, certificate=A)
            if result.verify():
                return result
    return None


def _restricted(data: NTPData, contexts: npt.NDArray[np.intp], tokens: npt.NDArray[np.intp]) -> NTPData:
    """The supports among some tokens, as uniform distributions: separability does not ask for more."""
    support = data.probs[contexts][:, tokens].toarray() > 0
    weights = np.full(len(contexts), 1 / len(contexts))
    with warnings.catch_warnings():
        # Whoever built `data` was told of equal embeddings already.
        warnings.simplefilter("ignore", NTPDataWarning)
        return NTPData(data.embeddings[contexts], weights, support / support.sum(axis=1, keepdims=True))
