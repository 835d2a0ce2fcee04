"""`ntp robustness`: every notebook with a seed at several seeds, and a report of which checks hold at which."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny_project import notebook

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.cli.robustness import parse_seeds
from ntp_lib.companion.reproduction.errors import RequestError
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.robustness import REPORT, load_robustness

LUCKY = (
    "seed: int = 0  # of the draw",
    "from ntp_lib.companion import check",
    'check("descent/always", seed + 1, at_least=1, control=seed - 9, reason="a law")',
    'check("descent/lucky", seed, at_most=0, control=seed + 7.0, reason="one draw", scope="defaults")',
    "place = [1.0, 2.0][seed]",
    'check("descent/late", place, at_least=1, control=place - 5, reason="a law")',
)


@pytest.fixture
def lucky(green: Project) -> Project:
    green.notebook("descent").write_text(notebook(*LUCKY, parameters=True))
    return green


def robustness(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(project.root), "robustness", "--jobs", "1", *arguments])


def test_report_counts_seeds_and_an_interrupted_measurement_goes_on(lucky: Project) -> None:
    result = robustness(lucky, "--seeds", "0-1")
    assert result.exit_code == 0, result.output
    report = load_robustness(lucky.build / REPORT)
    assert not (lucky.measured / REPORT).exists()
    assert report.seeds == (0, 1)
    assert report.without_seed == ("text",)
    assert report.command == "ntp robustness --seeds 0-1"
    held = {check.name: check.held for check in report.checks}
    assert held == {"descent/always": (0, 1), "descent/lucky": (0,), "descent/late": (0, 1)}
    (fallen,) = report.checks[1].fallen
    assert (fallen.seed, fallen.observed, fallen.bound, fallen.control) == (1, 1, 0, 8.0)
    assert result.stdout.splitlines()[-5:] == [
        "✗ descent/lucky: holds at 1 of 2 seeds; claimed for the defaults only",
        "      seed 1: observed 1 is not ≤ 0 (one draw)",
        "2 of 3 checks hold at seeds 0, 1",
        "without a seed: text",
        "→ _build/robustness.json",
    ]

    runs = [lucky.runs / "descent/run.json", *lucky.custom.glob("descent-*/run.json")]
    before = [path.stat().st_mtime_ns for path in runs]
    # A notebook that fails at a seed is part of the report, with what it had said before.
    result = robustness(lucky, "--seeds", "0-2", "--out", str(lucky.root / "other.json"))
    assert [path.stat().st_mtime_ns for path in runs] == before
    report = load_robustness(lucky.root / "other.json")
    assert list(report.notebooks[0].failures) == [2]
    assert "IndexError" in report.notebooks[0].failures[2]
    assert {check.name: check.held for check in report.checks}["descent/late"] == (0, 1)
    assert [check.name for check in report.broken_claims] == ["descent/late"]
    assert result.exit_code == 1


@pytest.mark.parametrize(("text", "seeds"), [("0-4", (0, 1, 2, 3, 4)), ("3", (3,)), ("7, 0-1,1", (0, 1, 7))])
def test_seeds_are_ranges_and_numbers(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "4-0", "-1", "0-", "1.5", "0-1000000000", "0--3"])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="--seeds: "):
        parse_seeds(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["text"], "text has no parameter 'seed'; notebooks that have one: descent"),
        (["descnt"], "no notebook 'descnt'. Did you mean 'descent'"),
        (["--seeds", "x"], "'x' is no seed and no range"),
    ],
)
def test_what_cannot_be_measured_is_refused(green: Project, arguments: list[str], message: str) -> None:
    result = robustness(green, *arguments)
    assert result.exit_code == 2
    assert message.lower() in result.output.lower()
    assert not green.custom.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.update(schema="other"), "schema is 'other'"),
        (lambda content: content.update(seeds="0-4"), "seeds is '0-4'"),
        (lambda content: content.pop("notebooks"), "notebooks"),
        (lambda content: content["notebooks"][0]["checks"][0]["results"][0].update(seed=9), "results at seeds"),
    ],
)
def test_a_broken_report_is_refused_by_name(tmp_path: Path, change, message: str) -> None:
    content = {
        "schema": "ntp-robustness-1",
        "command": "ntp robustness",
        "started": "2024-01-01T00:00:00+00:00",
        "finished": "2024-01-01T00:00:00+00:00",
        "python": "3.11",
        "packages": {},
        "seeds": [0],
        "notebooks": [
            {
                "name": "descent",
                "code_sha256": "0",
                "failures": {},
                "checks": [
                    {
                        "name": "descent/falls",
                        "scope": "all",
                        "relation": "≤",
                        "reason": "descent",
                        "results": [
                            {"seed": 0, "observed": "nan", "bound": 1, "control": 2, "trouble": "it is NaN"}
                        ],
                    }
                ],
            }
        ],
        "without_seed": [],
    }
    path = tmp_path / REPORT
    path.write_text(json.dumps(content))
    assert load_robustness(path).checks[0].held == ()
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(Exception, match=r"robustness\.json: not a readable report over seeds") as refusal:
        load_robustness(path)
    assert message in str(refusal.value)
