"""Titles where no formula can be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree


def plain_title(title: str, mathml: Mapping[str, str]) -> str:
    """Return a title with its formulas as letters.

    Args:
        title: with formulas as TeX between ``\\(`` and ``\\)``.
        mathml: the book's formulas by TeX source.
    """
    for source, form in mathml.items():
        if source in title:
            title = title.replace(source, "".join(ElementTree.fromstring(form).itertext()).strip())
    return " ".join(title.split())
