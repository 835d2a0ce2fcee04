// MathJax's menu stays, for zooming and copying formulas; what it would fetch from a network for it goes, and so do
// such wishes that other books stored at the same address.
(() => {
  const KEY = "MathJax-Menu-Settings", KEPT = ["zoom", "zscale", "scale", "texHints", "semantics", "alt", "cmd", "ctrl", "shift"];
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(KEPT.filter((k) => k in stored).map((k) => [k, stored[k]]))));
  } catch {
    // Storage may be closed to pages opened from a disk; then nothing is stored there either.
  }
  const GONE = [["Settings", "Renderer"], ["Accessibility"], ["Language"]];
  addEventListener("load", () => window.MathJax?.startup?.promise?.then(() => {
    const menu = MathJax.startup.document.menu?.menu;
    for (const path of GONE) {
      const item = menu?.findID(...path);
      if (item) item.menu.items = item.menu.items.filter((other) => other !== item);
    }
  }));
})();
