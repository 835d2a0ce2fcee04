import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ntp_lib.companion.benchmarks.storage import load_report
from ntp_lib.companion.benchmarks.topics import TOPICS, random_data, svm
from ntp_lib.companion.cli.main import main
from ntp_lib.companion.reproduction.project import Project


def bench(project: Project, *arguments: str):
    return CliRunner().invoke(main, ["--project", str(project.root), "bench", *arguments])


def case(name: str):
    """A tiny case of that id."""
    return replace(svm.svm_case("svm/any", random_data.SMALL, (svm.ours(),)), id=name)


def ids(path: Path) -> list[str]:
    """What a report holds."""
    return [case.id for case in load_report(path).cases]


def test_smoke_goes_through_every_topic_and_touches_no_committed_file(green: Project) -> None:
    result = bench(green, "--smoke", "--repeats", "1")
    assert result.exit_code == 0, result.output
    report = load_report(green.build / "bench/smoke.json")
    assert {case.topic for case in report.cases} == set(TOPICS)
    assert report.conditions.mode == "smoke"
    assert not green.measured.exists()
    text = json.dumps(report.conditions.machine)
    assert str(green.root) not in text
    failed = [
        (case.id, found.contender, found.notes)
        for case in report.cases
        for found in case.measurements
        if found.outcome == "failed" or (found.ours and found.outcome not in ("reached", "absent"))
    ]
    assert not failed


def test_an_interrupted_run_goes_on(green: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def cases(smoke: bool) -> list:
        def problem(name: str, stop: bool):
            def make(repeat: int):
                asked.append(name)
                if stop and asked.count(name) == 1:
                    raise KeyboardInterrupt
                return random_data.random_problem(random_data.SMALL, 0)

            return make

        return [
            replace(case(f"svm/{name}"), problem=problem(f"svm/{name}", name == "two")) for name in ("one", "two")
        ]

    for name in list(TOPICS):
        monkeypatch.setitem(TOPICS, name, cases if name == "svm" else lambda smoke: [])
    assert bench(green, "--smoke", "--repeats", "1").exit_code == 130
    assert ids(green.build / "bench/smoke.json") == ["svm/one"]
    assert bench(green, "--smoke", "--repeats", "1").exit_code == 0
    assert asked == ["svm/one", "svm/two", "svm/two"]
    assert bench(green, "--smoke", "--repeats", "1", "--fresh").exit_code == 0
    assert asked.count("svm/one") == 2
    # Other settings are another measurement.
    result = bench(green, "--smoke", "--repeats", "2")
    assert "starting afresh" in result.output
    assert asked.count("svm/one") == 4


def test_a_part_of_a_run_is_never_committed(green: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(TOPICS):
        made = [case(f"{name}/one")] if name in ("svm", "path") else []
        monkeypatch.setitem(TOPICS, name, lambda smoke, made=made: made)
    result = bench(green, "--only", "svm", "--repeats", "1")
    assert result.exit_code == 0, result.output
    assert "the first is path/one" in result.output
    assert not green.measured.exists()
    assert bench(green, "--repeats", "1").exit_code == 0
    assert ids(green.measured / "benchmarks.json") == ["svm/one", "path/one"]
    shutil.rmtree(green.measured)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "svn"), "no topic 'svn'. Did you mean 'svm'?"),
        (("--smoke", "--out", "notebooks/measured/benchmarks.json"), "a smoke run goes elsewhere"),
    ],
)
def test_senseless_requests_measure_nothing(
    green: Project, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(green.root)
    result = bench(green, *arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert not (green.build / "bench").exists()
