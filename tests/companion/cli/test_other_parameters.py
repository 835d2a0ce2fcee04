"""Runs with other parameters: the picture, the comparison, and the checks that no longer hold."""

import pytest
from click.testing import CliRunner, Result
from tiny_project import notebook

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import SUFFIXES

STUMBLING = (
    "scale: float = 1.0\nrecords: bool = True",
    "from tinylib.descent import descend, draw\nfrom ntp_lib.companion import check, record_figure",
    'if records:\n    record_figure("loss", descend(steps=4, gradient_scale=scale), draw)',
    'check("descent/positive", scale, at_least=0.5, control=-1.0, reason="a length", scope="defaults")',
    "inverse = 1 / scale",
    'if not records:\n    record_figure("loss", descend(steps=4, gradient_scale=scale), draw)',
    "print(inverse)",
)


STOPPING = (
    "scale: float = 1.0",
    "from tinylib.descent import descend, draw\nfrom ntp_lib.companion import check, record_figure",
    'record_figure("loss", descend(steps=4, gradient_scale=scale), draw)',
    'open("../went-on", "w").close()\ncheck("descent/late", 2.0, at_most=1, control=3.0, reason="unrelated")',
)


def ntp(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(project.root), *arguments])


def test_a_check_that_no_longer_holds_stops_nothing_and_is_listed_last(green: Project) -> None:
    result = ntp(green, "run", "descent", "-p", "gradient_scale=-1.0")
    assert result.exit_code == 0, result.output
    head, _, rest = result.stdout.partition("✗ loss differs from its reference\n")
    assert ", checks held: 0 of 1 (" in head
    assert "columns that differ: value, norm" in rest
    assert rest.splitlines()[-3:] == [
        "checks that no longer hold: 1 of 1",
        "  ✗ descent/falls: observed 0.8863 is not ≤ 0.6659 (descent)",
        "      claimed for all parameters",
    ]
    assert ntp(green, "verify").exit_code == 0


def test_the_same_check_stays_red_with_the_default_parameters(green: Project) -> None:
    source = green.notebook("descent")
    source.write_text(source.read_text().replace("gradient_scale: float = 1.0", "gradient_scale: float = -1.0"))
    result = ntp(green, "run", "descent")
    assert result.exit_code == 1
    assert "AssertionError: check descent/falls: observed 0.8863 is not ≤ 0.6659" in result.output


@pytest.fixture
def stumbling(green: Project) -> Project:
    green.notebook("descent").write_text(notebook(*STUMBLING, parameters=True))
    return green


def test_a_cell_that_fails_keeps_and_compares_what_was_recorded_before(stumbling: Project) -> None:
    result = ntp(stumbling, "run", "descent", "-p", "scale=0")
    assert result.exit_code == 1
    assert "code cell 5: inverse = 1 / scale\n  ZeroDivisionError: " in result.output
    assert "recorded all the same (_build/failed/descent):\n✗ loss differs from its reference\n" in result.output
    assert "observed 0 is not ≥ 0.5 (a length)\n      claimed for the default parameters only" in result.output
    kept = {path.name for path in (stumbling.failed / "descent/figures").iterdir()}
    assert kept == {f"loss.{suffix}" for suffix in SUFFIXES}
    assert not stumbling.custom.exists()


def test_the_cells_after_one_that_fails_are_executed_too(stumbling: Project) -> None:
    result = ntp(stumbling, "run", "descent", "-p", "scale=0", "-p", "records=false")
    assert result.exit_code == 1
    assert "  code cell 5: inverse = 1 / scale\n  ZeroDivisionError: " in result.output
    assert "executed too; code cell 7 stores an error output: NameError: name 'inverse'" in result.output
    assert "recorded all the same (_build/failed/descent):\n✗ loss differs from its reference\n" in result.output


def test_a_figure_asked_for_is_the_end(green: Project) -> None:
    green.notebook("descent").write_text(notebook(*STOPPING, parameters=True))
    result = ntp(green, "figure", "loss")
    assert result.exit_code == 0, result.output
    assert "✓ descent: executed up to loss in " in result.stdout
    assert "    _build/figures/loss/figures/loss.svg\n" in result.stdout
    assert result.stdout.endswith("✓ loss agrees with its reference\n")
    assert "✓ descent: unchanged, not executed again (_build/figures/loss)" in ntp(green, "figure", "loss").stdout
    assert not (green.root / "went-on").exists()
    assert "its run is stale" in ntp(green, "verify").output
    assert ntp(green, "run", "descent").exit_code == 1
    assert (green.root / "went-on").exists()


def test_a_figure_that_is_missing_is_named(green: Project) -> None:
    green.notebook("descent").write_text(notebook(*STUMBLING[:3], parameters=True))
    for command in (["run", "descent"], ["figure", "loss"]):
        result = ntp(green, *command, "-p", "records=false")
        assert result.exit_code == 1
        missing = "✗ loss was not recorded: descent went through with records=False and did not record it"
        assert missing in result.output
