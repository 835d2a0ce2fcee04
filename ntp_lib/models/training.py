"""Training of a transformer on the exact loss of the book: every distinct context, with its probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from math import cos, pi
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.measurements import centred, within_support
from ntp_lib.features.nuclear_margin import nuclear_norm
from ntp_lib.loss.cross_entropy import excess_loss
from ntp_lib.models.contexts import valid_contexts
from ntp_lib.models.transformer import Transformer
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.training import recorded_steps, valid_schedule

WARM_UP = 50  # steps of a growing step size
LAST = 0.02  # of the step size, at the end


@result
class Snapshot:
    """Decoder and embeddings at one step, as float64.

    Attributes:
        step: how many steps were taken before it.
        W: the decoder, (V, d); the loss does not see its mean row, which is left in.
        H: the embeddings of all contexts, (m, d).
    """

    step: int
    W: Floats = field(repr=False)
    H: Floats = field(repr=False)


@result
class TransformerTraining:
    """Outcome of `train_transformer`.

    Attributes:
        snapshots: by step, rising; the last step is always among them.
        frame: one row per recorded step, with the columns of `measured`.
    """

    snapshots: tuple[Snapshot, ...]
    frame: pd.DataFrame = copied()

    @property
    def last(self) -> Snapshot:
        """The snapshot of the last step."""
        return self.snapshots[-1]

    def at(self, step: int) -> Snapshot:
        """The snapshot of a step.

        Raises:
            NTPDataError: none was taken then; the message lists the steps that have one.
        """
        for snapshot in self.snapshots:
            if snapshot.step == step:
                return snapshot
        steps = ", ".join(str(snapshot.step) for snapshot in self.snapshots)
        raise NTPDataError(f"step is {step}; snapshots were taken at {steps}")


def train_transformer(
    data: NTPData,
    tokens: npt.ArrayLike,
    *,
    num_words: int | None = None,
    dim: int = 64,
    layers: int = 2,
    heads: int = 4,
    final_norm: bool = True,
    step_size: float = 2e-3,
    steps: int = 1000,
    decay: float = 0.0,
    snapshots: Sequence[int] = (),
    num_records: int | None = 40,
    seed: int = 0,
    progress: bool = False,
) -> TransformerTraining:
    """Minimise CE over all distinct contexts by AdamW with exact gradients, in float32 on one thread.

    β = (0.9, 0.99); the step size grows over 50 steps and falls like a cosine to 2 %; the gradient is clipped at
    length one.

    Args:
        data: π̂ and p̂ of the contexts; its embeddings are not used.
        tokens: the contexts as numbers of tokens, (m, T).
        num_words: how many tokens contexts are made of; one more than the largest number in `tokens` for None.
        dim: d.
        layers: blocks of the transformer.
        heads: of attention.
        final_norm: whether the embeddings are normalised, with a learned gain and shift.
        step_size: η, the largest one.
        steps: number of steps.
        decay: decoupled weight decay: weights shrink by η·decay a step.
        snapshots: steps at which decoder and embeddings are kept.
        num_records: how many steps are measured, as in `train`.
        seed: of the weights.
        progress: show a progress bar.

    Raises:
        NTPDataError: contexts that do not fit the data, or an argument outside its range.
        DidNotConvergeError: the loss is no longer a number.
    """
    contexts = valid_contexts(tokens, data)
    words = _valid_words(num_words, contexts)
    steps, num_records = valid_schedule(steps, num_records)
    wanted = {whole_number(step, f"snapshots[{i}]", most=steps) for i, step in enumerate(snapshots)} | {steps}
    step_size, decay = real_number(step_size, "step_size", above=0), real_number(decay, "decay", least=0)
    sizes: dict[str, Any] = {"num_words": words, "vocab_size": data.vocab_size, "length": contexts.shape[1]}
    model = Transformer(**sizes, dim=dim, layers=layers, heads=heads, final_norm=final_norm, seed=seed)
    basis = NTPData(np.eye(data.num_contexts), data.context_probs, data.next_token_probs)
    inputs, joint = torch.as_tensor(contexts), torch.as_tensor(_joint(data), dtype=torch.float32)
    recorded = set(recorded_steps(steps, num_records))
    rows, kept = [], []
    with one_torch_thread(), tqdm(total=steps, desc="transformer", unit="step", disable=not progress) as bar:
        optimiser = torch.optim.AdamW(model.parameters(), step_size, betas=(0.9, 0.99), weight_decay=decay)
        for step in range(steps + 1):
            if step in wanted | recorded:
                W, H = _weights(model, inputs, step)
                if step in wanted:
                    kept.append(Snapshot(step, W, H))
                if step in recorded:
                    rows.append({"step": step, **measured(W, H, basis)})
            if step < steps:
                optimiser.param_groups[0]["lr"] = step_size * schedule(step, steps)
                _descend(model, inputs, joint, optimiser, step)
                bar.update()
    return TransformerTraining(tuple(kept), pd.DataFrame(rows))


def schedule(step: int, steps: int) -> float:
    """Share of the largest step size: a linear warm-up times a cosine from one to 0.02."""
    return min(1.0, (step + 1) / WARM_UP) * (LAST + (1 - LAST) * (1 + cos(pi * step / steps)) / 2)


def measured(W: Floats, H: Floats, basis: NTPData) -> dict[str, float]:
    """Measure a decoder (V, d) and embeddings (m, d) against the labels of data on the standard basis.

    Returns:
        excess_loss: CE − entropy, nats.
        finite_error: distance of the in-support logits from the log-odds, over the length of the log-odds.
        margin: least logit of a support minus the largest off it, over all contexts; infinite without any off it.
        norm: nuclear norm of the centred logits.
        decoder_norm: ‖W‖, its mean row left in.
        embedding_norm: ‖H‖.
    """
    logits, support = H @ W.T, basis.support_mask
    wanted = within_support(np.log(np.where(support, basis.probs.toarray(), 1.0)), support)
    missed = np.linalg.norm(within_support(logits, support) - wanted)
    lowest = np.where(support, logits, np.inf).min(axis=1)
    highest = np.where(support, -np.inf, logits).max(axis=1)
    length = np.linalg.norm(wanted)
    return {
        "excess_loss": excess_loss(logits.T, basis),
        "finite_error": float(missed / length) if length else float("nan"),
        "margin": float((lowest - highest).min()),
        "norm": nuclear_norm(centred(logits)),
        "decoder_norm": float(np.linalg.norm(W)),
        "embedding_norm": float(np.linalg.norm(H)),
    }


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """A context in which torch computes on one thread; then the number is as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _valid_words(num_words: int | None, contexts: npt.NDArray[np.int64]) -> int:
    least = int(contexts.max()) + 1
    return least if num_words is None else whole_number(num_words, "num_words", least=least)


def _joint(data: NTPData) -> Floats:
    return np.asarray(data.context_probs[:, None] * data.probs.toarray())


def _descend(model: Any, inputs: Any, joint: Any, optimiser: Any, step: int) -> None:
    with torch.enable_grad():
        loss = -(joint * torch.log_softmax(model(inputs), dim=1)).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
    if not torch.isfinite(loss):
        raise _diverged(step)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()


def _weights(model: Any, inputs: Any, step: int) -> tuple[Floats, Floats]:
    with torch.no_grad():
        W, H = model.decoder.double().numpy(), model.embeddings(inputs).double().numpy()
    if not (np.isfinite(W).all() and np.isfinite(H).all()):
        raise _diverged(step)
    return W, H


def _diverged(step: int) -> DidNotConvergeError:
    return DidNotConvergeError(f"the loss is no longer a number after {step} steps; lower step_size")
