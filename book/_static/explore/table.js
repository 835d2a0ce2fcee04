// Which word may follow which context, and how often: cells that switch, bars with joints that move.
(() => {
  "use strict";
  const { h, set, fixed, draggable } = NTP.dom, { V, NAMES, clamp } = NTP.state;
  const LEAST = 0.01; // a word that may follow does so at least this often
  const words = Array.from({ length: V }, (_, z) => z);

  function makeTable(page) {
    const element = h("div", { class: "nx-table" });
    let rows = [];
    const build = (m) => {
      rows = Array.from({ length: m }, (_, j) => makeRow(page, j));
      const heads = words.map((z) => h("th", { scope: "col", class: `w${z + 1}` }, `word ${z + 1}`));
      element.replaceChildren(h("table", {},
        h("caption", {}, "Which word may follow, and how often. Click a cell; drag the joints of a bar. The thin bar below it is the model at this time."),
        h("thead", {}, h("tr", {}, h("td"), ...heads)), ...rows.map((row) => row.body)));
    };
    return {
      element,
      sync(scene) {
        if (rows.length !== page.state.contexts.length) build(page.state.contexts.length);
        rows.forEach((row) => row.sync(scene));
      },
      move: (probabilities) => rows.forEach((row) => row.move(probabilities)),
    };
  }

  function makeRow(page, j) {
    const cells = words.map((z) => makeCell(page, j, z)), joints = words.slice(1).map(() => makeJoint(page, j));
    const [data, model] = [0, 1].map(() => words.map((z) => h("span", { class: `seg w${z + 1}` })));
    const bar = h("div", { class: "nx-bar" }, ...data, ...joints.map((joint) => joint.element));
    const thin = h("div", { class: "nx-bar thin", "aria-hidden": "true" }, ...model);
    const width = (parts, p) => parts.forEach((part, z) => { part.style.width = `${(100 * p[z]).toFixed(2)}%`; });
    return {
      body: h("tbody", {},
        h("tr", {}, h("th", { scope: "row", rowspan: 2 }, NAMES[j]), ...cells.map((cell) => h("td", {}, cell.button))),
        h("tr", {}, h("td", { colspan: V, class: "nx-bars" }, bar, thin))),
      sync(scene) {
        const { p } = page.state.contexts[j], follow = words.filter((z) => p[z] > 0);
        cells.forEach((cell) => cell.sync(scene, p, follow));
        width(data, p);
        joints.forEach((joint, i) => joint.sync(p, follow[i], follow[i + 1]));
      },
      move: (q) => width(model, q.subarray(j * V, (j + 1) * V)),
    };
  }

  function makeCell(page, j, z) {
    const number = h("span", { class: "num" }), badge = h("span", { class: "badge" });
    const hidden = h("span", { class: "nx-hidden" }, `word ${z + 1} after ${NAMES[j]}: `);
    const attributes = { type: "button", class: `nx-cell w${z + 1}`, onclick: () => toggle(page, j, z) };
    const button = h("button", attributes, hidden, number, badge);
    return {
      button,
      sync({ weights, kept }, p, follow) {
        const on = p[z] > 0, limit = on ? undefined : kept.get(j * V + z), weight = weights[j * V + z];
        set(button, { "aria-pressed": String(on), disabled: on && follow.length === 1 });
        button.style.setProperty("--p", p[z].toFixed(3));
        number.textContent = on ? fixed(p[z]) : limit === undefined ? "never" : `→ ${small(limit)}`;
        badge.textContent = weight ? fixed(weight).replace(/^(?=\d)/, "+") : "";
        button.classList.toggle("kept", limit !== undefined);
        button.classList.toggle("blamed", weight !== 0);
      },
    };
  }
  const small = (q) => (q < 0.001 ? "<.001" : fixed(q, q < 0.0095 ? 3 : 2));

  /** Switch a word on with an equal share, or off; the others keep their proportions. */
  function toggle(page, j, z) {
    const { p } = page.state.contexts[j], count = p.filter((v) => v > 0).length, rest = 1 - p[z];
    if (p[z] > 0 && count === 1) return;
    const share = p[z] > 0 ? 0 : 1 / (count + 1);
    p.forEach((v, y) => { p[y] = y === z ? share : (v * (1 - share)) / rest; });
    page.edited();
  }

  /** The joint between two neighbours of a bar shifts probability from one to the other. */
  function makeJoint(page, j) {
    const role = { role: "slider", "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": 100 };
    const element = h("span", { class: "nx-joint", tabindex: 0, ...role });
    let left = 0, right = 1;
    const shift = (to) => {
      const { p } = page.state.contexts[j], both = p[left] + p[right];
      p[left] = clamp(Math.round(to * 200) / 200, Math.min(LEAST, both / 2), Math.max(both - LEAST, both / 2));
      p[right] = both - p[left];
      page.edited();
    };
    const before = () => page.state.contexts[j].p.slice(0, left).reduce((a, b) => a + b, 0);
    draggable(element, (event) => {
      const box = element.parentElement.getBoundingClientRect();
      shift((event.clientX - box.left) / box.width - before());
    });
    element.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      shift(page.state.contexts[j].p[left] + way * (event.shiftKey ? 0.05 : 0.01));
    });
    return {
      element,
      sync(p, a, b) {
        element.hidden = b === undefined;
        if (element.hidden) return;
        [left, right] = [a, b];
        element.style.left = `${100 * (before() + p[a])}%`;
        set(element, {
          "aria-valuenow": Math.round(100 * p[a]),
          "aria-valuetext": `word ${a + 1} ${fixed(p[a])}, word ${b + 1} ${fixed(p[b])}`,
          "aria-label": `After ${NAMES[j]}: share between words ${a + 1} and ${b + 1}`,
        });
      },
    };
  }

  Object.assign(NTP, { makeTable });
})();
