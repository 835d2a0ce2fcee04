"""The bibliography's labels are what the text cites."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from extension import extension as load
from pybtex.database import BibliographyData, Entry, Person, parse_file
from pybtex.plugin import find_plugin
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def extension() -> ModuleType:
    module: ModuleType = load("author_year")
    module.setup(None)
    return module


def labels(data: BibliographyData) -> dict[str, str]:
    style: Any = find_plugin("pybtex.style.formatting", "ntp-author-year")()
    return {entry.key: entry.label for entry in style.format_bibliography(data, list(data.entries))}


def work(year: str, *authors: str) -> Entry:
    return Entry("misc", [("title", "A title"), ("year", year)], {"author": [Person(name) for name in authors]})


@pytest.mark.usefixtures("extension")
def test_a_label_names_authors_and_year() -> None:
    found = labels(
        BibliographyData(
            {
                "one": work("1901", "Ada Lovelace"),
                "two": work("1902", "Ada Lovelace", "Emmy Noether"),
                "three": work("1903", "Ada Lovelace", "Emmy Noether", "Sofja Kowalewskaja"),
            }
        )
    )
    assert found == {
        "one": "Lovelace, 1901",
        "two": "Lovelace and Noether, 1902",
        "three": "Lovelace et al., 1903",
    }


@pytest.mark.usefixtures("extension")
def test_two_entries_with_one_label_are_refused_by_name() -> None:
    same = {"first": work("1901", "Ada Lovelace"), "second": work("1901", "Ada Lovelace")}
    with pytest.raises(ExtensionError, match=r"first and second .*Lovelace, 1901"):
        labels(BibliographyData(same))
    same["second"] = work("1901b", "Ada Lovelace")
    assert labels(BibliographyData(same))["second"] == "Lovelace, 1901b"


@pytest.mark.usefixtures("extension")
def test_the_book_has_one_label_for_each_entry() -> None:
    book = parse_file(str(ROOT / "book" / "references.bib"))
    assert len(set(labels(book).values())) == len(book.entries) > 50
