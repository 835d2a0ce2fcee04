"""Sphinx extension: which statement rests on which, gathered from the references inside proofs.

A proof belongs to the statements its first words name (``*Of* {prf:ref}`thm-a`.``, "This is the proof of …", "We
prove …"), else to the statement before it. It *needs* every statement it refers to, also through a formula that
stands in one; what a statement itself refers to it *mentions*. The graph is written as ``statements.json``. The
build fails where proofs argue in a circle, where one leans on a later chapter, and where a theorem has none.
"""

import json
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.util import logging
from sphinx_proof.nodes import proof_node

FILE = "statements.json"
TO_PROVE = ("theorem", "lemma", "proposition", "corollary")
NAMED = re.compile(r"Proof\. (?:Of|We prove|This is the proof of) ((?:\0[^\0]+\0(?:, | and )?)+)")
log = logging.getLogger(__name__)


class Statements(EnvironmentCollector):
    """Keeps for each page its statements in order, its proofs and their references."""

    def clear_doc(self, app, env, docname):
        pages(env).pop(docname, None)

    def merge_other(self, app, env, docnames, other):
        pages(env).update({name: pages(other)[name] for name in docnames if name in pages(other)})

    def process_doc(self, app, doctree):
        pages(app.env)[app.env.docname] = gathered(doctree)


def pages(env):
    """Return what was gathered, by page."""
    return vars(env).setdefault("ntp_statements", {})


def is_statement(node):
    return isinstance(node, nodes.Element) and "realtype" in node.attributes


def gathered(doctree):
    """Return one page's statements, its references by statement, and the formulas inside statements."""
    found = {"statements": {}, "needs": [], "mentions": [], "formulas": {}, "proved": [], "stray": []}
    before = None
    for node in doctree.findall(lambda node: isinstance(node, proof_node) or is_statement(node)):
        if is_statement(node):
            before = node["label"]
            found["statements"][before] = {"kind": node["realtype"], "title": title_of(node)}
            owners = [before]
            found["mentions"] += [(owners, *reference) for reference in references(node)]
        else:
            owners = node["proves"] = proved_by(node) or ([before] if before else [])
            found["needs"] += [(owners, *reference) for reference in references(node)]
            found["proved" if owners else "stray"] += owners or [node.astext()[:60]]
        for formula in node.findall(nodes.math_block):
            if formula.get("label") and owners:
                found["formulas"][formula["label"]] = owners[0]
    return found


def title_of(node):
    return str(node["title"]).strip().removeprefix("(").removesuffix(")")


def references(node):
    """Return kind and label of everything a node refers to: ("prf", statement) or ("math", formula)."""
    targets = node.findall(addnodes.pending_xref)
    return [(ref["refdomain"], ref["reftarget"]) for ref in targets if ref.get("refdomain") in ("prf", "math")]


def proved_by(proof):
    """Return the statements that the first words of a proof name."""
    first = next(iter(proof.findall(nodes.paragraph)), None)
    words = "".join(
        f"\0{part['reftarget']}\0" if isinstance(part, addnodes.pending_xref) else part.astext()
        for part in (first.children if first else ())
    )
    named = NAMED.match(words)
    return re.findall(r"\0([^\0]+)\0", named[1]) if named else []


def graph(found):
    """Return statements by label, and the edges (user, used) of proofs and of statements.

    Args:
        found: what was gathered, by page in reading order.
    """
    statements = {
        label: {"page": page, **facts} for page, one in found.items() for label, facts in one["statements"].items()
    }
    homes = {formula: owner for one in found.values() for formula, owner in one["formulas"].items()}

    def edges(kind):
        uses = (
            (owners, label if domain == "prf" else homes.get(label))
            for one in found.values()
            for owners, domain, label in one[kind]
        )
        # What a proof of two statements says of one of them is no step from the other.
        pairs = (
            (user, used) for owners, used in uses if used in statements and used not in owners for user in owners
        )
        return list(dict.fromkeys(pairs))

    proved = dict.fromkeys(label for one in found.values() for label in one["proved"])
    return {
        "statements": {label: {**facts, "proved": label in proved} for label, facts in statements.items()},
        "needs": edges("needs"),
        "mentions": edges("mentions"),
    }


def faults(graph):
    """Return (page, message) for every circle, every proof that leans on a later chapter, every missing proof."""
    statements = graph["statements"]
    place = {page: n for n, page in enumerate(dict.fromkeys(facts["page"] for facts in statements.values()))}
    found = [
        (facts["page"], f"{facts['kind']} '{label}' has no proof")
        for label, facts in statements.items()
        if facts["kind"] in TO_PROVE and not facts["proved"]
    ]
    for user, used in graph["needs"]:
        here, there = (statements[label]["page"] for label in (user, used) if label in statements)
        if place[there] > place[here]:
            found.append((here, f"the proof of '{user}' refers to '{used}' of the later chapter {there}"))
    return found + circles(graph)


def circles(graph):
    needs = {}
    for user, used in graph["needs"]:
        needs.setdefault(user, []).append(used)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        # graphlib lists what is used before what uses it.
        circle = error.args[1][::-1]
        return [(graph["statements"][circle[0]]["page"], f"proofs in a circle: {' uses '.join(circle)}")]
    return []


def reading_order(env):
    """Return the pages as the table of contents lists them."""
    order = {}

    def visit(page):
        if page not in order:
            order[page] = None
            for child in env.toctree_includes.get(page, ()):
                visit(child)

    visit(env.config.root_doc)
    return list(order)


def graph_of(env):
    """Return the graph of all pages, in reading order."""
    found = pages(env)
    return graph({page: found[page] for page in reading_order(env) if page in found})


def name_of(env, label):
    """Return a statement's kind and number, as in "Lemma 3.2"."""
    entry = env.proof_list[label]
    numbers = env.toc_fignumbers.get(entry["docname"], {}).get(entry["countertype"], {}).get(label, ())
    return f"{entry['realtype'].title()} {'.'.join(map(str, numbers))}".strip()


def check(app, env):
    for page, found in pages(env).items():
        for words in found["stray"]:
            log.warning("a proof that belongs to no statement: %s", words, location=page)
    for page, message in faults(graph_of(env)):
        log.warning(message, location=page)


def write(app, error):
    if error is None and app.builder.format == "html":
        result = graph_of(app.env)
        for label, facts in result["statements"].items():
            facts["name"] = name_of(app.env, label)
        text = json.dumps(result, indent=0, ensure_ascii=False)
        (Path(app.outdir) / "_static" / FILE).write_text(text, "utf-8")


def setup(app):
    app.add_env_collector(Statements)
    app.connect("env-check-consistency", check)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
