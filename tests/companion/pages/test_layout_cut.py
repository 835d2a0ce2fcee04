"""Controls of the checks of the layout: what is cut or lost is found, and a page that shows all is left alone."""

from typing import Any

import pytest
from book_layout import cut, lost_in_print

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html><head><meta charset="utf-8"><style>
body {{ margin: 0 }} .bd-article {{ max-width: 800px }} .scrolls {{ overflow-x: auto }} svg {{ height: 20px }}
</style></head><body><article class="bd-article">{body}</article></body></html>"""

LINE = "x = 1  # " + 40 * "words "
FORMULA = '<mjx-container><svg style="width:{0}px"></svg></mjx-container>'
DISPLAY = f'<div class="math scrolls {{1}}" {{2}}>{FORMULA}</div>'
FOUR = "".join(f"<td style='min-width:{{0}}px'>{number}</td>" for number in range(4))
HEADED = "<table><thead {0}><tr><th>share</th></tr></thead><tbody><tr><td>0.5</td></tr></tbody></table>"
TABLE = f"<div class='pst-scrollable-table-container scrolls'><table><tbody><tr>{FOUR}</tr></tbody></table></div>"

CUT = {
    "display cut:": DISPLAY.format(900, "", ""),
    "display cut without a sign:": DISPLAY.format(600, "", ""),
    "display begins out of sight:": DISPLAY.format(600, "ntp-more", 'style="display: flex; direction: rtl"'),
    "formula cut:": f'<p style="overflow:hidden"><span class="math">{FORMULA.format(900)}</span></p>',
    "code cut:": f'<pre class="scrolls">{LINE}</pre>',
    "column cut:": TABLE.format(300),
    "head of a table hidden: share": HEADED.format("style='display: none'"),
    "column cut: 0123 (390 px)": TABLE.format(150),
    "code cut: x = 1": f'<details><summary>code</summary><pre class="scrolls">{LINE}</pre></details>',
}
SHOWN = {
    "displays": DISPLAY.format(300, "", "") + DISPLAY.format(600, "ntp-more", 'tabindex="0"'),
    "a formula": f'<p style="overflow:hidden"><span class="math">{FORMULA.format(300)}</span></p>',
    "code": f'<pre class="scrolls" style="white-space:pre-wrap">{LINE}</pre>',
    "columns": TABLE.format(60),
    "a head": HEADED.format(""),
    "folded code": f"<details><summary>code</summary><pre style='white-space:pre-wrap'>{LINE}</pre></details>",
}
IN_PRINT = "<style>@media print {{ {0} }}</style>"
LOST = {
    "beyond the paper:": IN_PRINT.format(".wide { width: 900px }") + '<p class="wide">wide</p>',
    "cut on paper:": f'<pre class="scrolls">{LINE}</pre>',
    "folded on paper:": "<details><summary>proof</summary><p>folded</p></details>",
    "faded on paper:": '<p style="mask-image: linear-gradient(#000, transparent)">faded</p>',
    "title missing on paper:": IN_PRINT.format("h1 { display: none }") + "<h1>3. The margin</h1>",
    "bold on paper:": '<mjx-container><svg><g stroke="black" stroke-width="0"></g></svg></mjx-container>',
}
KEPT = {
    "a wrapped line": IN_PRINT.format("pre { white-space: pre-wrap; overflow: visible }") + LOST["cut on paper:"],
    "a fold that opens": IN_PRINT.format("details::details-content { content-visibility: visible }")
    + LOST["folded on paper:"],
    "a mask that goes": IN_PRINT.format("p { mask-image: none !important }") + LOST["faded on paper:"],
    "a title": "<h1>3. The margin</h1>",
    "a formula": IN_PRINT.format('svg [stroke-width="0"] { stroke: none }') + LOST["bold on paper:"],
}


def _faults(browser: Any, body: str, check: Any) -> list[str]:
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    view.set_content(PAGE.format(body=body))
    try:
        found: list[str] = check(view)
    finally:
        view.close()
    return found


@pytest.mark.parametrize("fault", CUT)
def test_what_is_cut_is_found(browser: Any, fault: str) -> None:
    """Wider than its box at some width, folded or not."""
    assert any(fault in found for found in _faults(browser, CUT[fault], cut))


@pytest.mark.parametrize("kind", SHOWN)
def test_what_is_shown_is_left_alone(browser: Any, kind: str) -> None:
    """The same kinds of content where they fit, or go on below."""
    assert _faults(browser, SHOWN[kind], cut) == []


@pytest.mark.parametrize("fault", LOST)
def test_what_is_lost_on_paper_is_found(browser: Any, fault: str) -> None:
    """Cut, folded, faded, hidden or bold in print."""
    assert any(fault in found for found in _faults(browser, LOST[fault], lost_in_print))


@pytest.mark.parametrize("kind", KEPT)
def test_what_is_printed_is_left_alone(browser: Any, kind: str) -> None:
    """The same content with the rule for paper that shows it."""
    assert _faults(browser, KEPT[kind], lost_in_print) == []
