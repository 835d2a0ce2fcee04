"""Sphinx extension: a search that finds results by number, symbol and spelling, and names them as the page does.

Into Sphinx's index go, as its own index entries: every statement by its number, its title and the paper's number,
every numbered formula, every label with a number (``erratum-12``), the paper's figures, and the aliases of
``book/aliases.yml``. Words and queries meet in one spelling. On the page of results ``search_terms.js`` orders
chapters before lists and gives results and excerpts readable names.
"""

import json
import re
from pathlib import Path

import yaml
from docutils import nodes
from readable import SIGNS, words
from sphinx import addnodes
from sphinx.search.en import SearchEnglish
from sphinx.util import logging

ALIASES = "book/aliases.yml"
SCRIPT = "search_terms.js"
PAPER = re.compile(
    r"(Definition|Theorem|Lemma|Proposition|Corollary|Remark|Figure|Equation)s? (\d+)(?: and (\d+))?"
)
NUMBERED_LABEL = re.compile(r"[a-z]+-[a-z]?\d+")
# What a title says in brackets of its source; the brackets may hold others, as in (paper, (5)).
WITHIN = r"(?:[^()]|\([^()]*\))*"
ASIDE = re.compile(rf"\s*\({WITHIN}\b(?:paper|standard|observed)\b{WITHIN}\)")
# American endings that the book spells otherwise. Python and JavaScript read these alike.
SPELLINGS = [
    [r"iz(e|ed|es|er|ers|ing|ation|ations|able)$", "is$1"],
    [r"yz(e|ed|es|er|ers|ing)$", "ys$1"],
    [r"(behavi|neighb|col|fav)or(s|ed|ing|hood|hoods)?$", "$1our$2"],
    [r"(label|model|travel)(ed|ing)$", "$1l$2"],
    [r"^(cent)er(s|ed)?$", "$1re$2"],
]
RULES = [(re.compile(pattern), re.sub(r"\$(\d)", r"\\\1", put)) for pattern, put in SPELLINGS]

logger = logging.getLogger(__name__)


def british(word):
    """Return a word in the book's spelling, whichever it came in."""
    if len(word) < 6:
        return word
    for pattern, put in RULES:
        word = pattern.sub(put, word)
    return word


class BookEnglish(SearchEnglish):
    """English in one spelling; queries pass through ``ntpSearch.split`` of the script, which does the same."""

    js_splitter_code = (
        f"var ntpSpellings = {json.dumps(SPELLINGS)};\n"
        r"""var splitQuery = (query) => query.split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu)
  .filter(Boolean).map((word) => word.length < 6 ? word
    : ntpSpellings.reduce((text, [from, to]) => text.replace(new RegExp(from), to), word.toLowerCase()));"""
    )

    def split(self, text):
        return [british(word.lower()) if word[1:].islower() else word for word in super().split(text)]


def add_entries(app, doctree, page):
    """Put the page's entries into the tree that Sphinx is about to index; they show nowhere else."""
    if app.builder.format != "html":
        return
    entries = addnodes.index(entries=[])
    names = {}
    for name, anchor, shown in [*statements(app, doctree, page), *formulas(app, page), *labels(app, page)]:
        entries["entries"].append(("single", name.replace(";", ","), anchor, "main", None))
        if shown:
            names[anchor] = shown
    for alias, anchor in app.ntp_aliases.get(page, ()):
        entries["entries"].append(("single", alias, anchor, "main", None))
    app.ntp_names[page] = names
    if entries["entries"]:
        doctree += entries


def statements(app, doctree, page):
    """Yield name, anchor and what is shown, of statements, exercises and the paper's figures on a page."""
    numbers = app.env.toc_fignumbers.get(page, {})
    for node in doctree.findall(nodes.Element):
        if node.get("realtype") and node.get("ids") and node.children:
            anchor, kind = node["ids"][0], node["realtype"]
            number = ".".join(map(str, numbers.get(node.get("countertype"), {}).get(anchor, ())))
            full = words(node.children[0]).strip().removeprefix(f"{kind} {number}").strip()
            title = ASIDE.sub("", full.removeprefix("(").removesuffix(")")).strip(" ()")
            name = f"{kind.title()} {number}".strip()
            shown = f"{name} ({title})" if title else name
            yield name, anchor, shown
            if title:
                yield title, anchor, shown
            yield from ((paper, anchor, "") for paper in paper_names(full))
        elif isinstance(node, nodes.figure) and node.get("ids"):
            anchor, caption = node["ids"][0], " ".join(words(child) for child in node.findall(nodes.caption))
            number = ".".join(map(str, numbers.get("figure", {}).get(anchor, ())))
            name = f"Figure {number}".strip()
            yield name, anchor, f"{name} ({caption.partition('.')[0]})"
            yield from ((paper, anchor, "") for paper in paper_names(caption.rpartition("(")[2]))


def paper_names(title):
    """Yield the names that the paper gives to a statement, such as ``Theorem 2``; none where it says *not in*."""
    _, found, place = title.partition("paper, ")
    if not found and " of the paper" in title:
        place = title
    for kind, *numbers in PAPER.findall(place):
        yield from (f"{kind} {number}" for number in numbers if number)


def formulas(app, page):
    """Yield the numbered formulas of a page."""
    numbers = app.env.toc_fignumbers.get(page, {}).get("displaymath", {})
    for anchor, number in numbers.items():
        shown = ".".join(map(str, number))
        yield f"Equation {shown}", anchor, f"Equation ({shown})"
        yield f"({shown})", anchor, ""


def labels(app, page):
    """Yield labels that are numbers of something, such as ``erratum-12``."""
    for label, (where, anchor) in app.env.get_domain("std").anonlabels.items():
        if where == page and NUMBERED_LABEL.fullmatch(label) and not label.startswith("fig-"):
            name = label.replace("-", " ")
            yield name, anchor, name.capitalize()


def read_aliases(app, env):
    """Read the aliases and find where each leads; one that leads nowhere is a warning."""
    app.ntp_aliases, app.ntp_names = {}, {}
    path = Path(app.srcdir) / ALIASES
    for target, aliases in (yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}).items():
        place = placed(env, target)
        if place is None:
            logger.warning("%s: no page, statement, formula or label %r", ALIASES, target)
            continue
        app.ntp_aliases.setdefault(place[0], []).extend((alias, place[1]) for alias in aliases)


def placed(env, target):
    """Return page and anchor of a page's path, a statement, a formula or a label; None where there is none."""
    if target in env.found_docs:
        return target, ""
    if target in getattr(env, "proof_list", {}):
        return env.proof_list[target]["docname"], target
    equation = env.get_domain("math").equations.get(target)
    if equation:
        return equation[0], f"equation-{target}"
    return env.get_domain("std").anonlabels.get(target)


def standing(env, page):
    """Return how a page stands in a list of results: chapters first, then notebooks, then lists of everything."""
    if env.toc_secnumbers.get(page):
        return 1.0
    return 0.85 if page.startswith("notebooks/") else 0.6


def add_script(app, page, template, context, doctree):
    if page == "search":
        names = {
            f"{where}#{anchor}": name for where, found in app.ntp_names.items() for anchor, name in found.items()
        }
        pages = {where: standing(app.env, where) for where in sorted(app.env.found_docs)}
        data = json.dumps({"names": names, "pages": pages, "signs": SIGNS}, ensure_ascii=False, sort_keys=True)
        # A title may hold what would end the script.
        data = data.replace("</", r"<\/")
        app.add_js_file(None, body=f"window.ntpSearch = {data};")
        app.add_js_file(SCRIPT, defer="defer")


def write_names(app, error):
    """Leave the names for what is made from the built pages, such as notebooks for download."""
    if not error and app.builder.format == "html":
        titles = {page: words(title) for page, title in sorted(app.env.titles.items())}
        names = {page: found for page, found in sorted(app.ntp_names.items()) if found}
        text = json.dumps({"titles": titles, "names": names}, ensure_ascii=False, indent=0)
        (Path(app.outdir) / "names.json").write_text(text, "utf-8")


def setup(app):
    app.add_search_language(BookEnglish)
    app.connect("env-check-consistency", read_aliases)
    # After the numbers are given and before the page is indexed and written.
    app.connect("doctree-resolved", add_entries, priority=900)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_names)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
