"""What a reader with a screen reader or a keyboard would complain about."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from waiting import settled

GRAVE = ("serious", "critical")
# Typeset formulas are drawings beside a copy for screen readers, both MathJax's; thousands of nodes on a page.
MATHJAX = "**/mathjax/*.js*"
CONTEXT = {"exclude": [["mjx-container"]]}
OPTIONS = {"resultTypes": ["violations"]}
# All that a theme changes.
COLOURS = OPTIONS | {"runOnly": ["color-contrast", "link-in-text-block"]}

# The book's pages say which theme they show, and hear of another preference a moment after it was set.
IN_THEME = "theme => [theme, undefined].includes(document.documentElement.dataset.theme)"

# Thousands of words of code have a colour each, one of each kind shows it; and a table's rows are alike, as are
# the entries of an index and the cells of a notebook.
FEW_OF_A_KIND = """() => {
  const alike = ['tbody > tr', 'dl.py', 'div.cell', 'li', 'details', 'p', 'figure'];
  for (const kind of alike) {
    const at = new Map();
    for (const one of document.querySelectorAll(`.bd-article ${kind}`)) {
      const likeness = `${one.parentElement.className} ${one.className} ${one.parentElement.tagName}`;
      at.set(likeness, (at.get(likeness) ?? 0) + 1);
      if (at.get(likeness) > 25) one.remove();
    }
  }
  const kinds = new Set();
  for (const word of document.querySelectorAll('pre span[class]:not(:has(*))')) {
    if (kinds.has(word.className)) word.replaceWith(word.textContent);
    kinds.add(word.className);
  }
}"""

# The ring has to be there, wide enough, and in a colour that stands out from what lies behind it.
UNSEEN_FOCUS = """() => {
  const channels = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const linear = c => c <= 10.3 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if ((colour[3] ?? 1) > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const kinds = new Set(), found = [];
  for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')) {
    if (e.tabIndex < 0 || e.disabled || !e.checkVisibility({ visibilityProperty: true })) continue;
    const kind = [e.tagName.toLowerCase(), ...e.classList].join('.') + ' in ' + (e.parentElement?.className ?? '');
    if (kinds.has(kind)) continue;
    kinds.add(kind);
    e.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement !== e) continue;
    const style = getComputedStyle(e), ring = channels(style.outlineColor);
    const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && (ring[3] ?? 1) > 0.5
      && contrast(ring, behind(e.parentElement ?? e)) >= 3 && parseFloat(style.opacity) > 0.1;
    if (!seen) found.push('no visible focus: ' + kind);
    e.blur();
  }
  return found;
}"""


def grave_findings(view: Any, options: dict[str, Any] = OPTIONS) -> list[str]:
    """Return what axe-core finds serious or critical on the page that is open, with the first place of each."""
    found = Axe().run(view, context=CONTEXT, options=options).response["violations"]
    return [
        f"{one['id']}, {len(one['nodes'])} times: {one['help']}: {one['nodes'][0]['html'][:160]}"
        for one in found
        if one["impact"] in GRAVE
    ]


def unseen_focus(view: Any) -> list[str]:
    """Return the kinds of elements of the open page that take focus without showing it."""
    found: list[str] = view.evaluate(UNSEEN_FOCUS)
    return found


def repeated_ids(view: Any) -> list[str]:
    """Return the ids that the open page gives more than once, outside of what MathJax draws."""
    script = """() => {
      const own = [...document.querySelectorAll('[id]')].filter(e => !e.closest('mjx-container, svg'));
      const ids = own.map(e => e.id);
      return [...new Set(ids.filter((id, k) => ids.indexOf(id) !== k))];
    }"""
    found: list[str] = view.evaluate(script)
    return [f"id given more than once: {name}" for name in found]


def complaints(browser: Any, address: str, *, everything: bool = False) -> list[str]:
    """Return everything of the above about one page, light and dark.

    Args:
        browser: A playwright browser.
        address: Address of the page.
        everything: Whether to look at all that is on the page, not at some 25 of each kind.
    """
    found: list[str] = []
    view = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    try:
        # Formulas stay as they are written: what MathJax draws is left out anyway, and takes minutes to leave out.
        view.route(MATHJAX, lambda route: route.fulfill(body="", content_type="text/javascript"))
        view.goto(address, wait_until="load")
        found += repeated_ids(view)
        if not everything:
            view.evaluate(FEW_OF_A_KIND)
        for scheme, options in (("light", OPTIONS), ("dark", COLOURS)):
            view.emulate_media(color_scheme=scheme)
            view.wait_for_function(IN_THEME, arg=scheme)
            settled(view)
            found += [f"{scheme}: {one}" for one in (*grave_findings(view, options), *unseen_focus(view))]
    finally:
        view.close()
    return found
