"""Sphinx extension: what ``previews.js`` shows where something is referred to.

Statements, formulas, terms and bibliography entries are taken from the pages as they are written and go into one
script, for a page opened from a file may load a script and nothing else.
"""

import json
import posixpath
import re
from pathlib import Path

FILE = "previews-data.js"
STYLE, SCRIPT = "previews.css", "previews.js"
# The openings that Sphinx, sphinx-proof and sphinxcontrib-bibtex write.
OPENING = re.compile(
    r'<div class="proof [^"]*admonition" id="(?P<statement>[^"]+)"'
    r'|<div class="math notranslate nohighlight" id="(?P<formula>equation-[^"]+)"'
    r'|<dt id="(?P<term>term-[^"]+)"'
    r'|<div class="citation" id="(?P<entry>[^"]+)"'
)
PERMALINK = re.compile(r'<a class="headerlink"[^>]*>.*?</a>')
ADDRESS = re.compile(r'(<a [^>]*?href=")([^"]*)"')
SCHEME = re.compile(r"[a-z]+:")


def gather(app, page, template, context, doctree):
    """Keep the pieces of one page; pages come with their text as a string."""
    if doctree is not None and app.builder.format == "html":
        kept(app).update(pieces(context["body"], f"{page}{app.builder.out_suffix}"))


def kept(app):
    return vars(app.env).setdefault("ntp_previews", {})


def pieces(body, page):
    """Return the pieces of a page by their address, with links that start at the book's root."""
    found = {}
    for opening in OPENING.finditer(body):
        name = next(filter(None, opening.groups()))
        start = opening.start()
        piece = element(body, start)
        if opening["term"]:
            piece = f"<dl>{piece}{element(body, body.index('<dd', start))}</dl>"
        found[f"{page}#{name}"] = from_root(PERMALINK.sub("", piece), page)
    return found


def element(body, start):
    """Return the element that opens at ``start``.

    Sphinx closes what it opens and writes every other "<" as an entity, so counting tags is enough; a parser
    would take longer over all pages than all else here together.
    """
    tag = re.compile(r"<(\w+)").match(body, start)[1]
    depth = 0
    for found in re.compile(rf"<(/?){tag}\b").finditer(body, start):
        depth += -1 if found[1] else 1
        if not depth:
            return body[start : body.index(">", found.start()) + 1]
    raise ValueError(f"<{tag}> is not closed: {body[start : start + 80]!r}")


def from_root(piece, page):
    folder = posixpath.dirname(page)

    def whole(found):
        address = found[2]
        if address.startswith("#"):
            address = page + address
        elif not SCHEME.match(address):
            address = posixpath.normpath(posixpath.join(folder, address))
        return f'{found[1]}{address}"'

    return ADDRESS.sub(whole, piece)


def write(app, error):
    if error is None and app.builder.format == "html":
        text = f"window.NTP_PREVIEWS = {json.dumps(kept(app), ensure_ascii=False, indent=0)};\n"
        (Path(app.outdir) / "_static" / FILE).write_text(text, "utf-8")


def setup(app):
    # After what may still change the text of a page.
    app.connect("html-page-context", gather, priority=900)
    app.connect("build-finished", write)
    app.add_css_file(STYLE)
    app.add_js_file(SCRIPT, defer="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
