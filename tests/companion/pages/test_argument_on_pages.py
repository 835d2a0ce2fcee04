"""The map of the argument under pointer and focus, and the pages of the small book of statements."""

from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP, TELEPHONE, faults, served
from first_chapter import opened

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "kind"), [(DESKTOP, "wide"), (TELEPHONE, "narrow")])
def test_map_lights_what_a_statement_rests_on(
    first_page: Any, statements_address: str, width: int, kind: str
) -> None:
    """By pointer and by focus: all ancestors and nothing else; the drawing fits and its type is not scaled."""
    first_page.set_viewport_size({"width": width, "height": 900})
    opened(first_page, f"{statements_address}/book/argument.html")
    drawing = first_page.locator(f".ntp-map-{kind}")
    box = drawing.bounding_box()
    assert box["x"] + box["width"] <= width
    assert first_page.locator(".ntp-map:visible").count() == 1
    sizes = "all => all.map((text) => parseFloat(getComputedStyle(text).fontSize))"
    assert min(drawing.locator("text").evaluate_all(sizes)) >= 12
    lit = f"[...document.querySelectorAll('.ntp-map-{kind} a.lit')].map((a) => a.dataset.label).sort().join(' ')"

    def lights(*statements: str) -> None:
        first_page.wait_for_function(f"(expected) => {lit} === expected", arg=" ".join(statements))

    drawing.locator("[data-label=cor-last]").hover()
    lights("cor-last", "def-size", "lem-helper", "lem-late", "thm-main")
    first_page.mouse.move(2, 2)
    lights()
    drawing.locator("[data-label=lem-helper]").focus()
    lights("def-size", "lem-helper")
    assert first_page.locator(f".ntp-map-{kind} path.lit").count() == 1


def test_pages_are_faultless(browser: Any, book_of_statements: Path) -> None:
    """Wide and narrow, light and dark, no page of the small book has a fault; nothing folded is left untypeset."""
    with served(book_of_statements) as base:
        for page in ("first", "second", "argument", "claims", "glossary"):
            assert faults(browser, base, f"book/{page}.html") == []
