"""Training and the flow in JAX: `lax.scan` over steps and diffrax, compiled before the clock starts."""

from __future__ import annotations

import importlib.util
import os
from functools import cache, partial
from typing import Any

import numpy as np

from ntp_lib.companion.benchmarks.cases import Answer, Contender
from ntp_lib.companion.benchmarks.machine import ONE_THREAD
from ntp_lib.data.ntp_data import NTPData


def scan_contender(step_size: float, steps: int, *, normalised: bool = False) -> Contender:
    """(Normalised) gradient descent from zero as one compiled loop."""

    def solve(problem: NTPData, setting: str, limit: float) -> Answer:
        return Answer(np.asarray(_scan()(*_arrays(problem), step_size, normalised=normalised, steps=steps)))

    return Contender("jax.jit + lax.scan", solve, compiles=True, missing=_missing("jax"))


def flow_contender(log_times: list[float]) -> Contender:
    """The flow from zero by Kvaerno's stiff method of order five, in log(1 + t); the first time is judged."""

    def solve(problem: NTPData, setting: str, limit: float) -> Answer:
        clock = np.logaddexp(0.0, log_times)
        return Answer(np.asarray(_flow()(*_arrays(problem), clock, float(setting)))[0])

    settings = ("1e-4", "1e-5", "1e-6")
    return Contender("diffrax, Kvaerno5", solve, settings, compiles=True, missing=_missing("diffrax"))


def _missing(module: str) -> str:
    return "" if importlib.util.find_spec(module) else f"{module} is not installed"


def _arrays(data: NTPData) -> tuple[Any, Any, Any]:
    return data.embeddings, data.probs.toarray(), data.context_probs[:, None]


def _slope(W: Any, embeddings: Any, probs: Any, weights: Any) -> Any:
    import jax

    return ((jax.nn.softmax(embeddings @ W.T) - probs) * weights).T @ embeddings


def _jax() -> Any:
    """JAX in double precision and on one thread, which it learns from the environment when first imported."""
    os.environ.update(ONE_THREAD)
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


@cache
def _scan() -> Any:
    jax = _jax()

    @partial(jax.jit, static_argnames=("normalised", "steps"))
    def descend(embeddings: Any, probs: Any, weights: Any, size: Any, *, normalised: bool, steps: int) -> Any:
        def step(W: Any, _: None) -> tuple[Any, None]:
            slope = _slope(W, embeddings, probs, weights)
            return W - (size / jax.numpy.linalg.norm(slope) if normalised else size) * slope, None

        start = jax.numpy.zeros((probs.shape[1], embeddings.shape[1]))
        return jax.lax.scan(step, start, length=steps)[0]

    return descend


@cache
def _flow() -> Any:
    jax = _jax()
    import diffrax

    def flow(embeddings: Any, probs: Any, weights: Any, clock: Any, tolerance: Any) -> Any:
        def rate(u: Any, W: Any, _: None) -> Any:
            return -jax.numpy.exp(u) * _slope(W, embeddings, probs, weights)

        found = diffrax.diffeqsolve(
            diffrax.ODETerm(rate),
            diffrax.Kvaerno5(),
            0.0,
            clock[-1],
            1e-3,
            jax.numpy.zeros((probs.shape[1], embeddings.shape[1])),
            saveat=diffrax.SaveAt(ts=clock),
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            max_steps=10_000,
            throw=False,
        )
        return found.ys

    return jax.jit(flow)
