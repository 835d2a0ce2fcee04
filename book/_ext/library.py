"""Sphinx extension: the library's reference, made from its docstrings, and links to it from prose.

The docstrings are read as plain text: one backtick marks code, and an asterisk is an asterisk.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

PACKAGE = "ntp_lib"
# `ntp.train`, `ntp.train(data)`, `ntp.synthetic.toy_2d()`: the name without what it is called with.
NAME = re.compile(r"ntp\.([A-Za-z_][\w.]*)(\(.*\))?", re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def as_plain_text(app, what, name, obj, options, lines):
    """Escape what reStructuredText would read into the sentences of a docstring; examples stay as they are."""
    lines[:] = [line if line.lstrip().startswith((">>>", "...")) else escaped(line) for line in lines]
    if what == "property":
        # napoleon takes what stands before a colon in the first line of a property's docstring for its type: that
        # line becomes an empty comment.
        lines[:0] = ["..", ""]


def escaped(line):
    words = CODE.split(line)
    # Every second part was code.
    words[1::2] = [f"``{code}``" for code in words[1::2]]
    words[::2] = [text.replace("*", r"\*").replace("|", r"\|") for text in words[::2]]
    return "".join(words)


class LinkNames(SphinxPostTransform):
    """Makes every name of the library that prose mentions a link to its entry."""

    default_priority = 5  # before the references are resolved

    def run(self, **kwargs):
        known = self.env.get_domain("py").objects
        for literal in list(self.document.findall(nodes.literal)):
            found = NAME.fullmatch(literal.astext())
            target = f"{PACKAGE}.{found[1]}" if found else ""
            if target in known and not isinstance(literal.parent, (nodes.reference, addnodes.pending_xref)):
                link = addnodes.pending_xref(
                    "", refdomain="py", reftype="obj", reftarget=target, refdoc=self.env.docname, refexplicit=True
                )
                literal.replace_self(link)
                link += literal


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    # Before napoleon's own hook, which has a priority of 500.
    app.connect("autodoc-process-docstring", as_plain_text, priority=400)
    app.add_post_transform(LinkNames)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
