"""One attempt: a fresh problem, one contender, one setting, one wall time, one verdict."""

from __future__ import annotations

import contextlib
import math
import re
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ntp_lib.companion.benchmarks.cases import Case, Contender, Judge
from ntp_lib.companion.benchmarks.records import Ending, Value
from ntp_lib.data.ntp_data import NTPData


@dataclass(frozen=True)
class Attempt:
    """What became of one attempt; `accuracy` is recomputed after the clock has stopped."""

    outcome: Ending
    seconds: float
    accuracy: Mapping[str, float | None]
    notes: Mapping[str, Value]


def attempt(case: Case, contender: Contender, setting: str, repeat: int, judge: Judge, limit: float) -> Attempt:
    """Solve once, then judge; a contender that raises has failed, and what it said is kept."""
    if contender.compiles and not repeat:
        # What goes wrong here goes wrong again below, and is kept there.
        with contextlib.suppress(Exception):
            contender.solve(case.problem(repeat), setting, limit)
    problem = case.problem(repeat)
    begin = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # Peers warn of accuracies they did not reach; the judge finds that out for itself.
            warnings.simplefilter("ignore")
            answer = contender.solve(problem, setting, limit)
    # Whatever goes wrong inside a contender is its result, not the end of the benchmark.
    except Exception as error:
        return failed(time.perf_counter() - begin, f"{type(error).__name__}: {error}")
    seconds = time.perf_counter() - begin
    notes = dict(answer.notes)
    if contender.isolated:
        notes["memory_mib"] = round(peak_mib(), 1)
    if case.products and contender.ours:
        notes["product_seconds"] = product_seconds(problem)
    if answer.value is None:
        outcome = Ending.TIME_LIMIT if answer.stopped else Ending.FAILED
        return Attempt(outcome, seconds, {}, notes)
    judged = judge(problem, answer.value)
    accuracy = {name: value if math.isfinite(value) else None for name, value in judged.items()}
    met = all(requirement.met(accuracy) for requirement in case.requirements)
    missed = Ending.TIME_LIMIT if answer.stopped else Ending.INACCURATE
    return Attempt(Ending.REACHED if met else missed, seconds, accuracy, notes)


def product_seconds(data: NTPData) -> float:
    """Least time of a dense product of embeddings and decoder, of three while they take less than a second."""
    W, times = np.ones((data.dim, data.vocab_size)), list[float]()
    while len(times) < 3 and sum(times) < 1:
        # In blocks that any memory holds.
        begin = time.perf_counter()
        for start in range(0, data.num_contexts, 1024):
            data.embeddings[start : start + 1024] @ W
        times.append(time.perf_counter() - begin)
    return min(times)


def peak_mib() -> float:
    """The largest resident memory of this process so far, in MiB; 0 where the system does not say.

    Not by getrusage: on Linux a child begins with what its parent held when it was started.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(found[1]) / 2**10 if found else 0.0


def failed(seconds: float, reason: str) -> Attempt:
    """An attempt that ended without an answer; of a long message the first line is kept."""
    first = reason.strip().splitlines()[0] if reason.strip() else "no message"
    return Attempt(Ending.FAILED, seconds, {}, {"reason": first[:300]})


def warm_up(topic: str, *, names: tuple[str, ...] = ()) -> None:
    """Let every contender of a topic, or those named, solve one of its smoke cases; results are ignored."""
    from ntp_lib.companion.benchmarks.topics import TOPICS

    done: set[str] = set()
    for case in TOPICS[topic](True):
        for contender in case.contenders:
            if contender.name in done or contender.missing or (names and contender.name not in names):
                continue
            done.add(contender.name)
            # A contender that cannot even do this is reported by the case itself.
            with contextlib.suppress(Exception):
                attempt(case, contender, contender.settings[0], 0, case.judge(), 5.0)
