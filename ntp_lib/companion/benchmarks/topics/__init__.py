"""The topics, by the names that `--only` takes, in the order in which they are measured."""

from __future__ import annotations

from ntp_lib.companion.benchmarks.cases import Case, Topic
from ntp_lib.companion.benchmarks.topics import flow, growth, one_hot, path, svm, training

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic("svm", svm.cases),
        Topic("one-hot", one_hot.cases),
        Topic("growth", growth.cases),
        Topic("flow", flow.cases),
        Topic("training", training.cases),
        Topic("path", path.cases),
    )
}


def find_case(case_id: str, *, smoke: bool) -> Case:
    """The case with an id, made afresh.

    Raises:
        KeyError: there is none.
    """
    cases = TOPICS[case_id.partition("/")[0]].cases(smoke)
    return {case.id: case for case in cases}[case_id]
