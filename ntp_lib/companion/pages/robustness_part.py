"""The generated section "other seeds" of the page "how this book is verified"."""

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.quantities import satisfies
from ntp_lib.companion.reproduction.robustness import (
    REPORT,
    CheckOverSeeds,
    RobustnessReport,
    SeedResult,
    load_robustness,
    outdated,
)

COMMAND = "ntp robustness"
MAIN_PACKAGES = ("numpy", "scipy", "torch", "cvxpy")
SCOPES = {"all": "every seed", "defaults": "the notebook's own seed"}


def robustness_part(project: Project) -> str:
    """Return which checks hold at which seeds, from the committed report.

    Raises:
        ReproductionError: the report cannot be read.
    """
    path = project.measured / REPORT
    if not path.is_file():
        return f"No report over seeds has been made; {md.code(COMMAND)} makes one."
    report = load_robustness(path)
    parts = [_summary(report), _outdated(outdated(project, report)), _failures(report), _table(report)]
    return "\n\n".join([*filter(None, parts), md.shell(report.command)])


def _summary(report: RobustnessReport) -> str:
    held = [report.holds(check) for check in report.checks]
    sentences = [
        f"Each of the {len(report.notebooks)} notebooks with a parameter `seed` was executed at the seeds "
        f"{_listed(report.seeds)}. {md.share(held)} checks hold at every one of them.",
        _without_seed(report),
        f"Finished on {md.utc(report.finished)}, with {_versions(report)}.",
    ]
    return " ".join(filter(None, sentences))


def _without_seed(report: RobustnessReport) -> str:
    links = ", ".join(f"[](../notebooks/{name}.ipynb)" for name in report.without_seed)
    return f"Without a seed, and so not in this count: {links}." if links else ""


def _versions(report: RobustnessReport) -> str:
    named = [f"{name} {report.packages[name]}" for name in MAIN_PACKAGES if name in report.packages]
    return ", ".join([f"Python {report.python}", *named])


def _outdated(notebooks: list[str]) -> str:
    if not notebooks:
        return ""
    names = ", ".join(map(md.code, notebooks))
    return f"{md.verdict(False, 'This report is outdated')}: since then the code of {names} has changed."


def _failures(report: RobustnessReport) -> str:
    return "\n".join(
        f"- {md.verdict(False, 'Not finished')}: {md.code(notebook.name)} at seed {seed}, {md.code(error)}"
        for notebook in report.notebooks
        for seed, error in notebook.failures.items()
    )


def _table(report: RobustnessReport) -> str:
    rows = [_row(report, check) for check in report.checks if not report.holds(check)]
    if not rows:
        return ""
    header = ["Check", "Claimed for", "Holds at", "Elsewhere", "Why this bound"]
    return "These do not hold at every seed:\n\n" + md.table(header, rows)


def _row(report: RobustnessReport, check: CheckOverSeeds) -> list[str]:
    elsewhere = [_elsewhere(check, result) for result in check.fallen]
    reached = {result.seed for result in check.results}
    if missing := [seed for seed in report.seeds if seed not in reached]:
        elsewhere.append(f"not reached at {_listed(missing)}")
    return [
        md.code(check.name),
        SCOPES.get(check.scope, check.scope),
        f"{len(check.held)} of {len(report.seeds)} seeds",
        "; ".join(elsewhere),
        check.reason,
    ]


def _elsewhere(check: CheckOverSeeds, result: SeedResult) -> str:
    """What fell at a seed: the observation, or the control that is to fail and does not."""
    required = f"{check.relation} {md.number(result.bound)}"
    if satisfies(result.observed, check.relation, result.bound):
        return (
            f"seed {result.seed}: {md.number(result.observed)} is {required}, but so is the control, "
            f"{md.number(result.control)}"
        )
    return f"seed {result.seed}: {md.number(result.observed)}, required {required}"


def _listed(seeds: list[int] | tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds))
