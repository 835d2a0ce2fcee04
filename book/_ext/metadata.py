"""Sphinx extension: what a page says of itself to search engines, reference managers and messengers.

Every page has a title that is said once, a description (``description`` in its front matter's ``html_meta``, else
its first paragraph) and the tags of Highwire and OpenGraph. Addresses, that is canonical links, ``og:url`` and
the site map, are there when the book knows its own (``html_baseurl``). A page ``404.html`` leads back.
"""

from html import escape
from pathlib import Path
from string import Template
from xml.etree import ElementTree

from docutils import nodes
from readable import words

LONGEST = 200
SHORTEST = 60
# Chapters open with it, in bold.
LABEL = "The question. "
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NOT_FOUND = Path(__file__).with_name("not_found.html")
# docutils writes it too; the layout has one of its own.
VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1" />'


def description(doctree):
    """Return the first paragraph of the text that says something, cut at a sentence or a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(words(paragraph).split()).removeprefix(LABEL)
        if isinstance(paragraph.parent, nodes.section | nodes.container) and len(text) >= SHORTEST:
            return shortened(text)
    return ""


def shortened(text):
    if len(text) <= LONGEST:
        return text
    start = text[:LONGEST]
    sentence = start.rfind(". ")
    return start[: sentence + 1] if sentence >= SHORTEST else start[: start.rfind(" ")].rstrip(",;:") + " …"


def tags(app, page, title, text):
    """Return names and contents of the tags of one page, in pairs of attribute and value."""
    book, root = app.config.html_title, page == app.config.root_doc
    found = [
        ("name", "citation_title", book if root else title),
        ("name", "citation_author", app.config.author),
        ("name", "citation_publication_date", app.config.copyright.partition(".")[0]),
        ("name", "citation_language", app.config.language),
        ("property", "og:title", title),
        ("property", "og:type", "book" if root else "article"),
        ("property", "og:site_name", book),
        ("property", "og:description", text),
    ]
    if not root:
        found.append(("name", "citation_inbook_title", book))
    if app.config.html_baseurl:
        address = app.config.html_baseurl.rstrip("/") + "/" + app.builder.get_target_uri(page)
        found += [("name", "citation_public_url", address), ("property", "og:url", address)]
    return [(kind, name, value) for kind, name, value in found if value]


def describe(app, page, template, context, doctree):
    if page == app.config.root_doc:
        # The page is called as the book is: once is enough.
        context["docstitle"] = ""
    own = context.get("metatags", "").replace(VIEWPORT, "")
    if doctree is not None:
        text = description(doctree)
        found = tags(app, page, words(app.env.titles[page]), text)
        if 'name="description"' not in own and text:
            found.insert(0, ("name", "description", text))
        lines = [f'<meta {kind}="{name}" content="{escape(value)}" />' for kind, name, value in found]
        own += "\n    " + "\n    ".join(lines)
    context["metatags"] = own


def write_files(app, error):
    if error or app.builder.format != "html":
        return
    folder, base = Path(app.outdir), (app.config.html_baseurl or "").rstrip("/")
    home = f"{base}/" if base else "index.html"
    search = f"{base}/search.html" if base else "search.html"
    page = Template(NOT_FOUND.read_text("utf-8"))
    title = escape(app.config.html_title)
    (folder / "404.html").write_text(page.substitute(book=title, home=home, search=search), "utf-8")
    if base:
        root = ElementTree.Element("urlset", xmlns=SITEMAP)
        for document in sorted(app.env.found_docs):
            entry = ElementTree.SubElement(root, "url")
            ElementTree.SubElement(entry, "loc").text = f"{base}/{app.builder.get_target_uri(document)}"
        ElementTree.ElementTree(root).write(folder / "sitemap.xml", encoding="utf-8", xml_declaration=True)


def setup(app):
    # After the theme, which adds its own tags.
    app.connect("html-page-context", describe, priority=900)
    app.connect("build-finished", write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
