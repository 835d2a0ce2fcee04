"""Sphinx extension: every picture of a page says how large it is, so that the text below it does not jump.

Pictures are loaded when the reader comes near them. One that is not displayed, as the drawing for the other theme,
is not loaded at all.
"""

from pathlib import Path
from urllib.parse import unquote

import imagesize
from docutils import nodes
from sphinx.errors import ExtensionError


def size(file):
    """Width and height of a picture in pixels; raises ExtensionError naming a file that does not say them."""
    width, height = (round(side) for side in imagesize.get(file))
    if min(width, height) <= 0:
        raise ExtensionError(f"{file.name}: a picture without width and height")
    return width, height


def attributes(translator, node):
    """Width and height of an image node as HTML; empty where the page chose a size, or the file is elsewhere."""
    file = Path(translator.builder.srcdir) / unquote(node["uri"])
    if not file.is_file() or {"width", "height", "scale"} & set(node.attributes):
        return ""
    return ' width="{}" height="{}"'.format(*size(file))


def visit(translator, node):
    # The theme's own visitor replaces the address of the source by that of the copy.
    said = attributes(translator, node)
    type(translator).visit_image(translator, node)
    translator.body[-1] = translator.body[-1].replace("<img ", f'<img loading="lazy"{said} ', 1)


def depart(translator, node):
    type(translator).depart_image(translator, node)


def setup(app):
    app.add_node(nodes.image, override=True, html=(visit, depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
