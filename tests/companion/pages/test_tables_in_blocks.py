"""A table wider than its box becomes blocks that say everything of their rows, also where cells span several."""

from collections.abc import Iterator
from typing import Any

import pytest
from book_layout import cut
from small_project import ROOT

pytestmark = pytest.mark.browser

STATIC = ROOT / "book" / "_static"
STYLE = "body { margin: 0 } .bd-article { max-width: 800px } :root { --ntp-rule: #ccc; --ntp-quiet: #555 }"
PAGE = """<!doctype html><html><head><meta charset="utf-8"><style>STYLE</style></head><body>
<article class="bd-article"><div class="pst-scrollable-table-container">TABLE</div></article>
<script>SCRIPT</script></body></html>"""

PLAIN = """<table><thead><tr><th>method</th><th>share</th></tr></thead>
<tbody><tr><th>A</th><td>0.5</td></tr><tr><th>B</th><td>0.25</td></tr></tbody></table>"""
# As pandas writes a frame with an index of two levels and columns of two.
SPANNED = """<table class="dataframe"><thead><tr><th></th><th></th><th colspan="2">norm</th></tr>
<tr><th>method</th><th>panel</th><th>max</th><th>last</th></tr></thead>
<tbody><tr><th rowspan="2">A</th><th>constant</th><td>1</td><td>2</td></tr>
<tr><th>decaying</th><td>3</td><td>4</td></tr>
<tr><th>B</th><th>constant</th><td>5</td><td>6</td></tr></tbody></table>"""
WIDE = "td, th { min-width: 300px }"


@pytest.fixture
def shown(browser: Any) -> Iterator[Any]:
    """A function that shows a table in a box of so many pixels with the book's style and script, or without."""
    views = []

    def show(table: str, width: int, *, style: str = "", script: bool = True) -> Any:
        view = browser.new_page(viewport={"width": width, "height": 900})
        views.append(view)
        sheet = STYLE + (STATIC / "tables.css").read_text("utf-8") + style
        code = (STATIC / "tables.js").read_text("utf-8") if script else ""
        view.set_content(PAGE.replace("STYLE", sheet).replace("TABLE", table).replace("SCRIPT", code))
        return view

    yield show
    for view in views:
        view.close()


def blocks(view: Any) -> list[str]:
    """What the blocks of a page say, one text without spaces for each; none where the table stays a table."""
    texts: list[str] = view.locator(".ntp-blocks > tbody > tr").all_inner_texts()
    return ["".join(text.split()) for text in texts]


def test_a_wide_table_becomes_blocks(shown: Any) -> None:
    assert blocks(shown(PLAIN, 390, style=WIDE)) == ["methodAshare0.5", "methodBshare0.25"]


def test_a_cell_that_spans_rows_is_said_in_each_block(shown: Any) -> None:
    assert blocks(shown(SPANNED, 390, style=WIDE)) == [
        "methodApanelconstantnormmax1normlast2",
        "methodApaneldecayingnormmax3normlast4",
        "methodBpanelconstantnormmax5normlast6",
    ]


@pytest.mark.parametrize("table", [PLAIN, SPANNED])
def test_a_table_that_fits_stays_one(shown: Any, table: str) -> None:
    """Also after it was in blocks: repeated cells and headings are not seen then."""
    view = shown(table, 390, style="@media (max-width: 500px) { td, th { min-width: 300px } }")
    assert blocks(view)
    before = shown(table, 800, script=False).locator("table").inner_text()
    view.set_viewport_size({"width": 800, "height": 900})
    view.wait_for_function("!document.querySelector('.ntp-blocks')")
    assert view.locator("table").inner_text() == before


@pytest.mark.parametrize("table", [PLAIN, SPANNED])
def test_nothing_is_cut_with_the_script_and_columns_are_without(shown: Any, table: str) -> None:
    style = "@media (max-width: 500px) { table:not(.ntp-blocks) :is(td, th) { min-width: 300px } }"
    assert cut(shown(table, 1280, style=style)) == []
    assert [fault for fault in cut(shown(table, 1280, style=style, script=False)) if "column cut" in fault]
