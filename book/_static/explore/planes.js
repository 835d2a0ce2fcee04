// A plane with one arrow a word: where it is now, where it goes (pale), and the way there (dotted).
(() => {
  "use strict";
  const { h, svg, set } = NTP.dom, { V } = NTP.state;
  const SIZE = 300, MIDDLE = SIZE / 2, HEAD = 8;
  const WORDS = Array.from({ length: V }, (_, z) => `w${z + 1}`);

  function makePlane(title, role = "img") {
    const drawing = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role, "aria-label": title });
    const layer = (cls) => {
      const arrows = WORDS.map((word) => svg("path", { class: `${cls} ${word}` }));
      drawing.append(svg("g", {}, ...arrows));
      return arrows;
    };
    drawing.append(svg("g", { class: "nx-grid" },
      svg("line", { x1: 0, x2: SIZE, y1: MIDDLE, y2: MIDDLE }), svg("line", { y1: 0, y2: SIZE, x1: MIDDLE, x2: MIDDLE }),
      svg("circle", { cx: MIDDLE, cy: MIDDLE, r: 100 })));
    const paths = { trail: layer("nx-trail"), goal: layer("nx-arrow ghost"), now: layer("nx-arrow") };
    const names = WORDS.map(() => svg("text")), hands = svg("g"), caption = h("span");
    drawing.append(hands, svg("g", { class: "nx-labels", "aria-hidden": "true" }, ...names));
    const plane = { drawing, scale: 100, SIZE };
    const x = (v) => MIDDLE + plane.scale * v, y = (v) => MIDDLE - plane.scale * v;
    const figure = h("figure", { class: "nx-figure" }, drawing, h("figcaption", {}, h("strong", {}, title), " ", caption));

    /** Draw the rows of a decoder as arrows "now" or "goal"; none where W is null. */
    const rows = (W, which) => paths[which].forEach((path, z) => {
      path.setAttribute("d", W ? arrow(x(W[2 * z]), y(W[2 * z + 1])) : "");
    });
    /** Show a goal (or null) and the way to it, at a scale at which both fit. */
    const show = (goal, way) => {
      plane.scale = goal ? 118 / Math.max(1e-9, longest(goal), ...way.map(longest)) : 100;
      rows(goal, "goal");
      paths.trail.forEach((path, z) => {
        const at = way.map((W) => `${x(W[2 * z]).toFixed(1)} ${y(W[2 * z + 1]).toFixed(1)}`);
        path.setAttribute("d", at.length ? `M${at.join("L")}` : "");
      });
    };
    const move = (W) => {
      rows(W, "now");
      label(names, W ? plane.scale : 0, W);
    };
    return Object.assign(plane, { figure, caption, hands, x, y, show, move });
  }

  function arrow(X, Y) {
    const dx = X - MIDDLE, dy = Y - MIDDLE, length = Math.hypot(dx, dy), f = (a) => a.toFixed(1);
    if (length < 0.5) return `M${MIDDLE} ${MIDDLE}h.01`;
    const k = Math.min(HEAD, 0.6 * length) / length, bx = X - k * dx, by = Y - k * dy, w = 0.45 * k;
    const tip = `${f(X)} ${f(Y)}`, barb = (side) => `${f(bx - side * w * dy)} ${f(by + side * w * dx)}`;
    return `M${MIDDLE} ${MIDDLE}L${tip}M${barb(1)}L${tip}L${barb(-1)}`;
  }

  /** Numbers of the words beyond the tips; words whose tips coincide share one label. */
  function label(texts, scale, W) {
    const groups = [];
    for (let z = 0; W && z < V; z++) {
      const X = scale * W[2 * z], Y = -scale * W[2 * z + 1], r = Math.hypot(X, Y);
      const at = r < 8 ? [0, -12] : [X * (1 + 13 / r), Y * (1 + 13 / r)];
      const near = groups.find((one) => Math.hypot(one.at[0] - at[0], one.at[1] - at[1]) < 9);
      if (near) near.words.push(z + 1);
      else groups.push({ at, words: [z + 1] });
    }
    const inside = (v) => Math.min(SIZE - 8, Math.max(11, MIDDLE + v)).toFixed(1);
    texts.forEach((text, i) => {
      const group = groups[i];
      text.textContent = group ? group.words.join(",") : "";
      if (group) set(text, { class: `w${group.words[0]}`, x: inside(group.at[0]), y: inside(group.at[1] + 4) });
    });
  }

  const longest = (W) => Math.max(...Array.from({ length: V }, (_, z) => Math.hypot(W[2 * z], W[2 * z + 1])));

  Object.assign(NTP, { makePlane, longest });
})();
