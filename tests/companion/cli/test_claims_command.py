import pytest
from click.testing import CliRunner, Result
from tiny_project import good_check, put_ledger

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.reproduction.project import Project


def ntp(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(project.root), *arguments])


@pytest.fixture
def claimed(green: Project) -> Project:
    """Everything verified, and a ledger whose two claims are supported."""
    put_ledger(green)
    return green


def test_table_of_supported_claims(claimed: Project) -> None:
    result = ntp(claimed, "claims")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "claim  state     checks held  verdict",
        "falls  proved    1 of 1       ✓ supported",
        "slow   observed  2 of 2       ✓ supported",
        "",
        "✓ 2 of 2 claims supported",
    ]


def test_reasons_of_a_claim_that_is_not_supported(claimed: Project) -> None:
    put_ledger(claimed, good_check(), good_check(name="descent/sloow"))
    result = ntp(claimed, "claims")
    assert result.exit_code == 1
    assert "slow   observed  1 of 2       ✗ not supported" in result.output
    assert "✗ claim slow: not supported, checks held: 1 of 2\n    check descent/slow: not rec" in result.output
    assert "claim falls" not in result.output
    assert result.output.endswith("✗ check descent/sloow supports no claim\n✗ 1 of 2 claims supported\n")


def test_details_of_every_claim(claimed: Project) -> None:
    result = ntp(claimed, "claims", "--all-details")
    assert result.exit_code == 0
    for line in (
        "✓ claim falls: proved, checks held: 1",
        r"    The norm $\norm{x_k}$ falls.",
        "    paper: Lemma 1; book: label lem-falls",
        r"    assumes: $0 < \eta < 1$",
        "    ✓ descent/falls: 0.1 ≤ 1 (control 2 fails): descent",
        "    paper: not there, the book has it; book: label eq-slow",
        "    assumes: nothing",
    ):
        assert line in result.output.splitlines()


def test_project_without_a_ledger(green: Project) -> None:
    result = ntp(green, "claims")
    assert result.exit_code == 1
    assert "notebooks/claims.yml: cannot be read" in result.output
    assert ntp(green, "verify").exit_code == 0


def test_verify_includes_the_ledger(claimed: Project) -> None:
    result = ntp(claimed, "verify")
    assert result.exit_code == 0
    assert "✓ 2 of 2 figures verified, checks recorded: 2, claims supported: 2 of 2" in result.output
    put_ledger(claimed, good_check())
    result = ntp(claimed, "verify")
    assert result.exit_code == 1
    assert "✗ claim slow: not supported" in result.output
    assert "✗ 2 of 2 figures verified, checks recorded: 1, claims supported: 1 of 2" in result.output
