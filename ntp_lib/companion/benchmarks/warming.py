"""A first, tiny, untimed round, so that imports and just-in-time work count for nobody."""

from __future__ import annotations

import contextlib

from ntp_lib.companion.benchmarks.attempts import attempt


def warm_up(topic: str, *, names: tuple[str, ...] = ()) -> None:
    """Let every contender of a topic, or those named, solve one of its smoke cases; results are ignored."""
    from ntp_lib.companion.benchmarks.topics import TOPICS

    done: set[str] = set()
    for case in TOPICS[topic].cases(True):
        for contender in case.contenders:
            if contender.name in done or contender.missing or (names and contender.name not in names):
                continue
            done.add(contender.name)
            # A contender that cannot even do this is reported by the case itself.
            with contextlib.suppress(Exception):
                attempt(case, contender, contender.settings[0], 0, case.judge(0), 5.0)
