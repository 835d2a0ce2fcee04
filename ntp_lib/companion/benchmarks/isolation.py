"""An attempt in a process of its own: killed at its limit, and free to run out of memory."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ntp_lib.companion.benchmarks.attempts import Attempt, failed
from ntp_lib.companion.benchmarks.cases import Judge
from ntp_lib.companion.benchmarks.records import Ending

STARTED = "started"
# An attempt may use this share of the machine's memory before it fails.
MEMORY_SHARE = 0.75


def attempt_in_child(request: Mapping[str, Any], judge: Judge, limit: float) -> Attempt:
    """Make the attempt a request describes in a child process.

    Args:
        request: case, contender, setting, repeat and smoke, as `main` reads them.
        judge: hands what is known to the child, and learns what the child's answer proves.
        limit: seconds from the start of the work, after imports and warm-up, until the child is killed.
    """
    content = json.dumps({**request, "limit": limit, "known": judge.known})
    command = [sys.executable, "-m", "ntp_lib.companion.benchmarks.isolation", content]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        complaints: list[str] = []
        reader = threading.Thread(target=lambda pipe: complaints.extend(pipe), args=(child.stderr,), daemon=True)
        reader.start()
        begun = child.stdout.readline().strip() == STARTED
        killed = threading.Event()

        def kill() -> None:
            killed.set()
            child.kill()

        timer = threading.Timer(limit, kill)
        timer.start()
        try:
            text = child.stdout.read()
        except BaseException:
            child.kill()
            raise
        finally:
            timer.cancel()
        child.wait()
        reader.join()
    if killed.is_set():
        return Attempt(Ending.TIME_LIMIT, limit, 1.0, {}, {"reason": "killed at its time limit"})
    if child.returncode or not begun:
        last = complaints[-1].strip() if complaints else f"ended with code {child.returncode}"
        return failed(0.0, last)
    found = json.loads(text.splitlines()[-1])
    judge.known.update(found["known"])
    return Attempt(**{**found["attempt"], "outcome": Ending(found["attempt"]["outcome"])})


def main(content: str) -> None:
    """The child: warm up, say that the work starts, attempt, print the result as one line of JSON."""
    from ntp_lib.companion.benchmarks.attempts import attempt, warm_up
    from ntp_lib.companion.benchmarks.topics import find_case

    request = json.loads(content)
    _limit_memory()
    case = find_case(request["case"], smoke=request["smoke"])
    contender = next(found for found in case.contenders if found.name == request["contender"])
    judge = case.judge(request["repeat"])
    judge.known.update(request["known"])
    # Solvers may write to stdout; the last line is ours.
    if not request["smoke"]:
        with contextlib.redirect_stdout(sys.stderr):
            warm_up(case.topic, names=(contender.name,))
    print(STARTED, flush=True)
    with contextlib.redirect_stdout(sys.stderr):
        result = attempt(case, contender, request["setting"], request["repeat"], judge, request["limit"])
    print(json.dumps({"attempt": asdict(result), "known": judge.known}))


def _limit_memory() -> None:
    try:
        import os
        import resource
    except ImportError:
        return
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (int(total * MEMORY_SHARE), resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(sys.argv[1])
