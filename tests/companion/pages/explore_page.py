"""The explorable page's own files, and its mathematics asked without a page around it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from small_project import ROOT
from waiting import settled

STATIC = ROOT / "book" / "_static" / "explore"
LIVE = "document.querySelector('[data-ntp-explore]').ntpExplore"

ANSWERS = """({problem: q, times, end}) => {
  const p = { ...q, H: Float64Array.from(q.H), pi: Float64Array.from(q.pi), P: Float64Array.from(q.P) };
  const W0 = Float64Array.from(q.W0), s = NTP.solve(p), { comp, sep, limit } = s;
  const plain = (a) => a && Array.from(a), column = (k) => [k, track.map((at) => at[k])];
  const mask = new Float64Array(p.m * p.V), track = times.length ? NTP.flow(s, W0, times, 1e-9) : [];
  if (s.completed) sep.pairs.forEach(([j, v], i) => { mask[j * p.V + v] = limit.stays[i] ? 1 : 0; });
  const law = track.length && times.at(-1) === end ? NTP.directionLaw(limit, track) : null;
  return {
    dim: s.g.F.length, compatible: comp.holds, separable: sep.separable, bounded: plain(mask), entropy: s.entropy,
    smoothness: s.L, W_finite: plain(comp.Wfin), residual: comp.residual, kappa: comp.kappa ?? 0,
    W_mm: plain(sep.Wmm), A: plain(sep.A), W_mm_limit: plain(limit.Wmm), completed: plain(limit.data.P),
    infimum: s.floor, W_gd: plain(NTP.descend(p, W0, 1, [1000])[0].W),
    flow: Object.fromEntries(['logExcess', 'norm', 'gap', 'gapCorrected', 'logFinite'].map(column)),
    law: law && { gap: law.gap(end), settled: law.settled },
  };
}"""


def scripts() -> tuple[str, ...]:
    """Return the names of the page's scripts in the order in which they are loaded."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        from explorable import SCRIPTS
    finally:
        sys.path.pop(0)
    return tuple(SCRIPTS)


def mathematics(browser: Any, changes: Mapping[str, tuple[str, str]] | None = None) -> Any:
    """Open an empty page with the scripts that touch no document.

    Args:
        browser: a playwright browser.
        changes: for a script's name, a text that occurs in it once and what to put there.
    """
    view = browser.new_page()
    names = scripts()
    for name in [*names[: names.index("descent") + 1], "dom", "state"]:
        text = (STATIC / f"{name}.js").read_text("utf-8")
        if changes and name in changes:
            old, new = changes[name]
            assert text.count(old) == 1, (
                f"{name}.js holds {old!r} {text.count(old)} times, not once: adapt this edit"
            )
            text = text.replace(old, new)
        view.evaluate(text)
    return view


def answers(view: Any, problem: Mapping[str, Any], times: list[float]) -> dict[str, Any]:
    """Return what the page's scripts find for a problem of `explore_problems`."""
    asked = {key: problem[key] for key in ("m", "V", "d", "H", "pi", "P", "W0")}
    found: dict[str, Any] = view.evaluate(ANSWERS, {"problem": asked, "times": times, "end": 1000})
    return found


def small_page(folder: Path) -> None:
    """Put a page with the drawing into the sources of a small project, and a link to it into its chapter."""
    page = "# Explore\n\n````{ntp-explorable}\n```{ntp-figure} growth-curve\n:unnumbered:\n```\n````\n"
    (folder / "book" / "explore.md").write_text(page, "utf-8")
    chapter, toc = folder / "book" / "chapter.md", folder / "_toc.yml"
    chapter.write_text(chapter.read_text("utf-8") + "\n{ntp-try}`Turn C <border|141.5|2>`.\n", "utf-8")
    toc.write_text(
        toc.read_text("utf-8").replace(
            "- file: book/how-verified", "- file: book/explore\n  - file: book/how-verified"
        ),
        "utf-8",
    )


def show(view: Any, state: str) -> None:
    """Show a state, written as in an address, and wait until the page is at rest."""
    view.evaluate(f"(hash) => {LIVE}.open(NTP.state.fromHash(hash))", f"#toy={state}")
    rest(view)


def rest(view: Any) -> None:
    """Wait until the page has drawn what was done to it, in a frame of its own, and let it compute in full."""
    settled(view)
    view.evaluate(f"{LIVE}.settle(true)")


def address(view: Any) -> str:
    """Return the page's address once its state is written there, which it is when the state has rested."""
    rest(view)
    view.wait_for_function(f"location.hash === NTP.state.toHash({LIVE}.state)")
    found: str = view.evaluate("location.href")
    return found


def context_of(view: Any, j: int) -> dict[str, Any]:
    """Return context j of the state that is shown."""
    found: dict[str, Any] = view.evaluate(f"{LIVE}.state.contexts[{j}]")
    return found
