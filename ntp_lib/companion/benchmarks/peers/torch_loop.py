"""Training as one would write it in torch: logits, log-softmax, backward, a step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntp_lib.companion.benchmarks.cases import Answer, Contender
from ntp_lib.data.ntp_data import NTPData

# The clock is looked at rarely, for looking at it costs time.
STEPS_BETWEEN_LOOKS = 50


@dataclass(frozen=True)
class TorchLoop:
    """A solver for a case of training.

    Attributes:
        step_size: η.
        steps: to be taken.
        normalised: divide the gradient by its norm.
        threads: for torch; None leaves its default.
        stands_for: steps that the loop would have to take in all; its time is scaled up to them.
    """

    step_size: float
    steps: int
    normalised: bool = False
    threads: int | None = None
    stands_for: float | None = None

    def __call__(self, problem: NTPData, setting: str, limit: float) -> Answer:
        """W after the steps, from zero."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(self.threads or before)
        try:
            W, taken = self._descend(problem, limit)
        finally:
            torch.set_num_threads(before)
        return Answer(
            W if taken == self.steps else None,
            stopped=taken < self.steps,
            scale=(self.stands_for or self.steps) / taken,
            notes={"steps": taken},
        )

    def _descend(self, problem: NTPData, limit: float) -> tuple[Any, int]:
        import torch

        embeddings = torch.tensor(problem.embeddings)
        targets = torch.tensor(problem.probs.toarray() * problem.context_probs[:, None])
        W = torch.zeros((problem.vocab_size, problem.dim), dtype=torch.float64, requires_grad=True)
        begin = time.perf_counter()
        for step in range(self.steps):
            if step % STEPS_BETWEEN_LOOKS == 0 and step and time.perf_counter() - begin > limit:
                return None, step
            loss = -(targets * torch.log_softmax(embeddings @ W.T, dim=1)).sum()
            loss.backward()
            with torch.no_grad():
                slope = W.grad
                assert slope is not None
                W -= (self.step_size / torch.linalg.norm(slope) if self.normalised else self.step_size) * slope
                W.grad = None
        return np.asarray(W.detach().numpy()), self.steps


def torch_contenders(
    *, step_size: float, steps: int, normalised: bool = False, stands_for: float | None = None
) -> tuple[Contender, ...]:
    """The loop on one thread and on as many as torch takes by itself; on small arrays one is often faster."""
    return tuple(
        Contender(name, TorchLoop(step_size, steps, normalised, threads, stands_for))
        for name, threads in (("torch loop, one thread", 1), ("torch loop, its own threads", None))
    )
