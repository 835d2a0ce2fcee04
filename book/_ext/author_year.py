"""Sphinx extension: the bibliography's labels are what the text cites, "Ji and Telgarsky, 2019".

Two entries of one author and year carry letters in their ``year``, so that citation and label agree; entries that
would share a label stop the build.
"""

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from sphinx.errors import ExtensionError
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle
from sphinxcontrib.bibtex.style.template import join, year

NAME = "ntp-author-year"


class AuthorYearLabels(BaseLabelStyle):
    """Labels made by the template of the citations in the text."""

    def format_labels(self, sorted_entries):
        cited = AuthorYearReferenceStyle()
        template = join(sep=cited.author_year_sep)[cited.person.author_or_editor_or_title(full=False), year]
        seen = {}
        for entry in sorted_entries:
            label = template.format_data({"entry": entry, "style": cited}).render_as("text")
            if label in seen:
                raise ExtensionError(
                    f"{seen[label]} and {entry.key} are both cited as {label!r}: letter their years"
                )
            seen[label] = entry.key
            yield label


class Style(PlainStyle):
    default_label_style = NAME


def setup(app):
    register_plugin("pybtex.style.labels", NAME, AuthorYearLabels)
    register_plugin("pybtex.style.formatting", NAME, Style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
