"""The topics, by the names that `--only` takes, in the order in which they are measured.

Each maps `smoke` to its cases; with it, to tiny ones that go through the same code.
"""

from __future__ import annotations

from collections.abc import Callable

from ntp_lib.companion.benchmarks.cases import Case
from ntp_lib.companion.benchmarks.topics import path, svm, text, training

TOPICS: dict[str, Callable[[bool], list[Case]]] = {
    "svm": svm.cases,
    "one-hot": svm.one_hot,
    "growth": svm.growth,
    "text": text.cases,
    "flow": training.flow_cases,
    "training": training.cases,
    "path": path.cases,
}


def find_case(case_id: str, *, smoke: bool) -> Case:
    """The case with an id, made afresh.

    Raises:
        KeyError: there is none.
    """
    cases = TOPICS[case_id.partition("/")[0]](smoke)
    return {case.id: case for case in cases}[case_id]
