"""Sphinx extension: punctuation stays on the line of the formula it belongs to.

A browser may break a line on either side of a rendered formula, so a comma could begin a line. Formula and
adjoining punctuation are put into one span that does not break.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

BEFORE = re.compile(r"[(\[“‘]+$")
AFTER = re.compile(r"^[,.;:!?)\]”’]+")


class KeepPunctuation(SphinxPostTransform):
    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            keep(formula)


def keep(formula):
    parent, place = formula.parent, formula.parent.index(formula)
    before = split(parent, place - 1, BEFORE) if place else None
    place = parent.index(formula)
    after = split(parent, place + 1, AFTER) if place + 1 < len(parent) else None
    if before is None and after is None:
        return
    together = nodes.inline(classes=["ntp-unbroken"])
    parent.replace(formula, together)
    for part in (before, formula, after):
        if part is not None:
            together += part
            if part is not formula:
                parent.remove(part)


def split(parent, place, pattern):
    """Make the punctuation of a neighbouring text a node of its own and return it, None where there is none."""
    text = parent[place]
    found = pattern.search(text) if isinstance(text, nodes.Text) else None
    if found is None:
        return None
    pieces = [nodes.Text(piece) for piece in (text[: found.start()], found.group(), text[found.end() :])]
    parent[place : place + 1] = [piece for piece in pieces if piece]
    return pieces[1]


def setup(app):
    app.add_post_transform(KeepPunctuation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
