"""Which tokens and contexts to try, and the certificate they give for the whole problem."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.few_tokens.descent import Descent, descend
from ntp_lib.margins.few_tokens.pair_count import token_counts
from ntp_lib.margins.few_tokens.part import Part
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.scaling import scaled_rows

# Tokens beyond these are worth a multiple of the work only where fewer left the question open.
GROWTH = 2
# Of all pairs of context and token, the share up to which more than two tokens are few: with more, the whole
# problem is hardly larger, and the splitting decides it sooner.
FEW = 0.1
# Demand over freedom, (K − 1)·d, below which a refutation is unlikely: the law puts the threshold at one, a little
# too high (book, Limits of the chapter on thresholds).
LIKELY = 0.9
# Contexts that ask for so many times the freedom are enough.
AMPLE = 1.5
# Pairs of context and token, and multiplications a step, up to which a part is tried.
MAX_PAIRS = 2**22
MAX_MULTIPLICATIONS = 3 * 10**11


def refutation(data: NTPData, *, time_limit: float) -> sp.csr_array | None:
    """Look for a proof that the data are not separable among their most frequent tokens.

    Args:
        data: the problem.
        time_limit: seconds for all that is tried.

    Returns:
        A certificate for the whole problem and unit embeddings, (m, V), not yet verified; or None: then nothing
        is known.
    """
    deadline = time.monotonic() + time_limit
    unit = _UnitRows(data)
    for part, load in _parts(data):
        chosen = part.sample(int(np.ceil(len(part.contexts) * AMPLE / load)))
        found = _tried(unit, chosen, deadline)
        if found is None or (found.direction is not None and len(chosen.contexts) < len(part.contexts)):
            chosen = part
            found = _tried(unit, chosen, deadline)
        if found is not None and found.certificate is not None:
            return _of_the_whole(data, chosen, found.certificate)
        if time.monotonic() >= deadline:
            return None
    return None


def _parts(data: NTPData) -> Iterator[tuple[Part, float]]:
    """Ever more of the most frequent tokens, where their contexts ask for more than the dimensions give."""
    order = np.argsort(-token_counts(data), kind="stable")
    count = 2
    while True:
        part = Part.of(data, order[:count])
        if part.support.size > MAX_PAIRS:
            return
        few = count == 2 or part.support.size <= FEW * data.num_contexts * data.vocab_size
        if few and len(part.contexts) > data.dim and not part.support.all():
            load = part.demand / ((len(part.tokens) - 1) * data.dim)
            if load >= LIKELY:
                yield part, load
        if count >= data.vocab_size:
            return
        count = min(GROWTH * count, data.vocab_size)


def _tried(unit: _UnitRows, part: Part, deadline: float) -> Descent | None:
    """A descent on these contexts; None where a step would be too long or nothing can be refuted."""
    n, count, d = *part.support.shape, unit.dim
    blocks = 1 if count == 2 else count
    if part.support.all() or blocks * d * d * (n + d) > MAX_MULTIPLICATIONS:
        return None
    return descend(unit[part.contexts], part.support, deadline=deadline)


def _of_the_whole(data: NTPData, part: Part, certificate: Floats) -> sp.csr_array:
    """The certificate of the part, zero elsewhere."""
    rows, columns = np.nonzero(certificate)
    entries = certificate[rows, columns], (part.contexts[rows], part.tokens[columns])
    A = sp.csr_array(entries, shape=data.probs.shape)
    A.sort_indices()
    return A


class _UnitRows:
    """Unit embeddings of the contexts asked for."""

    def __init__(self, data: NTPData) -> None:
        self._rows, self._norms, _ = scaled_rows(data)
        self.dim = data.dim

    def __getitem__(self, contexts: npt.NDArray[np.intp]) -> Floats:
        return np.asarray(self._rows[contexts] / self._norms[contexts][:, None])
