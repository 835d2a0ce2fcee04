"""Sphinx extension: what the theme and other extensions leave out for keyboards and screen readers.

Every id on a page is there once, the arrows of the contents have names, whatever takes focus shows it, and
MathJax's menu (zoom, copy as TeX) is there without the parts that it would load from a network.
"""

from bs4 import BeautifulSoup
from docutils import nodes

STYLE, SCRIPT = "accessible.css", "accessible.js"
# What sphinx-proof and sphinx-exercise give to every box alike.
SHARED = {"proof", "proof-content", "exercise-content", "solution-content"}


def remove_shared_ids(app, doctree, page):
    for node in doctree.findall(nodes.Element):
        if SHARED & set(node.get("ids", ())):
            node["ids"] = [name for name in node["ids"] if name not in SHARED]


def name_arrows(app, page, template, context, doctree):
    """Give the arrows beside a chapter in the contents a name; the theme leaves them without one."""
    make = context.get("generate_toctree_html")
    if make is None:
        return

    def named(*args, **options):
        made = make(*args, **options)
        soup = made if hasattr(made, "find_all") else BeautifulSoup(str(made), "html.parser")
        for summary in soup.find_all("summary"):
            chapter = summary.find_parent("li").find("a")
            if chapter and not summary.get_text(strip=True):
                summary["aria-label"] = f"Sections of {chapter.get_text(' ', strip=True)}"
        return soup

    context["generate_toctree_html"] = named


def name_entries(app, page, template, context, doctree):
    """An entry of a bibliography is an item of its list; docutils gives it a role that has been retired."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    app.connect("doctree-resolved", remove_shared_ids)
    app.connect("html-page-context", name_entries)
    # After the theme's own, which puts the function there.
    app.connect("html-page-context", name_arrows, priority=900)
    app.add_css_file(STYLE)
    # Before MathJax, which reads what it finds stored.
    app.add_js_file(SCRIPT, defer="defer", priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
