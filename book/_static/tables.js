// A table that is wider than its box becomes a list of blocks, one for each row, in which every cell is preceded by
// the heading of its column. Without this script a wide table scrolls in its box.
(() => {
  const isTable = (table) => table.tHead && table.tBodies.length && !table.closest(".highlight");

  // The cells of a head or a body by row and column: a cell that spans several stands at each of its places.
  const grid = (rows) => {
    const places = [...rows].map(() => []);
    [...rows].forEach((row, at) => {
      let column = 0;
      for (const cell of row.cells) {
        while (places[at][column]) column += 1;
        for (let down = 0; down < cell.rowSpan && at + down < places.length; down += 1) {
          for (let right = 0; right < cell.colSpan; right += 1) places[at + down][column + right] = cell;
        }
      }
    });
    return places;
  };

  // A heading of several rows, as of a frame with a named index, says in each column what its rows say together.
  const heading = (head, column) => {
    const label = document.createElement("span");
    label.className = "ntp-column";
    label.ariaHidden = "true";
    for (const cell of new Set(head.map((row) => row[column]))) {
      if (cell && label.textContent.trim() && cell.textContent.trim()) label.append(" ");
      for (const node of cell?.cloneNode(true).childNodes ?? []) label.append(node);
    }
    label.querySelectorAll("[id]").forEach((node) => node.removeAttribute("id"));
    label.querySelectorAll("mjx-assistive-mml, a.headerlink").forEach((node) => node.remove());
    return label.textContent.trim() || label.querySelector("svg") ? label : null;
  };

  // A block says everything of its row: what one cell says for several rows is repeated in each of their blocks.
  const repeat = (row, cell) => {
    const copy = cell.cloneNode(true);
    copy.removeAttribute("rowspan");
    copy.classList.add("ntp-repeated");
    row.prepend(copy);
  };

  const nameCells = (table) => {
    if (table.querySelector(".ntp-column")) return;
    const rows = [...table.tBodies[0].rows], head = grid(table.tHead.rows), body = grid(rows);
    const shared = rows.map((row, at) => [...new Set(body[at])].filter((cell) => cell?.parentNode !== row && cell));
    rows.forEach((row, at) => {
      for (const cell of row.cells) {
        const label = cell.textContent.trim() && heading(head, body[at].indexOf(cell));
        if (label) cell.prepend(label);
      }
    });
    rows.forEach((row, at) => shared[at].reverse().forEach((cell) => repeat(row, cell)));
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

  // The width of its box at which a table was fitted last.
  const fittedAt = new WeakMap();
  const tables = () => [...document.querySelectorAll(".bd-article table")].filter(isTable);

  // Read all widths between the two rounds of writing: the page is laid out once, not once for every table.
  const fit = (some) => {
    some.forEach((table) => inBlocks(table, false));
    some.filter(tooWide).forEach((table) => inBlocks(table, true));
    some.forEach((table) => fittedAt.set(table, box(table).clientWidth));
    document.dispatchEvent(new Event("ntp-fitted"));
  };
  const fitAll = () => fit(tables());

  const onPaper = (on) => {
    document.documentElement.classList.toggle("ntp-paper", on);
    fitAll();
  };

  // Once a frame, however many boxes are opened at a time; and only tables that have another width than before, or in
  // which something was opened.
  let asked = 0;
  const opened = new Set();
  const fitSoon = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      const touched = (table) => [...opened].some((node) => table.contains(node));
      fit(tables().filter((table) => fittedAt.get(table) !== box(table).clientWidth || touched(table)));
      opened.clear();
    });
  };

  // The column changes after the window: panels beside it come and go with a delay.
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width !== width) fitSoon();
    width = entry.contentRect.width;
  }).observe(document.querySelector(".bd-article") ?? document.body);
  const onOpening = ({ target }) => {
    opened.add(target);
    fitSoon();
  };
  document.addEventListener("toggle", onOpening, true);
  document.addEventListener("click", (event) => event.target.closest?.(".admonition") && onOpening(event));
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  fitAll();
  addEventListener("load", () => {
    fitAll();
    window.MathJax?.startup?.promise?.then(fitAll);
  });
})();
