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
    """Put a formula and the punctuation that touches it into one inline node."""
    parent, place = formula.parent, formula.parent.index(formula)
    before, left = cut(parent, place - 1, BEFORE)
    after, right = cut(parent, place + 1, AFTER)
    if not before and not after:
        return
    together = nodes.inline("", "", *texts(before), formula, *texts(after), classes=["ntp-unbroken"])
    # By position: two texts that read the same are equal, and the first of them would be taken out.
    first, last = place - bool(before), place + bool(after)
    parent[first : last + 1] = [*texts(left), together, *texts(right)]


def cut(parent, place, pattern):
    """Return the punctuation of the text at a place and the rest of that text, both empty where there is none."""
    text = parent[place] if 0 <= place < len(parent) else None
    found = pattern.search(text) if isinstance(text, nodes.Text) else None
    if found is None:
        return "", ""
    return found.group(), text[: found.start()] + text[found.end() :]


def texts(words):
    return [nodes.Text(words)] if words else []


def setup(app):
    app.add_post_transform(KeepPunctuation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
