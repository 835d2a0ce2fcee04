"""Notebooks for download: what only the book's builder understands becomes words, and the library is named."""

import ast
import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ntp_lib.companion.pages.notebook_cells import Notebook, markdown_cell

NAMES_FILE = "names.json"
ROLE = re.compile(r"\{([a-z:-]+)\}`([^`]*)`")
TITLED = re.compile(r"(.*?)\s*<(.*)>", re.DOTALL)
FENCE = re.compile(
    r"^(`{3,}|:{3,})\{([a-z:-]+)\}[ \t]*([^\n]*)\n((?:^:[\w-]+:[^\n]*\n)*)(.*?)^\1[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
TARGET = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
RECORD = "application/papermill.record/text/plain"


@dataclass(frozen=True)
class Names:
    """What the built book calls its pages and results, and where it lies.

    Attributes:
        titles: page → title.
        places: label → page and anchor.
        shown: label → name, such as `Theorem 3.2 (Optimality)`.
        address: of the book on the web; empty where it has none.
        repository: of its sources; empty where it has none.
    """

    titles: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    address: str = ""
    repository: str = ""


def read_names(html: Path, *, address: str = "", repository: str = "") -> Names:
    """Return the names that the build left in `names.json`; none where it left no such file."""
    path = html / NAMES_FILE
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    places, shown = {}, {}
    for page, names in found.get("names", {}).items():
        for anchor, name in names.items():
            label = anchor.removeprefix("equation-")
            places[label], shown[label] = (page, anchor), name
    return Names(dict(found.get("titles", {})), places, shown, address.rstrip("/"), repository)


def for_download(notebook: Notebook, names: Names) -> Notebook:
    """Return a copy that reads well in any notebook program.

    Args:
        notebook: executed notebook, nbformat 4; it is left as it is.
        names: of the book's pages and results.

    Returns:
        Roles as names, with links where the book has an address; numbers of the run in the place of references to
        them; folded boxes as HTML's; and a line below the title that says where the library comes from.
    """
    result = copy.deepcopy(notebook)
    values = _recorded(notebook)
    for cell in result["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = _readable("".join(cell["source"]), names, values)
    result["cells"].insert(1, markdown_cell("get-the-library", _how_to_get(names)))
    return result


def _readable(text: str, names: Names, values: dict[str, str]) -> str:
    text = TARGET.sub("", FENCE.sub(_box, text))
    return ROLE.sub(lambda found: _role(found[1], found[2], names, values), text)


def _box(found: re.Match[str]) -> str:
    kind, title, body = found[2], found[3].strip(), found[5].strip()
    if kind in ("math", "code-block", "code-cell"):
        return found[0]
    title = title or kind.capitalize()
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _role(kind: str, content: str, names: Names, values: dict[str, str]) -> str:
    titled = TITLED.fullmatch(content)
    title, target = (titled[1], titled[2]) if titled else ("", content)
    if kind.startswith("glue"):
        return _value(content, values)
    if kind == "doc":
        page = target.lstrip("/") if target.startswith("/") else _beside(target)
        return _link(f"*{title or names.titles.get(page, page)}*", page, "", names)
    if kind in ("prf:ref", "ref", "eq", "numref"):
        page, anchor = names.places.get(target, ("", ""))
        return _link(title or _short(kind, names.shown.get(target, target)), page, anchor, names)
    return title or target


def _short(kind: str, name: str) -> str:
    """Return what a sentence needs of a name: `(3.6)` of a formula, `Theorem 3.2` without its title."""
    return name.removeprefix("Equation ") if kind == "eq" else name.partition(" (")[0]


def _beside(target: str) -> str:
    """Return the path of a page as named from the folder of notebooks."""
    return target[3:] if target.startswith("../") else f"notebooks/{target}"


def _link(words: str, page: str, anchor: str, names: Names) -> str:
    if not (names.address and page):
        return words
    return f"[{words}]({names.address}/{page}.html{'#' + anchor if anchor else ''})"


def _recorded(notebook: Notebook) -> dict[str, str]:
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    found = {}
    for output in outputs:
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        text = output.get("data", {}).get(RECORD)
        if name and text is not None:
            found[name] = "".join(text)
    return found


def _value(content: str, values: dict[str, str]) -> str:
    name, _, spec = content.partition(":")
    if name not in values:
        return content
    try:
        value = ast.literal_eval(values[name])
        return str(value) if isinstance(value, str) else format(value, spec)
    except (SyntaxError, ValueError):
        return values[name]


def _how_to_get(names: Names) -> str:
    source = f"git+{names.repository}" if names.repository else "."
    where = "" if names.repository else " in the folder of its sources"
    book = f"[the book]({names.address}/)" if names.address else "the book"
    return (
        f"*This notebook of {book} imports its library, which `pip install {source}`{where} installs. "
        "The outputs are those of the book's run.*"
    )
