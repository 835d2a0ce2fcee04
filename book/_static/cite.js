// A button "Cite" beside the permalink of every statement: its BibTeX entry goes to the clipboard. Where the browser
// does not let a page write there, the entry is shown, selected.
(() => {
  const show = (entry) => {
    const dialog = document.createElement("dialog"), text = document.createElement("textarea"), close = document.createElement("button");
    dialog.className = "ntp-cite-entry";
    dialog.setAttribute("aria-label", "BibTeX entry");
    text.readOnly = true;
    text.rows = entry.split("\n").length;
    text.value = entry;
    text.setAttribute("aria-label", "BibTeX entry to copy");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(text, close);
    document.body.append(dialog);
    dialog.showModal();
    text.select();
  };
  const copy = async (button, entry) => {
    try {
      await navigator.clipboard.writeText(entry);
    } catch {
      show(entry);
      return;
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Cite"; }, 2000);
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("a[data-cite]")) {
      const title = link.closest(".admonition-title"), button = document.createElement("button");
      const name = title.querySelector(".caption-number")?.textContent.trim() || "this statement";
      button.type = "button";
      button.className = "ntp-cite";
      button.textContent = "Cite";
      button.title = `Copy a BibTeX entry for ${name}`;
      button.setAttribute("aria-live", "polite");
      button.addEventListener("click", () => copy(button, link.dataset.cite));
      title.append(button);
    }
  });
})();
