"""An attempt in a process of its own: ended at its limit, free to run out of memory, its memory measured."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ntp_lib.companion.benchmarks.attempts import Attempt, attempt, failed, warm_up
from ntp_lib.companion.benchmarks.cases import Judge
from ntp_lib.companion.benchmarks.machine import ONE_THREAD
from ntp_lib.companion.benchmarks.records import Ending

# An attempt may use this share of the machine's memory before it fails.
MEMORY_SHARE = 0.75
# What the watch inside the child writes before it ends the process.
TIMED_OUT = "Timeout ("


def attempt_in_child(request: Mapping[str, Any], judge: Judge, limit: float) -> Attempt:
    """Make the attempt a request describes, as `main` reads it, in a child process that ends itself at the limit.

    The limit counts from the start of the work, after imports and warm-up. The judge hands what is known to the
    child, and learns what the child's answer proves.
    """
    content = json.dumps({**request, "limit": limit, "known": judge.known})
    command = [sys.executable, "-m", "ntp_lib.companion.benchmarks.isolation", content]
    environment = {**os.environ, **ONE_THREAD}
    child = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    complaints = child.stderr.strip().splitlines()
    if child.returncode and any(line.startswith(TIMED_OUT) for line in complaints):
        return Attempt(Ending.TIME_LIMIT, limit, {}, {"reason": "ended at its time limit"})
    if child.returncode:
        return failed(0.0, complaints[-1] if complaints else f"ended with code {child.returncode}")
    # Solvers may write to stdout; the last line is ours.
    found = json.loads(child.stdout.splitlines()[-1])
    judge.known.update(found["known"])
    return Attempt(**{**found["attempt"], "outcome": Ending(found["attempt"]["outcome"])})


def main(content: str) -> None:
    """The child: warm up, attempt under the watch, print the result as one line of JSON."""
    from ntp_lib.companion.benchmarks.topics import find_case

    request = json.loads(content)
    _limit_memory()
    case = find_case(request["case"], smoke=request["smoke"])
    contender = next(found for found in case.contenders if found.name == request["contender"])
    judge = case.judge()
    judge.known.update(request["known"])
    with contextlib.redirect_stdout(sys.stderr):
        if not request["smoke"]:
            warm_up(case.topic, names=(contender.name,))
        # Watched by a thread that needs no lock of Python's: it ends what is deep inside compiled code, too.
        faulthandler.dump_traceback_later(max(request["limit"], 1e-3), exit=True)
        result = attempt(case, contender, request["setting"], request["repeat"], judge, request["limit"])
        faulthandler.cancel_dump_traceback_later()
    print(json.dumps({"attempt": asdict(result), "known": judge.known}))


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (int(total * MEMORY_SHARE), resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(sys.argv[1])
