"""A transformer of one layer, trained whole on a few contexts: how much of what it could hold (book, capacity)."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from ntp_lib.attention.prefixes import LETTERS, LetterContexts
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.models.training import one_torch_thread
from ntp_lib.numerics.numbers import real_number, whole_number

WEIGHTS = {"Z": 0.5, "U": 0.5, "A": 0.3, "value": 1.0, "hidden": 1.0, "bias": 0.1, "decoder": 1.0}


def trained_excess(
    data: LetterContexts,
    *,
    width: int,
    model_dim: int = 16,
    steps: int = 400,
    step_size: float = 1e-2,
    seed: int = 0,
) -> float:
    """CE − entropy in nats after Adam on all weights: embeddings, head, hidden layer and decoder, in float64.

    The model is that of `random_features` with GELU and a decoder with biases behind it. The step size falls like
    a cosine to zero; gradients are exact, over all contexts with their weights.

    Args:
        data: contexts, their weights and next-letter probabilities.
        width: m, of the hidden layer.
        model_dim: d0.
        steps: of Adam.
        step_size: η, at the start.
        seed: of the initial weights.

    Raises:
        NTPDataError: numbers out of range.
        DidNotConvergeError: the loss is no longer a number.
    """
    m, d0 = whole_number(width, "width", least=1), whole_number(model_dim, "model_dim", least=1)
    steps, seed = whole_number(steps, "steps", least=1), whole_number(seed, "seed")
    step_size = real_number(step_size, "step_size", above=0)
    tokens, beyond, last = _padded(data.contexts)
    probs, weights = torch.from_numpy(data.probs.copy()), torch.from_numpy(data.context_probs.copy())
    generator = torch.Generator().manual_seed(seed)
    V = data.probs.shape[1]
    shapes = {
        "Z": (len(LETTERS), d0), "U": (tokens.shape[1], d0), "A": (d0, d0), "value": (d0, d0),
        "hidden": (d0, m), "bias": (m,), "decoder": (m, V),
    }  # fmt: skip
    scales = WEIGHTS | {"A": WEIGHTS["A"] / d0, "value": d0**-0.5, "hidden": d0**-0.5, "decoder": 1 / sqrt(m)}
    with one_torch_thread():
        par = {
            name: (torch.randn(*shape, generator=generator, dtype=torch.float64) * scales[name]).requires_grad_()
            for name, shape in shapes.items()
        }
        par["offset"] = torch.zeros(V, dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.Adam(par.values(), lr=step_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for _ in range(steps):
            optimiser.zero_grad()
            loss = _loss(par, tokens, beyond, last, weights, probs)
            loss.backward()
            optimiser.step()
            schedule.step()
        final = float(_loss(par, tokens, beyond, last, weights, probs).detach())
    if not np.isfinite(final):
        raise DidNotConvergeError(f"the loss is {final} after {steps} steps of size {step_size:g}")
    entropy = -float(
        (data.context_probs[:, None] * data.probs * np.log(np.where(data.probs > 0, data.probs, 1))).sum()
    )
    return final - entropy


def _padded(contexts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens (n, T), zero beyond the end of a context; −∞ there and 0 elsewhere, (n, T); the last place, (n,)."""
    n, T = len(contexts), max(map(len, contexts))
    tokens, beyond = np.zeros((n, T), dtype=np.int64), np.full((n, T), -np.inf)
    for j, context in enumerate(contexts):
        tokens[j, : len(context)], beyond[j, : len(context)] = context, 0.0
    return torch.from_numpy(tokens), torch.from_numpy(beyond), torch.tensor([len(c) - 1 for c in contexts])


def _loss(
    par: dict[str, Tensor], tokens: Tensor, beyond: Tensor, last: Tensor, weights: Tensor, probs: Tensor
) -> Tensor:
    x = par["Z"][tokens] + par["U"]
    queries = x[torch.arange(len(last)), last] @ par["A"].T
    share = torch.softmax((x @ queries[:, :, None])[:, :, 0] + beyond, 1)
    y = (share[:, None] @ x)[:, 0] @ par["value"]
    hidden = torch.nn.functional.gelu(y @ par["hidden"] + par["bias"])
    logits = hidden @ par["decoder"] + par["offset"]
    return -(weights[:, None] * probs * torch.log_softmax(logits, 1)).sum()
