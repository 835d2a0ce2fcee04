"""The report on networks: read strictly, and what chapter and notebook say of it is what it says."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ntp_lib.companion.networks.records import (
    NETWORKS,
    SMALL_NETWORKS,
    Network,
    NetworksReport,
    Outcome,
    load_networks,
    report_file,
    save_networks,
)
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.project import Project

BOOK = Project.find(Path(__file__).parent)
REFUSAL = r"report\.json: not a readable report on networks.*ntp networks"
VERDICTS = {True: "yes", False: "no", None: "undecided"}
ROW = re.compile(r"^\| (?P<name>[\w ]+) \| \{glue:text\}.*::kept-.* \| (?P<verdicts>\w+, \w+) \|", re.M)


def outcome(name: str = "one", **changes: object) -> Outcome:
    found = Outcome(
        Network(name), 40, 7, 0.1, -0.2, 0.3, True, True, 0.01, 0.9, 0.3, 0.5, 0.6, 0.7, 0.8, seconds=1.5
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def report(*outcomes: Outcome) -> NetworksReport:
    machine, versions = {"processor": "any", "cores": 2}, {"torch": "2"}
    return NetworksReport("ntp networks", "2026-01-01", "2026-01-02", machine, versions, 120.0, outcomes)


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    whole = report(outcome(), outcome("two", separable=None, cosine=None, attained=None))
    save_networks(whole, tmp_path / "deep/report.json")
    assert load_networks(tmp_path / "deep/report.json") == whole


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.update(schema="ntp-networks-0"),
        lambda content: content.pop("machine"),
        lambda content: content.update(started="yesterday"),
        lambda content: content.update(outcomes=content["outcomes"] * 2),
        lambda content: content["outcomes"][0].update(shared=41),
        lambda content: content["outcomes"][0].update(excess_loss=-0.1),
        lambda content: content["outcomes"][0].update(separable="yes"),
        lambda content: content["outcomes"][0].update(separable=False),
        lambda content: content["outcomes"][0].update(compatible=None),
        lambda content: content["outcomes"][0]["network"].update(heads=4),
    ],
)
def test_what_is_no_report_is_refused(damage, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    save_networks(report(outcome()), path)
    content = json.loads(path.read_text())
    damage(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ReproductionError, match=REFUSAL):
        load_networks(path)


def test_a_network_with_other_settings_is_another() -> None:
    found = report(outcome(), outcome("two"))
    assert found.missing([Network("one"), Network("two", steps=3), Network("three")]) == ["two", "three"]
    again = found.with_outcome(outcome(contexts=99), "2026-01-03")
    assert (again.outcome("one").contexts, again.finished, len(again.outcomes)) == (99, "2026-01-03", 2)
    with pytest.raises(KeyError, match="three"):
        found.outcome("three")


def test_small_networks_are_the_same_in_little() -> None:
    assert [network.name for network in SMALL_NETWORKS] == [network.name for network in NETWORKS]
    assert max(network.steps for network in SMALL_NETWORKS) < 20


def test_the_committed_report_is_whole() -> None:
    found = load_networks(report_file(BOOK))
    assert found.missing(NETWORKS) == []
    assert found.command == "ntp networks"
    assert {"processor", "cores", "blas"} <= set(found.machine)
    assert {"Python", "numpy", "torch"} <= set(found.versions)


def test_the_chapter_says_what_the_report_says() -> None:
    found = load_networks(report_file(BOOK))
    text = (BOOK.root / "book/transformer.md").read_text(encoding="utf-8")
    rows = {match["name"]: match["verdicts"] for match in ROW.finditer(text)}
    told = {"decay 1" if name == "weight decay 1" else name: verdicts for name, verdicts in rows.items()}
    assert told == {
        one.network.name: f"{VERDICTS[one.compatible]}, {VERDICTS[one.separable]}" for one in found.outcomes
    }
    # The remark below the table: the two words that meet most often decide.
    for one in found.outcomes:
        assert one.compatible is (one.shared <= one.network.dim)
        assert one.compatible or one.separable is False
