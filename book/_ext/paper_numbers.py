"""Sphinx extension: the paper's equation numbers lead to their rows on the page *Paper and book*.

    {paper}`6a`

prints (6a) and links to the row whose first cell names it: `(6a), (6b)` names two numbers, `(20)–(23)` all from 20
to 23. A number without a row is a warning, which stops the build.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode

PAGE = "book/paper-and-book"
NUMBERS = re.compile(r"\((\d+[a-z]?)\)(?:–\((\d+)\))?")
LOGGER = logging.getLogger(__name__)


class paper_number(nodes.Inline, nodes.TextElement):  # noqa: N801 - docutils names node classes in lower case
    """A number of the paper, until it is known where its row is."""


class PaperNumber(SphinxRole):
    def run(self):
        node = paper_number(self.rawtext, f"({self.text})", number=self.text)
        self.set_source_info(node)
        return [node], []


def numbers(cell):
    """The paper's numbers that a cell names, ranges spelt out."""
    found = []
    for first, last in NUMBERS.findall(cell):
        found += [str(number) for number in range(int(first), int(last) + 1)] if last else [first]
    return found


def name_rows(app, doctree):
    """Give every row of the page's tables that begins with a number an address."""
    if app.env.docname != PAGE:
        return
    app.env.paper_numbers = {}
    for row in doctree.findall(nodes.row):
        for number in numbers(row.children[0].astext()):
            if number not in app.env.paper_numbers:
                row.children[0]["ids"].append(f"paper-{number}")
                app.env.paper_numbers[number] = f"paper-{number}"


class LinkNumbers(SphinxPostTransform):
    default_priority = 5

    def run(self, **kwargs):
        rows = getattr(self.env, "paper_numbers", {})
        for node in list(self.document.findall(paper_number)):
            text = nodes.inline("", node.astext(), classes=["ntp-paper-number"])
            target = rows.get(node["number"])
            if target is None:
                LOGGER.warning("the page %s has no row for the paper's (%s)", PAGE, node["number"], location=node)
                node.replace_self(text)
            else:
                link = make_refnode(self.app.builder, self.env.docname, PAGE, target, text)
                link["reftitle"] = "The paper's number; see Paper and book"
                node.replace_self(link)


def setup(app):
    app.add_node(paper_number)
    app.add_role("paper", PaperNumber())
    app.connect("doctree-read", name_rows)
    app.add_post_transform(LinkNumbers)
    # The table is kept in the environment by the process that reads its page: reading stays in one process.
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
