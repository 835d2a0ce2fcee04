"""Waiting for a page until something is so; a while is too short on a busy machine and long on any other."""

from typing import Any

# The longest wait of a browser, in ms; a test may take 300 s.
LONGEST = 240_000

# Scripts answer to a new width or theme in a frame, and what they change may move for a while.
SETTLED = """
  const frames = async () => {
    for (let n = 0; n < 2; n += 1) await new Promise(done => requestAnimationFrame(done));
  };
  const settled = async () => {
    await frames();
    await Promise.all(document.getAnimations().map(one => one.finished.catch(() => null)));
    await frames();
  };
"""

# How far a page has jumped since it was opened.
SHIFT = f"""async () => {{ {SETTLED}
  let sum = 0;
  const seen = list => list.forEach(entry => {{ sum += entry.value; }});
  const observer = new PerformanceObserver(list => seen(list.getEntries()));
  observer.observe({{type: 'layout-shift', buffered: true}});
  await settled();
  seen(observer.takeRecords());
  return sum;
}}"""


def settled(view: Any) -> None:
    """Wait until the frames are drawn in which scripts answer, and what moves has arrived."""
    view.evaluate(f"async () => {{ {SETTLED} await settled(); }}")


def patient(browser: Any) -> Any:
    """Return a browser whose pages wait as long as a busy machine may need."""
    for name in ("new_page", "new_context"):
        setattr(browser, name, _patiently(getattr(browser, name)))
    return browser


def _patiently(opening: Any) -> Any:
    def opened(**options: Any) -> Any:
        found = opening(**options)
        found.set_default_timeout(LONGEST)
        return found

    return opened
