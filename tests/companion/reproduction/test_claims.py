"""The verdict on claims: green with all their checks, red by name for whatever is missing, stale or mistaken."""

import shutil

import pytest
from edited_runs import edit_run
from tiny_project import LEDGER, descent_frame, good_check, put_ledger, put_run

from ntp_lib.companion.reproduction.claims import LedgerReport, judge_claims
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.labels import Place, book_labels
from ntp_lib.companion.reproduction.ledger import ClaimState, load_ledger
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run_report import report_runs
from ntp_lib.companion.reproduction.verification import verify


@pytest.fixture
def claimed(green: Project) -> Project:
    """Everything verified, and a ledger whose two claims are supported."""
    put_ledger(green)
    return green


def judged(project: Project) -> LedgerReport:
    return judge_claims(load_ledger(project), report_runs(project))


def assert_red(project: Project, claim: str, *expected: str) -> None:
    """The claim is red for the reasons given, and so is the verdict on everything."""
    report = judged(project)
    result = next(result for result in report.claims if result.claim.id == claim)
    assert not result.ok
    assert not report.ok
    for text in expected:
        assert text in str(result)
    assert not verify(project).ok


def edit_ledger(project: Project, old: str, new: str) -> None:
    text = project.ledger.read_text(encoding="utf-8")
    assert old in text
    project.ledger.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_supported_claims_are_green(claimed: Project) -> None:
    report = judged(claimed)
    assert report.ok
    assert [str(result) for result in report.claims] == [
        "✓ claim falls: proved, checks held: 1",
        "✓ claim slow: observed, checks held: 2",
    ]
    assert verify(claimed).ok


def test_claims_as_written(claimed: Project) -> None:
    falls, slow = load_ledger(claimed).claims.values()
    assert (falls.state, falls.reference, falls.paper) == (ClaimState.PROVED, "{prf:ref}`lem-falls`", "Lemma 1")
    assert falls.assumptions == (r"$0 < \eta < 1$",)
    assert (slow.state, slow.reference, slow.paper) == (ClaimState.OBSERVED, "{eq}`eq-slow`", None)


def test_labels_of_statements_equations_and_places(claimed: Project) -> None:
    assert book_labels(claimed) == {
        "lem-falls": Place("prf:ref", "prf:lemma", "chapter.md"),
        "eq-slow": Place("eq", "math", "chapter.md"),
        "a-place": Place("ref", "", "chapter.md"),
    }


@pytest.mark.parametrize("state", ["proved", "corrected"])
def test_lemma_is_proved_or_corrected(claimed: Project, state: str) -> None:
    edit_ledger(claimed, "state: proved", f"state: {state}")
    assert load_ledger(claimed).claims["falls"].state.value == state


@pytest.mark.parametrize("state", ["derived", "heuristic", "observed"])
def test_lemma_is_never_less_than_proved(claimed: Project, state: str) -> None:
    edit_ledger(claimed, "state: proved", f"state: {state}")
    with pytest.raises(
        ReproductionError, match=f"'falls': {state}, yet its label is that of a lemma; valid: proved"
    ):
        load_ledger(claimed)


def test_conjecture_is_never_proved(claimed: Project) -> None:
    chapter = claimed.book / "chapter.md"
    chapter.write_text(chapter.read_text("utf-8").replace("{prf:lemma}", "{prf:conjecture}"), "utf-8")
    with pytest.raises(
        ReproductionError, match="'falls': proved, yet its label is that of a conjecture; valid: h"
    ):
        load_ledger(claimed)
    edit_ledger(claimed, "state: proved", "state: heuristic")
    assert load_ledger(claimed).claims["falls"].state is ClaimState.HEURISTIC


def test_figure_may_state_a_claim(claimed: Project) -> None:
    edit_ledger(claimed, "label: lem-falls", "label: loss")
    assert load_ledger(claimed).claims["falls"].reference == "{numref}`loss`"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  falls:\n", "  Falls:\n", "claim 'Falls': not a valid id; valid: lower-case letters"),
        ("  slow:\n", "  falls:\n", "'falls' is given twice"),
        ("statement: It falls slowly.", "statement: ''", "claim 'slow': statement is ''; valid: a non-empty text"),
        ("paper: Lemma 1", "paper: 1", "claim 'falls': paper is 1; valid: a non-empty text or null"),
        ("paper: Lemma 1", "papr: Lemma 1", "claim 'falls': no field 'papr'. Did you mean 'paper'? Valid: assum"),
        ("lem-falls", "lem-fall", "claim 'falls': no label 'lem-fall'. Did you mean 'lem-falls'? Valid: a-place"),
        (
            "proved",
            "proven",
            "claim 'falls': no state 'proven'. Did you mean 'proved'? Valid:",
        ),
        ("assumptions: []", "assumptions: none", "claim 'slow': assumptions is 'none'; valid: a list of"),
        ("    assumptions: []\n", "", "claim 'slow': assumptions is None; valid: a list of"),
        ("checks: [descent/falls]", "checks: descent/falls", "claim 'falls': checks is 'descent/falls'; valid: a"),
        (
            "checks: [descent/falls]",
            "checks: [falls]",
            "claim 'falls': checks lists 'falls'; valid: notebook/what",
        ),
        ("[descent/falls, ", "[descent/slow, ", "claim 'slow': checks lists 'descent/slow' twice"),
        ("required: [falls, slow]", "", "claims.yml: required is None; valid: a list"),
        ("required: [falls, slow]", "required: [falls, 1]", "claims.yml: required is ['falls', 1]; valid: a list"),
        ("claims:", "claim:", "claims.yml: no field 'claim'. Did you mean 'claims'?"),
        ("claims:", "claims: [", "notebooks/claims.yml: "),
        ("It falls slowly.", "!!python/name:os.system", "notebooks/claims.yml: line 12: could not determine a"),
    ],
)
def test_mistakes_are_named(claimed: Project, old: str, new: str, message: str) -> None:
    edit_ledger(claimed, old, new)
    with pytest.raises(ReproductionError) as caught:
        load_ledger(claimed)
    assert message in str(caught.value)
    with pytest.raises(ReproductionError):
        verify(claimed)


def test_project_without_a_ledger(green: Project) -> None:
    assert verify(green).ok
    assert verify(green).ledger is None
    with pytest.raises(ReproductionError, match=r"notebooks/claims\.yml: cannot be read"):
        load_ledger(green)


def test_claim_without_a_check(claimed: Project) -> None:
    edit_ledger(claimed, "checks: [descent/falls]", "checks: []")
    assert_red(claimed, "falls", "no check supports it")


def test_check_deleted_from_the_notebook(claimed: Project) -> None:
    put_ledger(claimed, good_check())
    assert_red(claimed, "slow", "checks held: 1 of 2", "check descent/slow: not recorded by the run of descent")
    assert judged(claimed).claims[0].ok


def test_only_check_deleted_from_the_notebook(claimed: Project) -> None:
    put_run(claimed, "descent", {"loss": descent_frame()})
    assert_red(claimed, "falls", "check descent/falls: the run of descent recorded no check at all")


def test_check_renamed_in_the_notebook(claimed: Project) -> None:
    put_ledger(claimed, good_check(), good_check(name="descent/sloow"))
    assert_red(claimed, "slow", "check descent/slow: not recorded")
    assert judged(claimed).problems == ("check descent/sloow supports no claim",)


def test_check_deleted_from_the_ledger(claimed: Project) -> None:
    edit_ledger(claimed, "[descent/falls, descent/slow]", "[descent/falls]")
    report = judged(claimed)
    assert all(result.ok for result in report.claims)
    assert not report.ok
    assert report.problems == ("check descent/slow supports no claim",)
    assert "check descent/slow supports no claim" in "\n".join(map(str, verify(claimed).problems))


def test_check_recorded_by_another_notebook_does_not_count(claimed: Project) -> None:
    put_ledger(claimed, good_check())
    edit_run(claimed.runs / "text", checks=(good_check(name="descent/slow"),))
    assert_red(claimed, "slow", "check descent/slow: not recorded by the run of descent")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"holds": False}, "check descent/falls: observed 0.1 is not ≤ 1"),
        ({"observed": 3.0}, "check descent/falls: observed 3 is not ≤ 1"),
        ({"control_fails": False}, "check descent/falls: cannot fail, for its control 2 is ≤ 1 too"),
        ({"control_observed": 0.5}, "check descent/falls: cannot fail, for its control 0.5 is ≤ 1 too"),
    ],
)
def test_check_that_proves_nothing(claimed: Project, changes: dict[str, object], expected: str) -> None:
    put_ledger(claimed, good_check(**changes), good_check(name="descent/slow"))
    assert_red(claimed, "falls", expected)


def test_notebook_not_run(claimed: Project) -> None:
    shutil.rmtree(claimed.runs / "descent")
    assert_red(claimed, "falls", "check descent/falls: descent has not been run; run: ntp run descent")


def test_run_that_cannot_be_read(claimed: Project) -> None:
    (claimed.runs / "descent/run.json").write_text("{")
    assert_red(claimed, "falls", "check descent/falls: ", "not a readable record", "ntp run descent --fresh")


def test_stale_run(claimed: Project) -> None:
    (claimed.root / "tinylib/descent.py").write_text("changed = True")
    claimed.lock_file.write_text("numpy==3\n")
    assert_red(
        claimed,
        "falls",
        "the run of descent is stale (requirements.lock has changed and 1 more); run: ntp run descent",
    )


def test_notebook_that_does_not_exist(claimed: Project) -> None:
    edit_ledger(claimed, "checks: [descent/falls]", "checks: [descnt/falls]")
    assert_red(claimed, "falls", "check descnt/falls: no notebook 'descnt'. Did you mean 'descent'?")


def test_run_with_other_parameters_supports_nothing(claimed: Project) -> None:
    edit_run(claimed.runs / "descent", overrides={"seed": 1})
    assert_red(claimed, "falls", "the run of descent is stale (parameter seed was 1)")


def test_required_claim_deleted(claimed: Project) -> None:
    claimed.ledger.write_text(LEDGER[: LEDGER.index("  slow:")], encoding="utf-8")
    assert "claim slow is required and not in the ledger" in judged(claimed).problems
    assert "claim slow is required" in "\n".join(map(str, verify(claimed).problems))
