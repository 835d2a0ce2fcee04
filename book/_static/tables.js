// A table that is wider than its box becomes a list of blocks, one for each row, in which every cell is preceded by
// the heading of its column. Without this script a wide table scrolls in its box.
(() => {
  const spans = (table) => table.querySelector("[colspan]:not([colspan='1']), [rowspan]:not([rowspan='1'])");
  const isTable = (table) => table.tHead && table.tBodies.length && !spans(table) && !table.closest(".highlight");

  // A heading of several rows, as of a frame with a named index, says in each column what its rows say together.
  const heading = (table, column) => {
    const label = document.createElement("span");
    label.className = "ntp-column";
    label.ariaHidden = "true";
    for (const row of table.tHead.rows) {
      for (const node of row.cells[column]?.cloneNode(true).childNodes ?? []) label.append(node);
    }
    label.querySelectorAll("[id]").forEach((node) => node.removeAttribute("id"));
    label.querySelectorAll("mjx-assistive-mml, a.headerlink").forEach((node) => node.remove());
    return label.textContent.trim() || label.querySelector("svg") ? label : null;
  };

  const nameCells = (table) => {
    if (table.querySelector(".ntp-column")) return;
    for (const row of table.tBodies[0].rows) {
      for (const cell of row.cells) {
        const label = cell.textContent.trim() && heading(table, cell.cellIndex);
        if (label) cell.prepend(label);
      }
    }
  };

  // A table whose parts are laid out as blocks is no table to a screen reader unless that is said.
  const roles = (table, on) => {
    const say = (node, role) => (on ? node.setAttribute("role", role) : node.removeAttribute("role"));
    say(table, "table");
    for (const part of [table.tHead, ...table.tBodies]) say(part, "rowgroup");
    for (const row of table.rows) {
      say(row, "row");
      for (const cell of row.cells) {
        say(cell, cell.tagName === "TD" ? "cell" : row.parentNode === table.tHead ? "columnheader" : "rowheader");
      }
    }
  };

  const inBlocks = (table, on) => {
    if (table.classList.contains("ntp-blocks") === on) return;
    if (on) nameCells(table);
    table.classList.toggle("ntp-blocks", on);
    roles(table, on);
  };

  const box = (table) => table.closest(".pst-scrollable-table-container, .text_html") ?? table;
  const tooWide = (table) => box(table).clientWidth > 0 && box(table).scrollWidth > box(table).clientWidth + 1;

  // Read all widths between the two rounds of writing: the page is laid out once, not once for every table.
  const fitAll = () => {
    const tables = [...document.querySelectorAll(".bd-article table")].filter(isTable);
    tables.forEach((table) => inBlocks(table, false));
    tables.filter(tooWide).forEach((table) => inBlocks(table, true));
    document.dispatchEvent(new Event("ntp-fitted"));
  };

  const onPaper = (on) => {
    document.documentElement.classList.toggle("ntp-paper", on);
    fitAll();
  };

  let width = 0;
  addEventListener("resize", () => {
    if (innerWidth !== width) fitAll();
    width = innerWidth;
  });
  document.addEventListener("toggle", fitAll, true);
  document.addEventListener("click", (event) => event.target.closest?.(".admonition") && requestAnimationFrame(fitAll));
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  fitAll();
  addEventListener("load", () => {
    width = innerWidth;
    fitAll();
    window.MathJax?.startup?.promise?.then(fitAll);
  });
})();
