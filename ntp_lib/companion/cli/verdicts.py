"""The two conditions of a data set, each within a time limit: decided here where they are small, else in a child.

No search knows beforehand how long it takes, and a factorisation cannot be interrupted: a child process can, and
where it runs out of memory only the verdict is lost.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

# Below both of these a search takes well under a second, and starting a child would be the longer part.
SMALL_EQUATIONS = 300
SMALL_MULTIPLICATIONS = 20_000
# Seconds between looks at a child, and that a search gets beyond its limit to end by itself and say why.
PATIENCE = 0.2
GRACE = 2.0
# Share of the limit after which a search is asked to end: the step that it is in may be long, and what it knows by
# then is worth the rest.
SEARCHING = 0.85

Found = tuple[str, str]  # a verdict and its reasons


@dataclass(frozen=True)
class Request:
    """What is asked of both conditions.

    Attributes:
        check: whether the conditions are to be decided.
        explain: give the reasons in words; they are empty otherwise.
        time_limit: seconds for each verdict with its reasons.
    """

    check: bool = True
    explain: bool = False
    time_limit: float = 60.0


def verdicts(data: NTPData, path: Path, request: Request) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each condition, what was found, and the reasons, as they are found.

    Args:
        data: the problem.
        path: of its archive, which a child reads.
        request: what is asked.
    """
    equations = data.probs.nnz - data.num_contexts
    multiplications = data.num_contexts * data.vocab_size * data.dim
    small = equations <= SMALL_EQUATIONS and multiplications <= SMALL_MULTIPLICATIONS
    for name in _QUESTIONS:
        if not request.check:
            yield name, "not decided: not asked for", ""
            continue
        verdict, reasons = _decide(name, data, request) if small else _decide_in_child(name, path, request)
        unsure = verdict.startswith("not decided")
        yield name, verdict + (f"; {_remedies(data)}" if unsure else ""), reasons


def _remedies(data: NTPData) -> str:
    """What would decide a condition that the limits left open."""
    remedies = ["a larger --time-limit", "a smaller --vocab-size"]
    # Only Gaussian vectors of their own are independent as soon as there is room for them.
    if data.num_contexts > data.dim and (data.source is None or data.source.embedding == "independent"):
        remedies.append(f"--dim {data.num_contexts} (independent contexts meet both conditions)")
    return f"what may decide it: {', '.join(remedies)}"


def _decide(name: str, data: NTPData, request: Request, report: Callable[[Found], None] | None = None) -> Found:
    try:
        verdict, result = _QUESTIONS[name](data, request.time_limit)
    except (DidNotConvergeError, MemoryError) as error:
        what = "it needs more memory than there is" if isinstance(error, MemoryError) else error
        verdict, result = f"not decided: {what}", None
    if report is not None:
        report((verdict, ""))
    if not request.explain or result is None:
        return verdict, ""
    from ntp_lib.conditions.explanation import explain

    return verdict, explain(result)


def _compatible(data: NTPData, time_limit: float) -> tuple[str, Any]:
    from ntp_lib.conditions.compatibility import compatibility

    result = compatibility(data)
    if result.holds is None:
        return "not decided: some embeddings are nearly dependent", result
    return "yes" if result.holds else "no", result


def _separable(data: NTPData, time_limit: float) -> tuple[str, Any]:
    from ntp_lib.margins.separability import separability

    try:
        data.require_out_of_support()
    except NTPDataError as error:
        return f"not defined: {error}", None
    result = separability(data, time_limit=SEARCHING * time_limit)
    if result.holds is None:
        return f"not decided within {time_limit:g} s: {result.reason}", None
    return "yes" if result.holds else "no", result


_QUESTIONS: dict[str, Callable[[NTPData, float], tuple[str, Any]]] = {
    "compatible?": _compatible,
    "separable?": _separable,
}


def _decide_in_child(name: str, path: Path, request: Request) -> Found:
    """Decide in a process that is ended at the limit; what it had found by then counts."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_answer, args=(name, path, request, sending), daemon=True)
    child.start()
    sending.close()
    try:
        return _awaited(name, receiving, child, request)
    finally:
        child.kill()
        child.join()


def _answer(name: str, path: Path, request: Request, sending: Connection) -> None:
    """What the child does: say that it is ready, then the verdict, then verdict and reasons."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption ends the parent, which ends this process
    data = NTPData.load(path)
    sending.send(None)
    sending.send(_decide(name, data, request, sending.send))


def _awaited(name: str, receiving: Connection, child: SpawnProcess, request: Request) -> Found:
    limit = request.time_limit
    found: Found = (f"not decided within {limit:g} s", "")
    decided = False
    try:
        receiving.recv()  # its clock starts when it has read the data
        begun = time.monotonic()
        with tqdm(total=round(limit), desc=name, unit="s", leave=False, delay=1.0) as bar:
            while (spent := time.monotonic() - begun) < limit + GRACE:
                bar.update(min(int(spent), round(limit)) - bar.n)
                if not receiving.poll(PATIENCE):
                    continue
                found, last, decided = receiving.recv(), decided, True
                if last or not request.explain:
                    return found
    except EOFError:
        child.join()
        if not decided:
            found = (f"not decided: its process was ended (exit code {child.exitcode}; memory?)", "")
    if decided:
        return found[0], f"No reasons within {limit:g} s: a larger --time-limit may find them."
    return found
