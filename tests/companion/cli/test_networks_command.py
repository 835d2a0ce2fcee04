"""`ntp networks`: whole runs are committed, parts and small ones are not, and an interrupted one goes on."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.networks import measuring, records
from ntp_lib.companion.networks.records import NETWORKS, SMALL_NETWORKS, load_networks
from ntp_lib.companion.reproduction.project import Project

TINY = SMALL_NETWORKS[:2]


def networks(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(project.root), "networks", *arguments])


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two tiny networks in the place of all; returns the names of those that were trained."""
    trained: list[str] = []
    whole = measuring.measure_network

    def measured(network, **options):
        trained.append(network.name)
        return whole(network, **options)

    monkeypatch.setattr(measuring, "measure_network", measured)
    for name in ("NETWORKS", "SMALL_NETWORKS"):
        monkeypatch.setattr(records, name, TINY)
    return trained


def names(path: Path) -> list[str]:
    return [outcome.network.name for outcome in load_networks(path).outcomes]


def test_a_small_run_commits_nothing(green: Project, tiny: list[str]) -> None:
    result = networks(green, "--smoke")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "→ _build/networks/smoke.json"
    report = load_networks(green.build / "networks/smoke.json")
    assert report.command == "ntp networks --smoke"
    assert [one.network for one in report.outcomes] == list(TINY)
    assert not green.measured.exists()
    assert str(green.root) not in (green.build / "networks/smoke.json").read_text()


def test_a_whole_run_is_committed_and_goes_on_where_a_part_was(green: Project, tiny: list[str]) -> None:
    first, second = (network.name for network in TINY)
    committed = green.measured / "transformer-text.json"
    result = networks(green, "--only", second)
    assert result.exit_code == 0, result.output
    assert not committed.exists()
    assert networks(green).exit_code == 0
    assert tiny == [second, first]
    assert names(committed) == [first, second]
    assert load_networks(committed).command == "ntp networks"
    assert networks(green, "--fresh", "--only", first, "--out", str(green.root / "mine.json")).exit_code == 0
    assert names(green.root / "mine.json") == [first]
    # Another limit for the search is another measurement.
    result = networks(green, "--time-limit", "3")
    assert "starting afresh" in result.output
    assert load_networks(committed).command == "ntp networks --time-limit 3"


def test_a_file_that_is_no_report_is_not_gone_on_from(green: Project, tiny: list[str]) -> None:
    (green.build / "networks").mkdir(parents=True)
    (green.build / "networks/smoke.json").write_text("{}")
    result = networks(green, "--smoke", "--only", TINY[0].name)
    assert "starting afresh: smoke.json: not a readable report on networks" in result.output
    assert names(green.build / "networks/smoke.json") == [TINY[0].name]


def test_a_network_that_does_not_exist_is_refused(green: Project) -> None:
    result = networks(green, "--only", "65 dimensions")
    assert result.exit_code == 2
    assert "Did you mean '64 dimensions'?" in result.output
    assert all(network.dim % 4 == 0 for network in NETWORKS)
