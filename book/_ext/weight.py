"""Sphinx extension: pages load what they use.

The theme gives every page the search index and a script with all icons of Font Awesome, Jupyter Book gives it
MathJax. The index stays with the page of results (``templates/layout.html``), MathJax with pages that have
formulas or outputs of notebooks, and of the icons those remain that a page or script names.
"""

import re
from pathlib import Path

from sphinx.errors import ExtensionError

TEMPLATES = Path(__file__).with_name("templates")
ICONS = Path("_static", "scripts", "fontawesome.js")
# name: [width, height, [other names], "code point", "path" or paths]
DRAWING = re.compile(
    r'"?(?P<name>[a-z0-9-]+)"?:\[\d+,\d+,\[(?P<others>[^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)
# What MathJax is configured to look into.
TYPESET = re.compile(r'class="[^"]*\b(?:math|output_area|tex2jax_process|mathjax_process)\b')
USED = re.compile(r"\bfa-([a-z0-9-]+)")


def named_icons(folder):
    """Return what follows ``fa-`` in the pages and scripts below a folder: names of icons, and of their styles."""
    files = [*folder.rglob("*.html"), *folder.glob("_static/**/*.js")]
    texts = (file.read_text("utf-8") for file in files if file.name != ICONS.name)
    return {name for text in texts for name in USED.findall(text)}


def reduced(script, names):
    """Return Font Awesome's script without the drawings that go by none of the names."""

    def kept(drawing):
        called = {drawing["name"], *re.findall(r'"([^"]+)"', drawing["others"])}
        return drawing.group() if called & names else ""

    text, found = DRAWING.subn(kept, script)
    if not found:
        raise ExtensionError(f"{ICONS}: no drawings are recognised; the theme's Font Awesome has changed its form")
    return text


def use_templates(app, config):
    config.templates_path = [str(TEMPLATES), *config.templates_path]


def leave_out_mathjax(app, page, template, context, doctree):
    if not TYPESET.search(context.get("body", "")):
        scripts = context.get("script_files", [])
        context["script_files"] = [script for script in scripts if not _is_mathjax(script)]


def _is_mathjax(script):
    return "mathjax" in str(script.filename or "") or str(script.attributes.get("body", "")).startswith(
        "window.MathJax"
    )


def reduce_icons(app, error):
    script = Path(app.outdir) / ICONS
    if error is None and app.builder.format == "html" and script.is_file():
        script.write_text(reduced(script.read_text("utf-8"), named_icons(Path(app.outdir))), "utf-8")


def setup(app):
    app.connect("config-inited", use_templates)
    # After MathJax's own listener.
    app.connect("html-page-context", leave_out_mathjax, priority=900)
    app.connect("build-finished", reduce_icons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
