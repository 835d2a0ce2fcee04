"""What the manifest, the ledger, runs and parameters say reaches the pages as words, never as tags or blocks."""

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from built_once import built_once
from edited_runs import edit_run
from small_project import CHECK, FIGURES, NOTEBOOK, ROOT, small_project

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.reproduction.inputs import current_inputs
from ntp_lib.companion.reproduction.project import Project

HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(2)) <img src=x onerror=alert(3)> <b>bold</b> "
    "[y](data:text/html,z) &lt;i&gt; [z]{onclick=alert(4)} `` a ``b` $\\href{javascript:alert(5)}{z}$ "
    "<https://a.example/> ``` ~~~ :::::: #"
)
BLOCK = "text\n\n```{raw} html\n<script>alert(6)</script>\n```\n\n::::::\n\n<script>alert(7)</script>\n\n# Heading"


class Dangers(HTMLParser):
    """Collects scripts, handlers, images and addresses that only the hostile texts ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            address = (value or "").strip().lower()
            if "alert(" in (value or "") and (name.startswith("on") or name in ("href", "src")):
                self.found.append(f"<{tag} {name}={value}>")
            if name in ("href", "src") and address.startswith(("javascript:", "data:text/html")):
                self.found.append(f"<{tag} {name}={value}>")
        if tag == "b" or (tag == "img" and dict(attrs).get("src") == "x"):
            self.found.append(f"<{tag}>")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script" and "alert(" in data:
            self.found.append(f"script: {data[:40]}")


def hostile_project(folder: Path) -> Project:
    """The small project with hostile words wherever words come from."""
    project = small_project(folder)
    both = f"{HOSTILE} {BLOCK}"
    entry = FIGURES["growth-curve"]
    columns = {"norm": {**entry["columns"]["norm"], "reason": both}}
    figure = {**entry, "title": both, "caption": both, "alt": both, "paper": both, "columns": columns}
    project.manifest.write_text(yaml.safe_dump({"figures": {"growth-curve": figure}}), "utf-8")
    claim = {
        "statement": BLOCK,
        "paper": both,
        "label": "thm-growth",
        "assumptions": [BLOCK, HOSTILE],
        "state": "proved",
        "checks": ["growth/grows", "growth/<script>alert(8)</script>`$|"],
    }
    fenced = {**claim, "statement": "```{raw} html", "paper": "<script>alert(9)</script>", "assumptions": []}
    project.ledger.write_text(yaml.safe_dump({"required": ["gone"], "claims": {"a": claim, "b": fenced}}), "utf-8")
    shutil.copy(ROOT / "book" / "claims.md", project.book)
    page = project.book / "claims.md"
    page.write_text(page.read_text("utf-8").replace("{doc}`errata`", "errata"), "utf-8")
    toc = project.root / "_toc.yml"
    toc.write_text(toc.read_text("utf-8").replace("book/how-verified", "book/how-verified\n  - file: book/claims"))
    source = project.notebook(NOTEBOOK)
    document = json.loads(source.read_text("utf-8"))
    line = f"# {HOSTILE}"
    document["cells"][1]["source"] = f"rate: str = {BLOCK + HOSTILE!r}  {line}"
    source.write_text(json.dumps(document), "utf-8")
    inputs = current_inputs(project, NOTEBOOK)
    words = {"observed": HOSTILE, "bound": HOSTILE, "relation": "=", "control_observed": BLOCK}
    checks = [{**CHECK, **words, "name": f"growth/{HOSTILE}", "reason": both}, {**CHECK, "reason": both}]
    edit_run(
        project.runs / NOTEBOOK,
        inputs=dict(inputs.files),
        key=inputs.key,
        parameters={"rate": both, HOSTILE: [both]},
        python=HOSTILE,
        packages={"numpy": HOSTILE, HOSTILE: BLOCK},
        checks=checks,
    )
    return project


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages of the hostile project's book, by path."""
    folder = built_once(tmp_path_factory, "hostile-book", hostile_project)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.html")}


def test_no_word_becomes_markup(pages: dict[str, str]) -> None:
    """The book builds without a warning, and every page that shows the words shows them as words."""
    for name in ("notebooks/growth.html", "book/how-verified.html", "book/claims.html", "book/index.html"):
        found = Dangers()
        found.feed(pages[name])
        assert found.found == [], name
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[name], name
    assert pages["book/claims.html"].count("alert(6)") >= 2
    assert "In the paper: &lt;script&gt;alert(9)" in pages["book/claims.html"]


def marked_up_project(folder: Path) -> Project:
    """The small project with markup that is meant in a title, and a formula that asks for links in a caption."""
    project = small_project(folder)
    title = "A *b* `c<d` $e<f$ {prf:ref}`def-growth`"
    formula = r"$\href{javascript:alert(5)}{z}$ $\require{html}\href{javascript:alert(5)}{z}$"
    figure = {**FIGURES["growth-curve"], "title": title, "caption": formula}
    project.manifest.write_text(yaml.safe_dump({"figures": {"growth-curve": figure}}), "utf-8")
    return project


@pytest.fixture(scope="module")
def marked_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of that project's pages."""
    return built_once(tmp_path_factory, "marked-up-book", marked_up_project)


def test_markup_that_is_meant_stays(marked_up: Path) -> None:
    """Formulas, emphasis and code of the manifest are formulas, emphasis and code."""
    page = (marked_up / "notebooks" / "growth.html").read_text("utf-8")
    assert page.count("<em>b</em>") >= 2
    assert page.count('<span class="pre">c&lt;d</span>') >= 2
    assert page.count(r"\(e&lt;f\)") >= 2
    assert 'href="../book/chapter.html#def-growth"' in page


@pytest.mark.browser
def test_a_formula_holds_no_link(browser: Any, marked_up: Path) -> None:
    """Not even where TeX asks for one."""
    from book_browser import served

    with served(marked_up) as base:
        view = browser.new_page()
        view.goto(f"{base}/notebooks/growth.html")
        view.evaluate("MathJax.startup.promise")
        view.wait_for_selector("mjx-container")
        links = view.evaluate("[...document.querySelectorAll('a')].map(a => a.outerHTML)")
        view.close()
    assert links
    assert not [link for link in links if "javascript" in link]


OPENINGS = ["```{raw} html", "~~~", ":::::: x", "# x", "> x", "% x", "+++", "- x", "* x", "_ _ _", "1. x", "23) x"]


@pytest.mark.parametrize("text", [*OPENINGS, "(label)=", "---", "***", "===", "$$", "| x |"])
def test_a_paragraph_is_never_another_block(text: str) -> None:
    """Whatever it begins with."""
    line = md.paragraph(f"{text}\n\nmore")
    assert line.endswith(" more")
    assert line.replace("\\", "", 1) == f"{text} more"
    assert md.paragraph("$x$ and *y* `z`") == "$x$ and *y* `z`"
