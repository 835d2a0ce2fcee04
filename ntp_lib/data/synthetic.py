"""The paper's synthetic problems: the plane with five words (Figs 1, 2) and the experiment of Figs 3 to 5."""

from __future__ import annotations

from numbers import Real

import numpy as np
import numpy.typing as npt

from ntp_lib.data.encoding import require_whole_number
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError

# Dense arrays of at most this many entries (2 GiB) are drawn, and as many sequences as 64-bit counts hold.
MAX_ENTRIES = 2**28
MAX_SEQUENCES = 2**62


def toy_2d() -> NTPData:
    """Three contexts in the plane and five words, three of which follow each context (paper, Figs 1, 2).

    The paper prints neither embeddings nor probabilities. Its captions force the supports {2,3,4}, {1,2,5},
    {1,4,5} up to swapping words 2 and 4. The unit embeddings at 90°, 210° and 330° positively span the plane,
    which makes the data separable, and the probabilities are chosen so that the entropy is the paper's
    H = 0.8811 nats to four digits.
    """
    angles = np.deg2rad([90.0, 210.0, 330.0])
    probs = [
        [0.00, 0.35, 0.60, 0.05, 0.00],
        [0.55, 0.05, 0.00, 0.00, 0.40],
        [0.15, 0.00, 0.00, 0.30, 0.55],
    ]
    return NTPData(
        np.column_stack([np.cos(angles), np.sin(angles)]),
        np.full(3, 1 / 3),
        probs,
        vocabulary=("1", "2", "3", "4", "5"),
        contexts=("A", "B", "C"),
    )


def random(
    *,
    num_contexts: int = 50,
    dim: int = 60,
    vocab_size: int = 10,
    support_size: int = 6,
    num_sequences: int = 5000,
    seed: int = 0,
) -> NTPData:
    """Random supports, counted probabilities, Gaussian embeddings (paper, §6 and App. A.2, Figs 3 to 5).

    Each context gets a uniformly random support of the given size and a distribution drawn uniformly from the
    simplex over it. Each context occurs at least support_size times, and otherwise as often as uniform draws say;
    its next tokens are drawn from its distribution, and a token of the support that is never drawn gets one
    sequence of the most frequent one. The probabilities are the resulting relative frequencies, so n π̂_j p̂_jz
    are positive integers, as in the paper. Embeddings are standard Gaussian: the paper does not print their
    scale, and with this one its step size 0.5 lies below 2/L (see `smoothness`).

    Raises:
        NTPDataError: a size that is no whole number or below its minimum, a support larger than the vocabulary,
            fewer sequences than (context, token) pairs, or arrays of more than `MAX_ENTRIES` entries.
    """
    sizes = {"num_contexts": num_contexts, "dim": dim, "vocab_size": vocab_size, "support_size": support_size}
    for name, value in sizes.items():
        require_whole_number(value, name, at_least=1)
    require_whole_number(num_sequences, "num_sequences", at_least=1, at_most=MAX_SEQUENCES)
    require_whole_number(seed, "seed", at_least=0)
    _require_room(num_contexts, dim=dim, vocab_size=vocab_size)
    if support_size > vocab_size:
        raise NTPDataError(f"support_size is {support_size}; it can be at most vocab_size = {vocab_size}")
    pairs = num_contexts * support_size
    if num_sequences < pairs:
        raise NTPDataError(
            f"num_sequences is {num_sequences}; with num_contexts × support_size = {pairs} "
            f"(context, token) pairs to occur at least once it must be at least {pairs}"
        )
    rng = np.random.default_rng(seed)
    embeddings = rng.standard_normal((num_contexts, dim))
    spare = rng.multinomial(num_sequences - pairs, np.full(num_contexts, 1 / num_contexts))
    counts = np.zeros((num_contexts, vocab_size))
    for j, sequences in enumerate(spare + support_size):
        support = rng.choice(vocab_size, support_size, replace=False)
        counts[j, support] = _positive_counts(rng.multinomial(sequences, rng.dirichlet(np.ones(support_size))))
    totals = counts.sum(axis=1)
    return NTPData(embeddings, totals / num_sequences, counts / totals[:, None], num_sequences=num_sequences)


def clusters(
    *, num_classes: int = 10, dim: int = 25, per_class: int = 50, noise: float = 0.1, seed: int = 0
) -> NTPData:
    """One-hot labels: a standard Gaussian centre for each class, and contexts scattered about it (Fan et al., §5).

    Args:
        num_classes: V, one token a class.
        dim: d.
        per_class: contexts of each class; all are equally frequent.
        noise: standard deviation of a coordinate about its centre.
        seed: of centres and noise.

    Raises:
        NTPDataError: fewer than two classes, another size below one, or noise that is negative or not finite.
    """
    for name, value, least in (("num_classes", num_classes, 2), ("dim", dim, 1), ("per_class", per_class, 1)):
        require_whole_number(value, name, at_least=least)
    require_whole_number(seed, "seed", at_least=0)
    if not (isinstance(noise, Real) and 0 <= noise < float("inf")) or isinstance(noise, bool):
        raise NTPDataError(f"noise is {noise!r}; it must be a finite number, not negative")
    _require_room(num_classes * per_class, dim=dim, vocab_size=num_classes)
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(num_classes), per_class)
    centres = rng.standard_normal((num_classes, dim))
    embeddings = centres[labels] + noise * rng.standard_normal((len(labels), dim))
    return NTPData(embeddings, np.full(len(labels), 1 / len(labels)), np.eye(num_classes)[labels])


def _require_room(num_contexts: int, *, dim: int, vocab_size: int) -> None:
    for name, width in (("dim", dim), ("vocab_size", vocab_size)):
        entries = int(num_contexts) * int(width)
        if entries > MAX_ENTRIES:
            raise NTPDataError(f"num_contexts × {name} = {entries:.3g} entries; at most {MAX_ENTRIES:.3g} fit")


def _positive_counts(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give every token that was never drawn one of the most frequent token's sequences."""
    missing = np.flatnonzero(counts == 0)
    for token in missing:
        counts[np.argmax(counts)] -= 1
        counts[token] += 1
    return counts
