"""What a reader cannot see although it is on the page: cut at an edge, or folded away on paper."""

from typing import Any

from book_browser import OVERFLOW
from waiting import SETTLED, settled

WIDE, NARROW = (1280, 1440, 1920), 390
# A4 without margins of 1.5 cm, in CSS pixels.
PAPER = 680

# Everything that is folded can be unfolded: what is in it has to fit as well.
UNFOLD = """async () => {
  await window.MathJax?.startup?.promise;
  document.querySelectorAll('.bd-article details').forEach(fold => { fold.open = true; });
  document.querySelectorAll('.bd-article .toggle-hidden > .toggle-button').forEach(button => button.click());
  await settled();
}"""

COMMON = """
  const all = selector => [...document.querySelectorAll('.bd-article ' + selector)];
  // Everything but the insides of formulas and drawings, which are many and end where their box does.
  const parts = () => {
    const found = [], inside = node => node.parentElement?.matches('svg') || node.matches('mjx-assistive-mml');
    const filter = node => (inside(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    for (const article of document.querySelectorAll('.bd-article')) {
      const walker = document.createTreeWalker(article, NodeFilter.SHOW_ELEMENT, filter);
      while (walker.nextNode()) found.push(walker.currentNode);
    }
    return found;
  };
  const words = node => node.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60);
  const shown = node => node.getBoundingClientRect().width > 1;
  // A heading that is kept for screen readers alone is a box of one pixel.
  const unseen = node => node.closest('mjx-assistive-mml, svg, [clip-path]')
    || (node.closest('thead') && !shown(node.closest('thead')));
  const wider = box => shown(box) && box.scrollWidth > box.clientWidth + 1;
  const formula = node => node.querySelector('mjx-container svg');
  const name = node => words(node.querySelector('mjx-assistive-mml') ?? node);
  const room = node => {
    const box = node.closest('td, th, li, p, dd, dt, figcaption, h1, h2, h3, .admonition, section, .bd-article');
    return box.getBoundingClientRect().right - parseFloat(getComputedStyle(box).paddingRight);
  };
  const tableBox = table => table.closest('.pst-scrollable-table-container, .text_html') ?? table;
  const found = (what, boxes, describe = words) => boxes.map(box => `${what}: ${describe(box)}`);
  const displays = () => all('div.math').filter(math => formula(math)
    && formula(math).getBoundingClientRect().width > math.clientWidth + 1);
  const inline = () => all('span.math').filter(math => formula(math)
    && formula(math).getBoundingClientRect().right > room(math) + 1);
  // What scrolls starts at its beginning, unless it is laid out from its end.
  const headless = () => all('div.math').filter(math => formula(math) && math.scrollLeft === 0
    && formula(math).getBoundingClientRect().left < math.getBoundingClientRect().left - 1);
  const beheaded = () => all('table > thead').filter(head => head.textContent.trim() && !head.checkVisibility()
    && head.parentElement.checkVisibility());
  const code = () => all('pre').filter(wider);
  const cells = table => [...table.querySelectorAll('th, td')].filter(cell => shown(cell) && !unseen(cell));
  const columns = () => all('table').filter(table => wider(tableBox(table)) || cells(table).some(
    cell => cell.getBoundingClientRect().right > tableBox(table).getBoundingClientRect().right + 1));
"""

CUT = f"""() => {{ {COMMON}
  return [
    ...found('display cut', displays(), name), ...found('formula cut', inline(), name),
    ...found('code cut', code()), ...found('column cut', columns()),
    ...found('head of a table hidden', beheaded()),
  ];
}}"""

# On a telephone a long display may scroll, if one can see that it goes on and reach it with the keyboard.
CUT_NARROW = f"""() => {{ {COMMON}
  const announced = math => [math, ...math.querySelectorAll('*')].some(box => box.matches('.ntp-more[tabindex]'));
  const silent = [...displays(), ...all('span.math').filter(wider)].filter(math => !announced(math));
  return [
    ...found('display cut without a sign', silent, name), ...found('code cut', code()),
    ...found('column cut', columns()), ...found('display begins out of sight', headless(), name),
  ];
}}"""

PRINTED = f"""() => {{ {COMMON}
  const edge = document.documentElement.clientWidth + 1;
  const everything = parts(), style = new Map(everything.map(node => [node, getComputedStyle(node)]));
  const beyond = everything.filter(node => shown(node) && node.getBoundingClientRect().right > edge
    && !unseen(node));
  const clips = node => ['auto', 'scroll', 'hidden'].includes(style.get(node).overflowX);
  const scrolling = everything.filter(node => wider(node) && clips(node) && !unseen(node));
  const hidden = all('details > :not(summary), .toggle-hidden > :not(button)').filter(
    child => child.textContent.trim() && !child.checkVisibility({{visibilityProperty: true}}));
  const bold = all('mjx-container [stroke-width="0"]').filter(part => getComputedStyle(part).stroke !== 'none');
  const faded = everything.filter(node => !['', 'none'].includes(style.get(node).maskImage) && shown(node));
  const titles = all('h1').filter(title => !shown(title));
  return [
    ...found('beyond the paper', beyond.slice(0, 3)), ...found('cut on paper', scrolling.slice(0, 3)),
    ...found('folded on paper', hidden.slice(0, 3)), ...found('faded on paper', faded.slice(0, 3)),
    ...found('title missing on paper', titles), ...(bold.length ? [`bold on paper: ${{bold.length}} parts`] : []),
  ];
}}"""


def unseen(view: Any) -> list[str]:
    """Return what a reader cannot see of an opened page, on a screen or on paper.

    Args:
        view: A playwright page that has loaded.
    """
    # On paper first: what is folded is to be printed as well.
    return lost_in_print(view) + cut(view)


def cut(view: Any) -> list[str]:
    """Return what an opened page cuts or hides, on screens and on a telephone; folded boxes are opened for it.

    Args:
        view: A playwright page that has loaded.
    """
    view.evaluate(UNFOLD.replace("async () => {", f"async () => {{ {SETTLED}", 1))
    found = []
    for width in WIDE:
        found += [f"{fault} ({width} px)" for fault in _at(view, width, CUT)]
    narrow = _at(view, NARROW, CUT_NARROW) + view.evaluate(OVERFLOW)
    return found + [f"{fault} ({NARROW} px)" for fault in narrow]


def lost_in_print(view: Any) -> list[str]:
    """Return what an opened page would lose on paper."""
    view.evaluate("() => { window.dispatchEvent(new Event('beforeprint')); }")
    view.emulate_media(media="print")
    found = _at(view, PAPER, PRINTED)
    view.emulate_media(media="screen")
    view.evaluate("() => { window.dispatchEvent(new Event('afterprint')); }")
    return found


def _at(view: Any, width: int, script: str) -> list[str]:
    view.set_viewport_size({"width": width, "height": 900})
    settled(view)
    found: list[str] = view.evaluate(script)
    return found
