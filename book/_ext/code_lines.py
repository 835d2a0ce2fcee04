"""Sphinx extension: every line of code and of output is an element of its own.

A line that is longer than the column is then wrapped with an indent and a mark (code.css), on a screen and on
paper; text that is copied is the same as before.
"""

from pygments.formatters import HtmlFormatter


class LineFormatter(HtmlFormatter):
    """HTML in which each line of code is a `span`; the line's end stays outside of it."""

    def wrap(self, source):
        """Return the formatted lines in the usual box."""
        return super().wrap(in_spans(source))


def in_spans(source):
    for is_code, line in source:
        yield is_code, f'<span class="ntp-line">{line.removesuffix(chr(10))}</span>\n' if is_code else line


def use_lines(app):
    if app.builder.format == "html":
        for highlighter in (app.builder.highlighter, app.builder.dark_highlighter):
            if highlighter is not None:
                highlighter.formatter = LineFormatter


def setup(app):
    app.connect("builder-inited", use_lines)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
