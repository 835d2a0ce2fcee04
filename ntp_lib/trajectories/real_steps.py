"""Steps that are taken one by one, with a look at the weights now and then, and recorded where asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.loss.sampled import SampledSlope, TokenSlope
from ntp_lib.loss.slope import Slope
from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories import gram_descent
from ntp_lib.trajectories.optimisers import make_step
from ntp_lib.trajectories.token_descent import TokenDescent

# The decoder after so many further steps, a new array.
Walk = Callable[[Floats, int], Floats]

STEPS_BETWEEN_LOOKS = 100
# ‖W‖² up to which products of W with embeddings and references stay in the range of float64.
LARGEST_SQUARE = 1e200
# The Gram matrix and its eigenvalues are worth a run of so many steps, coordinates so many between two records.
FEWEST_STEPS, FEWEST_BETWEEN_RECORDS = 500, 4


class RealSteps:
    """A run by steps, as far as it has come.

    Attributes:
        W: the decoder, (V, d), or several, (S, V, d).
        done: after how many steps.
    """

    def __init__(
        self,
        walk: Walk,
        W: Floats,
        targets: Iterable[int],
        record: Callable[[int, Floats], None],
        *,
        name: str,
        bar: tqdm[Any],
    ) -> None:
        """Begin at step 0.

        Args:
            walk: what takes the steps.
            W: start.
            targets: increasing steps at which to record.
            record: called with a step and the decoder there.
            name: of the method, for messages.
            bar: progress.
        """
        self.W, self.done, self.targets = W, 0, list(targets)
        self._walk, self._record, self._name, self._bar = walk, record, name, bar

    def to(self, step: int) -> Floats:
        """The decoder at a later step; targets on the way are recorded."""
        while self.targets and self.targets[0] <= step:
            self._advance(self.targets[0])
            self._record(self.targets.pop(0), self.W)
        self._advance(step)
        return self.W

    def _advance(self, target: int) -> None:
        # Steps far too long overflow, and so may the loss of what they lead to: the look below says so by name.
        # An entry that is not finite stays so: looking at the weights now and then misses nothing. ‖W‖² is looked
        # at, because no measurement can be taken where it overflows.
        for start in range(self.done, target, STEPS_BETWEEN_LOOKS):
            with np.errstate(over="ignore", invalid="ignore"):
                self.W = self._walk(self.W, min(STEPS_BETWEEN_LOOKS, target - start))
                length = np.vdot(self.W, self.W)
            if not length <= LARGEST_SQUARE:
                raise DidNotConvergeError(
                    f"{self._name} left the range of float64 before step {target}; lower step_size"
                )
        self._bar.update(target - self.done)
        self.done = target


def walk_of(
    data: NTPData,
    method: str,
    constants: dict[str, Any],
    *,
    steps: int,
    num_records: int | None,
    batch_size: Any = None,
    sample_tokens: Any = False,
    seed: int = 0,
) -> Walk:
    """What takes the steps of a method.

    Args:
        data: the problem.
        method: one of METHODS.
        constants: of the methods, valid ones.
        steps: how many are to come.
        num_records: at how many of them the decoder is needed; None for all.
        batch_size: contexts a step draws; None for the exact gradient.
        sample_tokens: whether it draws a token for each.
        seed: of the draws.

    Raises:
        NTPDataError: batch_size or sample_tokens are not possible.
    """
    if not isinstance(sample_tokens, bool | np.bool_):
        raise NTPDataError(f"sample_tokens is {sample_tokens!r}; it must be True or False")
    if sample_tokens and batch_size is None:
        raise NTPDataError(
            "sample_tokens draws one token for each sampled context, and batch_size is None, which samples no "
            "contexts: give the number of pairs drawn for a step as batch_size"
        )
    sizes = {name: constants[name] for name in ("step_size", "step_decay")}
    slope: Slope | SampledSlope | TokenSlope
    if batch_size is None:
        if method in gram_descent.METHODS and _repays_coordinates(steps, num_records):
            gram = gram_descent.gram_matrix(data)
            if gram is not None:
                return gram_descent.GramDescent(data, gram, method=method, steps=steps, **sizes)
        slope = Slope(data)
    elif sample_tokens:
        slope = TokenSlope(data, batch_size=batch_size, seed=seed)
        if method == "gd" and batch_size == 1:
            return TokenDescent(data, seed=seed, **sizes)
    else:
        slope = SampledSlope(data, batch_size=batch_size, seed=seed)
    advance = make_step(method, slope, **constants)

    def walk(W: Floats, count: int) -> Floats:
        for _ in range(count):
            W = advance(W)
        return W

    return walk


def _repays_coordinates(steps: int, num_records: int | None) -> bool:
    return num_records is not None and steps >= max(FEWEST_STEPS, FEWEST_BETWEEN_RECORDS * num_records)
