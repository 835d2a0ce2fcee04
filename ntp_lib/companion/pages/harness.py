"""The harness on a notebook's page: checks folded to their verdicts, and no calls that only serve the text.

The downloaded notebook keeps all of it in sight.
"""

import ast
import copy
import re
from collections.abc import Iterable, Mapping, Sequence

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.pages.notebook_cells import Cell, Notebook, markdown_cell, tags
from ntp_lib.companion.reproduction.checks import Check

CHECK, GLUE = "check", "glue"
FOLDED_INPUT, FOLDED, NO_INPUT = "hide-input", "hide-cell", "remove-input"
# What the button of a folded cell says; the rest of a solution is the words above it.
PROMPTS = {CHECK: "how this is checked", FOLDED: "the computation behind the solution"}
VERDICT_LINE = re.compile(r"[✓✗] (\S+): ")


def with_verdicts(notebook: Notebook, checks: Sequence[Check]) -> Notebook:
    """Return a copy whose checks are folded, each to a line with its verdict below the cell.

    A cell that is folded whole, with what it prints, is left so: the verdict of a solution is part of it. In cells
    that are shown, statements that do nothing but hand numbers to the text are left out.

    Args:
        notebook: executed notebook, nbformat 4, as a dictionary. It is left as it is.
        checks: the checks as recorded with the run.

    Returns:
        The notebook as its page shows it.
    """
    result, known = copy.deepcopy(notebook), {check.name: check for check in checks}
    cells: list[Cell] = []
    for cell in result["cells"]:
        cells.append(cell)
        if cell["cell_type"] != "code":
            continue
        statements = _statements(_source(cell))
        if FOLDED in tags(cell):
            _prompt(cell, PROMPTS[FOLDED])
        elif any(_calls(statement, CHECK) for statement in statements):
            _tag(cell, FOLDED_INPUT)
            _prompt(cell, PROMPTS[CHECK])
            found = _taken_out(cell, known)
            cells += [verdicts_cell(f"verdicts-{cell['id']}", found)] if found else []
        elif FOLDED_INPUT not in tags(cell):
            _leave_out(cell, [statement for statement in statements if _calls(statement, GLUE)])
    result["cells"] = cells
    return result


def verdicts_cell(cell_id: str, checks: Iterable[Check]) -> Cell:
    """Return a Markdown cell with one line for each check: verdict, name, observation against bound, control."""
    return markdown_cell(cell_id, "\n".join(["{.ntp-verdicts}", *(f"- {verdict(check)}" for check in checks)]))


def verdict(check: Check) -> str:
    """Return one check in one line; the sign and the words say what the colour says."""
    name = md.plain(check.name.partition("/")[2] or check.name)
    if check.trouble:
        return f"{md.verdict(False, '✗ does not stand')} {name}: {md.plain(check.trouble)}"
    observed, bound, control = (
        md.plain(md.number(value)) for value in (check.observed, check.bound, check.control_observed)
    )
    return f"{md.verdict(True, '✓ holds')} {name}: {observed} {check.relation} {bound} (control {control} fails)"


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        # A magic of IPython: no plumbing of ours.
        return []


def _calls(statement: ast.stmt, name: str) -> bool:
    """Whether a statement does nothing but call `name`, once, in a loop or on a condition."""
    if isinstance(statement, (ast.For, ast.If)):
        return all(_calls(inner, name) for inner in [*statement.body, *statement.orelse])
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name


def _leave_out(cell: Cell, statements: Sequence[ast.stmt]) -> None:
    if not statements:
        return
    lines = _source(cell).splitlines(keepends=True)
    for statement in reversed(statements):
        del lines[statement.lineno - 1 : statement.end_lineno]
    cell["source"] = re.sub(r"\n{4,}", "\n\n\n", "".join(lines)).strip("\n")
    if not cell["source"]:
        _tag(cell, NO_INPUT)


def _taken_out(cell: Cell, known: Mapping[str, Check]) -> list[Check]:
    """Take the printed verdicts out of a cell's outputs, and give the checks they are about."""
    found: list[Check] = []
    for output in cell.get("outputs", []):
        if output["output_type"] != "stream":
            continue
        kept = []
        for line in "".join(output["text"]).splitlines(keepends=True):
            match = VERDICT_LINE.match(line)
            if match and match[1] in known:
                found.append(known[match[1]])
            else:
                kept.append(line)
        output["text"] = "".join(kept)
    cell["outputs"] = [
        output for output in cell.get("outputs", []) if output["output_type"] != "stream" or output["text"].strip()
    ]
    return found


def _tag(cell: Cell, tag: str) -> None:
    if tag not in tags(cell):
        cell["metadata"]["tags"] = [*tags(cell), tag]


def _prompt(cell: Cell, what: str) -> None:
    cell["metadata"]["mystnb"] = {"code_prompt_show": f"Show {what}", "code_prompt_hide": f"Hide {what}"}


def _source(cell: Cell) -> str:
    return "".join(cell["source"])
