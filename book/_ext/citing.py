"""Sphinx extension: every statement has a permalink, its BibTeX entry, and links to the claims that are checked.

The number of a statement may change with the next version, its label does not: the entry cites both, and the
version. ``cite.js`` turns the entry, which the permalink carries, into a button. An address is given where the
book knows its own (``html_baseurl``).
"""

import html
import re
from importlib.metadata import version

from docutils import nodes
from sphinx import addnodes
from sphinx.environment.collectors import EnvironmentCollector
from statements import is_statement, name_of, title_of

STYLE, SCRIPT = "cite.css", "cite.js"
PLACE = "ntp-claim-place"
ANCHOR = "claim-"
# TeX outside formulas; formulas stay as they are.
SPECIAL = re.compile(r"([&%#_])")
FORMULA = re.compile(r"(\$[^$]*\$)")


class Claims(EnvironmentCollector):
    """Keeps where each claim is stated: (anchor, kind of place, label of the place), by page of claims."""

    def clear_doc(self, app, env, docname):
        places(env).pop(docname, None)

    def merge_other(self, app, env, docnames, other):
        places(env).update({name: places(other)[name] for name in docnames if name in places(other)})

    def process_doc(self, app, doctree):
        found = []
        for mark in doctree.findall(lambda node: isinstance(node, nodes.inline) and PLACE in node["classes"]):
            anchor = anchor_around(mark)
            for reference in mark.findall(addnodes.pending_xref):
                if anchor and reference.get("refdomain") in ("prf", "math"):
                    found.append((anchor, reference["refdomain"], reference["reftarget"]))
        if found:
            places(app.env)[app.env.docname] = found


def places(env):
    """Return the places of claims, by page."""
    return vars(env).setdefault("ntp_claim_places", {})


def anchor_around(node):
    while node is not None:
        for name in node.attributes.get("ids", ()):
            if name.startswith(ANCHOR):
                return name
        node = node.parent
    return None


def claims_by_statement(env):
    """Return (page, anchor) of the claims stated in each statement or in a formula of it."""
    homes = {formula: home for found in env.ntp_statements.values() for formula, home in found["formulas"].items()}
    result = {}
    for page, found in places(env).items():
        for anchor, domain, label in found:
            home = label if domain == "prf" else homes.get(label)
            result.setdefault(home, []).append((page, anchor))
    return result


def bibtex(env, config, node):
    """Return the BibTeX entry of a statement."""
    label, page = node["label"], env.proof_list[node["label"]]["docname"]
    title = f"{name_of(env, label)}: {title_of(node)}" if title_of(node) else name_of(env, label)
    year = re.search(r"\d{4}", config.copyright)
    fields = {
        "author": f"{{{config.author}}}",
        "title": without_macros(tex(title), config),
        "booktitle": tex(config.html_title),
        "year": year[0] if year else "",
        "note": tex(f"Label {label} in the chapter “{env.titles[page].astext()}”, version {version('ntp-lib')}"),
        "url": f"{config.html_baseurl.rstrip('/')}/{page}.html#{label}" if config.html_baseurl else "",
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@incollection{{ntp-{label},\n" + ",\n".join(lines) + "\n}\n"


def tex(text):
    parts = FORMULA.split(text)
    words = (SPECIAL.sub(r"\\\1", part).replace("“", "``").replace("”", "''") for part in parts[::2])
    return "".join(part for pair in zip(words, [*parts[1::2], ""], strict=True) for part in pair)


def without_macros(text, config):
    """Write out the book's own abbreviations, which a reader's TeX does not know."""
    macros = config.mathjax3_config.get("tex", {}).get("macros", {})
    for _ in range(3):  # a macro may use another
        text = re.sub(r"\\([A-Za-z]+)", lambda found: written_out(found, macros), text)
    return text


def written_out(found, macros):
    meaning = macros.get(found[1])
    return f"{{{meaning}}}" if isinstance(meaning, str) else found[0]


def add_links(app, doctree, docname):
    if app.builder.format != "html":
        return
    claims = claims_by_statement(app.env)
    for node in list(doctree.findall(is_statement)):
        entry = html.escape(bibtex(app.env, app.config, node), quote=True)
        link = f'<a class="headerlink" href="#{node["label"]}" title="Link to this statement"'
        node.children[0] += nodes.raw("", f'{link} data-cite="{entry}">#</a>', format="html")
        if node["label"] in claims:
            node += checked(app.builder, docname, claims[node["label"]])


def checked(builder, docname, claims):
    """Return the line that leads to a statement's claims."""
    line = nodes.paragraph("", "Checked: ", classes=["ntp-checked"])
    for position, (page, anchor) in enumerate(claims):
        address = f"{builder.get_relative_uri(docname, page)}#{anchor}"
        link = nodes.reference("", anchor.removeprefix(ANCHOR), refuri=address, internal=True)
        line += [nodes.Text(", "), link] if position else [link]
    return line


def setup(app):
    app.add_env_collector(Claims)
    app.connect("doctree-resolved", add_links)
    app.add_css_file(STYLE)
    app.add_js_file(SCRIPT, defer="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
