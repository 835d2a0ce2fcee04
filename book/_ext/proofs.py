"""Sphinx extension: a proof is a box that folds, says what it proves, and has an end mark.

The box stands open in the HTML, so that it is read without scripts, in print and in every other edition;
``proofs.js`` folds it before the page is shown.
"""

import re

from docutils import nodes
from sphinx_proof.nodes import proof_node
from statements import name_of

# The theme hides the class where no script runs; the words are the script's, for they are not the page's.
BUTTON = '<button type="button" class="ntp-all-proofs pst-js-only"></button>'
WORD = re.compile(r"^\s*Proof\.\s*")
END = "∎"
STYLE, SCRIPT = "proofs.css", "proofs.js"


class folding_proof(nodes.Element):  # noqa: N801 - docutils names node classes in lower case
    """A proof; its ``heading`` says of what."""


def visit(translator, node):
    opening = translator.starttag(node, "details", open="open", CLASS="ntp-proof")
    translator.body.append(f"{opening}<summary>{translator.encode(node['heading'])}</summary>\n")


def depart(translator, node):
    translator.body.append("</details>\n")


def fold(app, doctree, docname):
    if app.builder.format != "html":
        return
    taken, title = set(), next(iter(doctree.findall(nodes.title)), None)
    if title is not None and any(doctree.findall(proof_node)):
        title.parent.insert(title.parent.index(title) + 1, nodes.raw("", BUTTON, format="html"))
    for proof in list(doctree.findall(proof_node)):
        owners = proof.get("proves", [])
        box = folding_proof(heading=heading(app.env, owners))
        # A second proof of the same statement has no anchor of its own.
        if owners and owners[0] not in taken:
            box["ids"].append(f"proof-of-{owners[0]}")
            taken.add(owners[0])
        box.extend(proof.children[0].children)
        remove_word(box)
        add_end_mark(box)
        proof.replace_self(box)


def heading(env, owners):
    names = [name_of(env, owner) for owner in owners]
    return f"Proof of {' and '.join(names)}" if names else "Proof"


def remove_word(box):
    """Take away the word that sphinx-proof puts first: the heading says it."""
    for text in box.findall(nodes.Text):
        if found := WORD.match(text):
            text.parent.replace(text, nodes.Text(text[found.end() :]))
        return


def add_end_mark(box):
    """Put the mark behind the last words, or on a line of its own where the proof ends with a formula."""
    last = box.children[-1] if box.children else box
    while isinstance(last, nodes.bullet_list | nodes.enumerated_list | nodes.list_item) and last.children:
        last = last.children[-1]
    if not isinstance(last, nodes.paragraph):
        last = nodes.paragraph(classes=["ntp-end-alone"])
        box += last
    last += nodes.inline("", END, classes=["ntp-end"])


def setup(app):
    app.add_node(folding_proof, html=(visit, depart))
    app.connect("doctree-resolved", fold)
    app.add_css_file(STYLE)
    # Not deferred: it has to run before the text is shown.
    app.add_js_file(SCRIPT)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
