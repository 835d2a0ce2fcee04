"""Training the networks of the report, one after the other; what is finished is kept."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt
import threadpoolctl

from ntp_lib.companion.benchmarks.machine import describe_machine
from ntp_lib.companion.networks.records import Network, NetworksReport, Outcome, load_networks, save_networks
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.inputs import installed_version
from ntp_lib.data.language_reference import load_language_reference
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.features.logit_path import logit_path
from ntp_lib.features.nuclear_margin import nuclear_margin
from ntp_lib.features.similarity import balanced_factors, similarity_correlation, without_mean_row
from ntp_lib.models.consequences import most_shared
from ntp_lib.models.contexts import numbered_contexts
from ntp_lib.models.frozen import frozen
from ntp_lib.models.training import train_transformer
from ntp_lib.numerics.aliases import Floats

PACKAGES = ("ntp-lib", "numpy", "scipy", "torch")
PENALTIES = (1e-2, 3e-3, 1e-3)
Factors = tuple[Floats, Floats]


def train_networks(
    networks: Sequence[Network],
    *,
    working: Path,
    command: str,
    time_limit: float,
    fresh: bool = False,
    say: Callable[[str], object] = print,
) -> NetworksReport:
    """Train the networks that the working file does not hold yet, everything on one thread.

    The working file is saved whole after every network. What it holds of this machine, these versions and this
    time limit is kept, unless `fresh`.
    """
    with threadpoolctl.threadpool_limits(1):
        versions = {"Python": platform.python_version()} | {name: installed_version(name) for name in PACKAGES}
        empty = NetworksReport(command, _now(), _now(), _machine(), versions, time_limit, ())
        report = empty if fresh else _earlier(empty, working, say)
        missing = report.missing(networks)
        for network in [network for network in networks if network.name in missing]:
            say(f"{network.name} …")
            outcome = measure_network(network, time_limit=time_limit)
            report = report.with_outcome(outcome, _now())
            save_networks(report, working)
    kept = {network: report.outcome(network.name) for network in networks}
    return replace(report, command=command, outcomes=tuple(kept.values()))


def measure_network(network: Network, *, time_limit: float) -> Outcome:
    """Train one network, hold its embeddings fixed, and compare its angles with those of two matrices."""
    data, contexts, margin, path = _problem(network.slice_tokens, network.slice_vocab_size)
    began = process_time()
    run = train_transformer(
        data,
        contexts,
        dim=network.dim,
        steps=network.steps,
        step_size=network.step_size,
        decay=network.decay,
        num_records=2,
        seed=network.seed,
    )
    report = frozen(data, run.last.W, run.last.H, time_limit=time_limit)
    found: dict[str, Any] = report.summary
    numbers = {name: _or_null(found[name]) for name in ("finite_error", "cosine", "attained")}
    words, rows = without_mean_row(run.last.W), run.last.H
    return Outcome(
        network,
        contexts=data.num_contexts,
        shared=len(most_shared(data).contexts),
        excess_loss=found["excess_loss"],
        margin=float(run.frame["margin"].iloc[-1]),
        log_odds_error=found["log_odds_error"],
        compatible=found["compatible"],
        separable=found["separable"],
        **numbers,
        words_margin=similarity_correlation(words, margin[0]),
        contexts_margin=similarity_correlation(rows, margin[1]),
        words_path=similarity_correlation(words, path[0]),
        contexts_path=similarity_correlation(rows, path[1]),
        seconds=round(process_time() - began, 1),
    )


@lru_cache(maxsize=1)
def _problem(tokens: int, vocab_size: int) -> tuple[NTPData, npt.NDArray[np.int64], Factors, Factors]:
    """The slice with its contexts, and the factors of Λ^mm and of a point of the ridge path."""
    text = load_language_reference()
    data = NTPData.from_tokens(text.tokens[:tokens], context_length=2, vocab_size=vocab_size)
    margin = balanced_factors(nuclear_margin(data, tolerance=1e-3).logits)
    path = balanced_factors(logit_path(data, list(PENALTIES)).logits[-1])
    return data, numbered_contexts(data), margin, path


def _earlier(empty: NetworksReport, working: Path, say: Callable[[str], object]) -> NetworksReport:
    if not working.exists():
        return empty
    try:
        earlier = load_networks(working)
    except ReproductionError as error:
        say(f"starting afresh: {error}")
        return empty
    same = (earlier.machine, earlier.versions, earlier.time_limit)
    if same != (empty.machine, empty.versions, empty.time_limit):
        say(f"starting afresh: {working.name} is of another machine, other versions or another time limit")
        return empty
    return earlier


def _machine() -> dict[str, str | int]:
    return {name: value for name, value in describe_machine().items() if isinstance(value, (str, int))}


def _or_null(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
