"""Random data of a cell, and how many of them meet a condition."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ntp_lib.conditions.compatibility import compatibility
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.separability import separability
from ntp_lib.numerics.numbers import one_of, whole_number
from ntp_lib.thresholds.support_laws import SupportLaw

QUESTIONS = ("separability", "compatibility")
# Near the border the splitting leaves some problems open after seconds, which the linear programme settles sooner.
# So up to this m·V·d it is given these seconds, and the programme is next. What is certified depends on neither.
SMALL = 4 * 10**4
PATIENCE = 0.25


@dataclass(frozen=True, order=True)
class Cell:
    """One point of a phase diagram: everything that its outcome depends on.

    Attributes:
        question: "separability" or "compatibility".
        vocab_size: V.
        supports: a `SupportLaw` as text.
        dim: d.
        num_contexts: m.
        trials: data sets.
        seed: of the sweep; the generator of trial i is derived from it, the parameters above and i.
    """

    question: str
    vocab_size: int
    supports: str
    dim: int
    num_contexts: int
    trials: int
    seed: int

    def __post_init__(self) -> None:
        one_of(self.question, "question", QUESTIONS)
        for name in ("dim", "num_contexts", "trials"):
            object.__setattr__(self, name, whole_number(getattr(self, name), name, least=1))
        object.__setattr__(self, "seed", whole_number(self.seed, "seed"))
        SupportLaw.parse(self.supports).check(self.vocab_size)

    @property
    def ratio(self) -> float:
        """m/d."""
        return self.num_contexts / self.dim

    def generator(self, trial: int) -> np.random.Generator:
        """The stream of one trial: the same on any machine, in any order, with any number of workers."""
        law = SupportLaw.parse(self.supports)
        numbers = (self.seed, QUESTIONS.index(self.question), self.vocab_size, law.smallest, law.largest)
        more = (int(law.zipf), self.dim, self.num_contexts, trial)
        return np.random.default_rng(np.random.SeedSequence((*numbers, *more)))


@dataclass(frozen=True)
class CellOutcome:
    """What the trials of a cell found; the three counts sum to the cell's trials.

    Attributes:
        cell: the point.
        yes: data sets that meet the condition.
        no: data sets that do not.
        undecided: data sets for which neither was certified.
    """

    cell: Cell
    yes: int
    no: int
    undecided: int

    def record(self) -> dict[str, Any]:
        """One flat row: the cell's fields, the ratio m/d and the counts."""
        counts = {"yes": self.yes, "no": self.no, "undecided": self.undecided}
        return {**asdict(self.cell), "ratio": self.cell.ratio, **counts}


def random_data(cell: Cell, rng: np.random.Generator) -> NTPData:
    """Standard Gaussian embeddings, supports from the cell's law, probabilities uniform on each simplex."""
    support = SupportLaw.parse(cell.supports).draw(cell.num_contexts, cell.vocab_size, rng)
    weights = np.where(support, rng.standard_exponential(support.shape), 0.0)
    embeddings = rng.standard_normal((cell.num_contexts, cell.dim))
    contexts = np.full(cell.num_contexts, 1 / cell.num_contexts)
    return NTPData(embeddings, contexts, weights / weights.sum(axis=1, keepdims=True))


def run_cell(cell: Cell) -> CellOutcome:
    """Decide the cell's question for each of its data sets.

    A set without any out-of-support token has no constraint (6b) and counts as separable.
    """
    verdicts = [_verdict(cell, cell.generator(i)) for i in range(cell.trials)]
    return CellOutcome(cell, verdicts.count(True), verdicts.count(False), verdicts.count(None))


def _verdict(cell: Cell, rng: np.random.Generator) -> bool | None:
    data = random_data(cell, rng)
    if cell.question == "compatibility":
        return bool(compatibility(data).holds)
    if (data.support_sizes == data.vocab_size).all():
        return True
    small = cell.num_contexts * cell.vocab_size * cell.dim <= SMALL
    if small and (found := separability(data, time_limit=PATIENCE)).holds is not None:
        return found.holds
    if small and (found := separability(data, solver="highs")).holds is not None:
        return found.holds
    return separability(data).holds
