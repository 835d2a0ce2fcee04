"""Sphinx extension: the ``ntp-figure`` directive, a recorded figure that fits the page.

    ```{ntp-figure} fig-4
    ```

Everything shown (files, title, caption, alternative text, the paper's number) comes from ``book/_figures``,
which staging fills. The figure is numbered and ``{numref}`fig-4` `` refers to it; ``:unnumbered:`` repeats a
figure elsewhere without a second label, and what stands in the directive then replaces the recorded caption. Four
drawings of it are on the page, for light and dark, for wide and
narrow screens; the browser loads the one it shows, and without scripts that is a light one.
"""

import json
import posixpath
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from docutils.parsers.rst import directives
from image_sizes import attributes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

FOLDER = "/book/_figures"
THEMES = (("svg", "only-light"), ("dark.svg", "only-dark"))
DOWNLOADS = (("PNG", "png"), ("SVG", "svg"), ("data (CSV)", "csv"))
# Up to this width of the window there is no room for panels side by side.
NARROW = "(max-width: 720px)"


class picture(nodes.container):  # noqa: N801 - docutils names node classes in lower case
    """The drawings for one theme: for a narrow screen, and the image of HTML's ``picture`` itself."""


class narrow_image(nodes.image):  # noqa: N801 - see above
    """The drawing for a narrow screen."""


class unnumbered_figure(nodes.figure):  # noqa: N801 - see above
    """A figure that takes no number: Sphinx numbers ``nodes.figure`` by its exact class."""


class NtpFigure(SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec = {"unnumbered": directives.flag}  # noqa: RUF012 - docutils' interface

    def run(self):
        figure_id = self.arguments[0]
        entry = self.entry(figure_id)
        numbered = "unnumbered" not in self.options
        if numbered and self.content:
            raise self.error(f"figure {figure_id!r}: only an unnumbered one may bring its own caption")
        figure = (nodes.figure if numbered else unnumbered_figure)(classes=["ntp-figure"])
        self.set_source_info(figure)
        figure += [self.canvas(figure_id, entry["alt"]), self.caption(entry), self.downloads(figure_id)]
        if numbered:
            figure["names"].append(nodes.fully_normalize_name(figure_id))
            self.state.document.note_explicit_target(figure, figure)
        return [figure]

    def entry(self, figure_id):
        index = Path(self.env.srcdir) / FOLDER.lstrip("/") / "index.json"
        self.env.note_dependency(str(index))
        entries = json.loads(index.read_text("utf-8")) if index.is_file() else {}
        if figure_id not in entries:
            raise self.error(f"no figure {figure_id!r}; recorded figures: {', '.join(sorted(entries)) or 'none'}")
        return entries[figure_id]

    def canvas(self, figure_id, alt):
        pictures = [self.picture(figure_id, alt, *theme) for theme in THEMES]
        return nodes.container("", *pictures, classes=["ntp-figure-canvas"])

    def picture(self, figure_id, alt, suffix, theme):
        narrow = narrow_image(uri=f"{FOLDER}/{figure_id}.narrow.{suffix}")
        wide = nodes.image(uri=f"{FOLDER}/{figure_id}.{suffix}", alt=alt, classes=[theme])
        return picture("", narrow, wide, classes=[theme])

    def caption(self, entry):
        title = nodes.strong("", "", *self.inline(entry["title"].rstrip(".") + "."))
        number = f" ({entry['paper']} of the paper.)" if entry.get("paper") else ""
        text = self.inline(" ".join(self.content).strip() or entry["caption"].strip())
        return nodes.caption("", "", title, nodes.Text(" "), *text, nodes.Text(number))

    def downloads(self, figure_id):
        line = nodes.paragraph(classes=["ntp-figure-downloads"])
        for position, (label, suffix) in enumerate(DOWNLOADS):
            link = addnodes.download_reference(reftarget=f"{FOLDER}/{figure_id}.{suffix}", refdoc=self.env.docname)
            link += nodes.inline("", label)
            line += [nodes.Text(" · "), link] if position else [link]
        return nodes.legend("", line)

    def inline(self, text):
        children, _ = self.state.inline_text(text, self.lineno)
        return children


def _visit(translator, node):
    translator.visit_figure(node)


def _depart(translator, node):
    translator.depart_figure(node)


def _visit_picture(translator, node):
    translator.body.append(translator.starttag(node, "picture"))


def _depart_picture(translator, node):
    translator.body.append("</picture>\n")


def _visit_narrow(translator, node):
    builder = translator.builder
    copy = posixpath.join(builder.imgpath, quote(builder.images[node["uri"]]))
    translator.body.append(f'<source media="{NARROW}" srcset="{copy}"{attributes(translator, node)}/>')
    raise nodes.SkipNode


def _skip(translator, node):
    raise nodes.SkipNode


def setup(app):
    app.setup_extension("image_sizes")
    app.add_directive("ntp-figure", NtpFigure)
    app.add_node(unnumbered_figure, html=(_visit, _depart))
    app.add_node(picture, html=(_visit_picture, _depart_picture))
    app.add_node(narrow_image, html=(_visit_narrow, None), latex=(_skip, None), text=(_skip, None))
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
