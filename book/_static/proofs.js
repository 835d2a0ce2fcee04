// Proofs start folded, so that theorem and picture come first; one button opens all of a page, and the page remembers.
// This file is loaded before the text: the page is never shown with its proofs open first. Whoever follows a link or a
// search hit into a folded box finds it open, and everything is open on paper.
(() => {
  const root = document.documentElement;
  const proofs = () => [...document.querySelectorAll("details.ntp-proof")];
  const key = `ntp-proofs-open:${location.pathname}`;
  // Without a place to remember things (a private window, a strict browser) the page works and forgets.
  const remembered = () => {
    try { return localStorage.getItem(key) === "yes"; } catch { return false; }
  };
  const remember = (open) => {
    try {
      if (open) localStorage.setItem(key, "yes");
      else localStorage.removeItem(key);
    } catch { /* see above */ }
  };

  // Opens whatever folds around an element: proofs, other details, and the theme's folded boxes.
  const reveal = (element) => {
    for (let box = element; box; box = box.parentElement) {
      if (box.tagName === "DETAILS") box.open = true;
      if (box.classList.contains("toggle-hidden")) box.querySelector(".toggle-button")?.click();
    }
  };
  const followAddress = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    reveal(target);
    target.scrollIntoView();
  };

  // The page has the button, without words, wherever it has proofs.
  const control = (button) => {
    const all = () => proofs().every((proof) => proof.open);
    const label = () => {
      const text = all() ? "Close all proofs" : "Open all proofs";
      if (button.textContent !== text) button.textContent = text;
    };
    button.addEventListener("click", () => {
      const open = !all(), before = button.getBoundingClientRect().top;
      proofs().forEach((proof) => { proof.open = open; });
      remember(open);
      label();
      scrollBy(0, button.getBoundingClientRect().top - before);
    });
    document.addEventListener("toggle", label, true);
    label();
  };

  let closedForReading = [];
  addEventListener("beforeprint", () => {
    closedForReading = proofs().filter((proof) => !proof.open);
    closedForReading.forEach((proof) => { proof.open = true; });
  });
  addEventListener("afterprint", () => closedForReading.forEach((proof) => { proof.open = false; }));
  addEventListener("hashchange", followAddress);
  addEventListener("load", () => {
    followAddress();
    // Sphinx marks the words 10 ms after the text is there, which may be later than this.
    setTimeout(() => document.querySelectorAll("span.highlighted").forEach(reveal), 20);
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (!remembered()) proofs().forEach((proof) => { proof.open = false; });
    root.classList.remove("ntp-proofs-waiting");
    document.querySelectorAll(".ntp-all-proofs").forEach(control);
  });
  if (!remembered()) root.classList.add("ntp-proofs-waiting");
})();
