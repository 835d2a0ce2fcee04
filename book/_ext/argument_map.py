"""Sphinx extension: the map of the argument, drawn from the statement graph.

    ```{ntp-argument-map}
    ```

Chapters are rows in reading order; a line leads from every statement to the proofs that use it. There are two
drawings, as wide as the text and as a telephone, for a drawing that is scaled down cannot be read. Both are plain
SVG in which every statement is a link; ``statements.js`` lights what a statement rests on. The same in words
stands below.
"""

import html
from dataclasses import dataclass

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from statements import graph_of, name_of

STYLE, SCRIPT = "statements.css", "statements.js"
SHORT = {
    "theorem": "Thm",
    "lemma": "Lem",
    "proposition": "Prop",
    "corollary": "Cor",
    "definition": "Def",
    "conjecture": "Conj",
    "assumption": "Ass",
    "remark": "Rem",
    "example": "Ex",
    "observation": "Obs",
}
BOX, STEP, LINE, HEAD, MARGIN = (66, 22), 76, 42, 26, 4
COLUMNS = {"wide": 9, "narrow": 4}


class argument_map(nodes.General, nodes.Element):  # noqa: N801 - docutils names node classes in lower case
    """The place of the map, filled once all pages are read."""


class ArgumentMap(SphinxDirective):
    def run(self):
        node = argument_map()
        self.set_source_info(node)
        return [node]


@dataclass(frozen=True)
class Chip:
    """A statement as it is drawn."""

    label: str
    kind: str
    text: str
    name: str
    title: str
    address: str


@dataclass(frozen=True)
class Row:
    """A chapter with its statements."""

    title: str
    address: str
    chips: tuple[Chip, ...]


def on_the_map(graph):
    """Return the statements drawn: what has a proof or is used by one."""
    used = {label for edge in graph["needs"] for label in edge}
    return [label for label, facts in graph["statements"].items() if facts["proved"] or label in used]


def rows(app, graph, here):
    """Return the chapters of the map in reading order, with addresses as seen from the page ``here``."""
    env, found = app.env, {}
    for label in on_the_map(graph):
        facts = graph["statements"][label]
        page = app.builder.get_relative_uri(here, facts["page"])
        name = name_of(env, label)
        word, _, number = name.partition(" ")
        text = f"{SHORT.get(facts['kind'], word)} {number}"
        chip = Chip(label, facts["kind"], text, name, facts["title"], f"{page}#{label}")
        found.setdefault(facts["page"], []).append(chip)
    return [
        Row(env.titles[page].astext(), app.builder.get_relative_uri(here, page), tuple(chips))
        for page, chips in found.items()
    ]


def places(chapters, columns):
    """Return the corner of every statement and every chapter's heading, and the height of the drawing."""
    corners, headings, top = {}, [], MARGIN
    for row in chapters:
        headings.append(top + HEAD - 10)
        top += HEAD
        for position, chip in enumerate(row.chips):
            corners[chip.label] = (MARGIN + STEP * (position % columns), top + LINE * (position // columns))
        top += LINE * -(-len(row.chips) // columns)
    return corners, headings, top + MARGIN


def drawing(chapters, edges, kind):
    """Return one drawing as SVG."""
    columns = COLUMNS[kind]
    corners, headings, height = places(chapters, columns)
    width = STEP * columns + MARGIN
    label = "Map of the argument: which proof uses which statement. The same in words is below."
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ntp-map ntp-map-{kind}" role="group" '
        f'aria-label="{label}" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    ]
    lines += [curve(corners, user, used) for user, used in edges]
    for row, y in zip(chapters, headings, strict=True):
        title = html.escape(shortened(row.title, columns * STEP))
        lines.append(f'<a class="chapter" href="{row.address}"><text x="{MARGIN}" y="{y}">{title}</text></a>')
        lines += [box(chip, *corners[chip.label]) for chip in row.chips]
    return "\n".join([*lines, "</svg>"])


def shortened(title, width):
    most = width // 8
    return title if len(title) <= most else f"{title[: most - 1].rstrip()}…"


def curve(corners, user, used):
    """From the lower edge of what is used to the upper edge of what uses it; beside each other, an arc below."""
    (x0, y0), (x1, y1) = corners[used], corners[user]
    x0, x1, y0 = x0 + BOX[0] / 2, x1 + BOX[0] / 2, y0 + BOX[1]
    if y1 + BOX[1] == y0:
        path = f"M{x0:g} {y0}C{x0:g} {y0 + 14} {x1:g} {y0 + 14} {x1:g} {y0}"
    elif y1 > y0:
        bend = min(60, (y1 - y0) / 2 + 6)
        path = f"M{x0:g} {y0}C{x0:g} {y0 + bend:g} {x1:g} {y1 - bend:g} {x1:g} {y1}"
    else:
        path = f"M{x0:g} {y0 - BOX[1]}C{x0:g} {y0 - BOX[1] - 16} {x1:g} {y1 + BOX[1] + 16} {x1:g} {y1 + BOX[1]}"
    return f'<path data-user="{user}" data-used="{used}" d="{path}"/>'


def box(chip, x, y):
    (width, height), address, text = BOX, html.escape(chip.address), html.escape(chip.text)
    # The name of the link begins with what is seen. Formulas cannot be spoken from their source.
    words = text if "$" in chip.title or not chip.title else html.escape(f"{chip.text}: {chip.title}")
    return (
        f'<a class="{chip.kind}" data-label="{chip.label}" href="{address}">'
        f'<title>{words}</title><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3"/>'
        f'<text x="{x + width / 2:g}" y="{y + 15}" text-anchor="middle">{text}</text></a>'
    )


def in_words(chapters, edges):
    """Return a list: every statement with those that its proof uses."""
    chips = {chip.label: chip for row in chapters for chip in row.chips}
    needs = {}
    for user, used in edges:
        needs.setdefault(user, []).append(used)
    result = []
    for row in chapters:
        items = nodes.bullet_list()
        for chip in row.chips:
            line = nodes.paragraph("", "", link(chip))
            others = needs.get(chip.label, [])
            line += nodes.Text(" uses " if others else ": its proof uses no other.")
            for position, label in enumerate(others):
                line += [nodes.Text(", "), link(chips[label])] if position else [link(chips[label])]
            items += nodes.list_item("", line)
        result += [nodes.rubric("", row.title), items]
    return result


def link(chip):
    return nodes.reference("", chip.name, refuri=chip.address, internal=True)


def fill_in(app, doctree, docname):
    for place in list(doctree.findall(argument_map)):
        # The previews of its links hold formulas.
        app.env.get_domain("math").data["has_equations"][docname] = True
        graph = graph_of(app.env)
        chapters, edges = rows(app, graph, docname), graph["needs"]
        drawings = "\n".join(drawing(chapters, edges, kind) for kind in COLUMNS)
        raw = nodes.raw("", f'<div class="ntp-argument-map">{drawings}</div>', format="html")
        words = nodes.container("", *in_words(chapters, edges), classes=["ntp-argument-words"])
        place.replace_self([raw, words])


def add_files(app, page, template, context, doctree):
    if "ntp-argument-map" in context.get("body", ""):
        app.add_css_file(STYLE)
        app.add_js_file(SCRIPT, defer="defer")


def setup(app):
    app.add_node(argument_map)
    app.add_directive("ntp-argument-map", ArgumentMap)
    app.connect("doctree-resolved", fill_in)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
