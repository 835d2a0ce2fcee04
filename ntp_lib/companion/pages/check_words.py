"""One check in words: what was observed, what is required, what the control gave, and why this bound."""

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.reproduction.checks import Check

# A list of checks carries this class, so that it is shown as blocks at every width (tables.css).
EVIDENCE = "{.ntp-evidence}"


def check_item(name: str, check: Check | None, problem: str) -> str:
    """Return an item of a list; a telephone shows it whole where a row of a table would be cut.

    Args:
        name: MyST Markdown for the check's name, a link perhaps.
        check: the check, where a run recorded it.
        problem: why it does not stand; empty where it stands.
    """
    words = [f"- {name}:"]
    if check is not None:
        observed, control = (md.plain(md.number(value)) for value in (check.observed, check.control_observed))
        required = f"{check.relation} {md.plain(md.number(check.bound))}"
        words.append(f"observed {observed}, required {required}, control {control};")
    words.append(f"{md.verdict(not problem, md.plain(problem) or 'holds, control fails')}.")
    if check is not None:
        words.append(f"Why this bound: {check.reason.rstrip('.')}.")
    return " ".join(" ".join(words).split())
