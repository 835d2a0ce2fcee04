"""Recorded steps of a run, kept until there are enough to measure them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ntp_lib.limiting.limits import Limits
from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories.measurements import measure_all

Measure = Callable[[Floats], Mapping[str, Floats]]

# Entries of all waiting decoders, or of their logits: a megabyte, which stays in a processor's cache.
WAITING_ENTRIES = 2**17


class Trace:
    """The measurements of a run, step by step: those of `basic`, and of `further` where given."""

    def __init__(
        self,
        references: Any,
        further: Measure | None = None,
        *,
        basic: Callable[[Floats, Any], dict[str, Floats]] = measure_all,
        entries: int | None = None,
    ) -> None:
        """Begin without a record.

        Args:
            references: what is measured against.
            further: columns that a caller adds.
            basic: the columns of every trace, from stacked weights and the references.
            entries: the most numbers that the measurement of one decoder holds; by default a decoder's own or its
                logits'.
        """
        self._references, self._further, self._basic = references, further, basic
        self._capacity = max(1, WAITING_ENTRIES // (entries or _entries(references)))
        self._waiting: list[tuple[int, Floats, Mapping[str, float]]] = []
        self._parts: list[pd.DataFrame] = []

    def record(self, step: int, W: Floats, known: Mapping[str, float] | None = None) -> None:
        """Note the decoder (V, d) of a step; it must not be changed afterwards.

        Args:
            step: of the run.
            W: the decoder.
            known: columns that are known better than they can be measured at W.
        """
        self._waiting.append((step, W, known or {}))
        if len(self._waiting) == self._capacity:
            self._measure()

    def frame(self) -> pd.DataFrame:
        """One row per recorded step: step and the measured columns."""
        self._measure()
        return self._parts[0] if len(self._parts) == 1 else pd.concat(self._parts, ignore_index=True)

    def _measure(self) -> None:
        if self._waiting:
            steps, decoders, known = zip(*self._waiting, strict=True)
            stacked = np.array(decoders)
            columns = self._basic(stacked, self._references)
            if self._further is not None:
                # Copies, because the frame keeps what it is given, and a caller may fill the same arrays again.
                columns |= {name: np.array(values) for name, values in self._further(stacked).items()}
            for i, values in enumerate(known):
                for name, value in values.items():
                    columns[name][i] = value
            self._parts.append(pd.DataFrame({"step": np.array(steps), **columns}, copy=False))
            self._waiting.clear()


def _entries(references: Limits) -> int:
    data = references.data
    return max(data.vocab_size * data.dim, min(data.num_contexts, data.block_rows) * data.vocab_size)
