"""Sphinx extension: the explorable page, and links that open it in a given state.

    ```{ntp-explorable}
    :::{ntp-figure} fig-2
    :unnumbered:
    :::
    ```

The content is what readers without JavaScript, and every format but HTML, get. The scripts are loaded on
the page that has the directive and on no other. ``{ntp-try}`turn C <border|141|0>` `` links to that page; between
the brackets stands what its address says after ``#toy=``.
"""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

FOLDER = "explore"
STYLE = "explore.css"
# Mathematics first, then what draws; each file needs only those before it.
SCRIPTS = (
    *("linear", "cones", "problem", "compatibility", "separation", "rodas", "split", "flow", "descent"),
    *("dom", "state", "scene", "planes", "contexts", "table", "verdicts", "valley", "panels", "clock", "page"),
)
KEY = "ntp_explorable"


class explorable(nodes.container):  # noqa: N801 - docutils names node classes in lower case
    """A container that HTML marks for the script."""


class open_state(nodes.Inline, nodes.TextElement):  # noqa: N801 - see above
    """A link into the explorable page before it is known where that lies."""


class Explorable(SphinxDirective):
    has_content = True

    def run(self):
        node = explorable()
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        self.env.metadata[self.env.docname][KEY] = "yes"
        return [node]


class Try(SphinxRole):
    def run(self):
        words, bracket, state = self.text.removesuffix(">").rpartition("<")
        if not bracket:
            message = f"ntp-try: expected `words <state>`, found {self.text!r}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        return [open_state(self.rawtext, words.strip(), state=state)], []


def visit(translator, node):
    translator.body.append('<div data-ntp-explore="">\n')


def depart(translator, node):
    translator.body.append("</div>\n")


def link_states(app, doctree, docname):
    pages = [page for page, facts in app.env.metadata.items() if KEY in facts]
    for node in list(doctree.findall(open_state)):
        if pages:
            address = f"{app.builder.get_relative_uri(docname, pages[0])}#toy={node['state']}"
            node.replace_self(nodes.reference("", "", *node.children, refuri=address, internal=True))
        else:
            node.replace_self(node.children)


def add_files(app, page, template, context, doctree):
    if KEY in app.env.metadata.get(page, {}):
        app.add_css_file(f"{FOLDER}/{STYLE}")
        for name in SCRIPTS:
            app.add_js_file(f"{FOLDER}/{name}.js", defer="defer")


def setup(app):
    app.add_directive("ntp-explorable", Explorable)
    app.add_role("ntp-try", Try())
    app.add_node(explorable, html=(visit, depart))
    app.connect("doctree-resolved", link_states)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
