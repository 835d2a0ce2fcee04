"""Sphinx extension: every line of code and of output is an element of its own.

A line that is longer than the column is then wrapped with an indent and a mark (code.css), on a screen and on
paper; text that is copied is the same as before.
"""

import re

from pygments.formatters import HtmlFormatter

# A formatted line may begin with the mark-up of its white space.
INDENT = re.compile(r'((?:<span class="w">)?)( *)(.*)', re.DOTALL)


class LineFormatter(HtmlFormatter):
    """HTML in which each line of code is a `span`; the line's end stays outside of it."""

    def wrap(self, source):
        """Return the formatted lines in the usual box."""
        return super().wrap(in_spans(source))


def in_spans(source):
    for is_code, line in source:
        yield is_code, in_span(line.removesuffix("\n")) + "\n" if is_code else line


def in_span(line):
    """A line, its indent apart: a browser would break the line after it."""
    start, indent, rest = INDENT.fullmatch(line).groups()
    indent = f'<span class="ntp-indent">{indent}</span>' if indent else ""
    return f'<span class="ntp-line">{indent}{start}{rest}</span>'


def use_lines(app):
    if app.builder.format == "html":
        for highlighter in (app.builder.highlighter, app.builder.dark_highlighter):
            if highlighter is not None:
                highlighter.formatter = LineFormatter


def setup(app):
    app.connect("builder-inited", use_lines)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
