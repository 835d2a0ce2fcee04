// The valley without an end: the excess loss over the plane of W^mm and the start's error on F.
(() => {
  "use strict";
  const { zeros, dot, norm, axpy, copy, logits } = NTP, { h, svg, set, MM } = NTP.dom;
  const WIDTH = 300, HEIGHT = 168, FROM = -3, TO = 15; // in lengths of W^mm, e-folds of time
  const SIZES = { rough: [120, 67], fine: [360, 202] };
  const RAMPS = {
    light: [[16, 62, 110], [98, 160, 208], [240, 246, 251]], dark: [[13, 28, 52], [30, 92, 140], [188, 222, 245]],
  };

  function makeValley() {
    const canvas = h("canvas", { "aria-hidden": "true" }), note = h("span");
    const way = svg("path", { class: "nx-way" }), ball = svg("circle", { class: "nx-dot", r: 5 });
    const hint = svg("text", { "text-anchor": "end", x: 282 }), down = svg("text", { x: 5, y: 13 });
    const along = svg("text", { x: 296, y: 163, "text-anchor": "end" });
    const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
      svg("line", { class: "nx-floor", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }), way, ball, hint, along, down);
    const figure = h("figure", { class: "nx-figure nx-valley" }, h("div", { class: "nx-land" }, canvas, drawing),
      h("figcaption", {}, h("strong", {}, "The valley without an end"), " ", note));
    let section = null;
    return {
      figure,
      paint: (quality) => paint(canvas, section, quality),
      sync(scene) {
        section = cut(scene);
        const places = scene.track.map(section.place), out = places.findIndex(([x]) => x > WIDTH);
        const at = places.slice(0, out < 0 ? places.length : out + 1);
        way.setAttribute("d", `M${at.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`);
        along.textContent = section.endless ? `along ${MM}, an e-fold of t a unit →` : "";
        down.textContent = section.walls ? "across: on ℱ" : `across ${MM}`;
        note.textContent = words(section);
        drawing.setAttribute("aria-label", `Map of the excess loss. ${note.textContent}`);
      },
      move(point) {
        const [x, y] = section.place(point), right = WIDTH - 10, beyond = x > right;
        set(ball, { cx: Math.min(x, right).toFixed(1), cy: y.toFixed(1) });
        hint.setAttribute("y", Math.max(26, y - 9).toFixed(1));
        hint.textContent = beyond ? `→ ${Math.round((x / WIDTH) * (TO - FROM) + FROM)} e-folds out` : "";
      },
    };
  }

  function words({ endless, walls }) {
    if (!endless) return "No pair of context and word diverges: the valley has closed to a bowl, and training stops at its lowest point.";
    if (!walls) return "ℱ = {0}: no side walls, only a slope that never ends.";
    return `The excess loss over the plane of ${MM} and the start’s error on ℱ; one colour step is half a power of ten. Down the sides means learning probabilities, to the right pushing away what never follows. The floor sinks for ever.`;
  }

  /** The part of x orthogonal to y. */
  const beside = (x, y) => axpy(-dot(x, y) / (dot(y, y) || 1), y, copy(x));

  /** A plane through where training ends: its two directions, and where a point of the track lies in it. */
  function cut({ solved: { limit }, track }) {
    const { Wmm, Wfin } = limit, first = track[0], last = track.at(-1), walls = norm(first.finite) > 1e-9;
    // Across: the start's error on F; where F = {0}, the start's error across W^mm.
    const error = walls ? first.finite : Wmm ? beside(first.drift, Wmm) : first.drift;
    const reach = norm(error) || 1, u = error.map((v) => v / reach), B = Math.max(1.25 * reach, 0.8);
    // Along: W^mm; where nothing diverges, another direction on F.
    let second = Wmm, through = last.drift, unit = 1;
    if (Wmm) through = walls ? beside(through, Wmm) : beside(beside(through, Wmm), u);
    else {
      second = beside(track[Math.min(20, track.length - 1)].finite, u);
      const length = norm(second) || 1;
      second = second.map((v) => v / length);
      unit = (2 * B) / (TO - FROM);
    }
    const left = Wmm ? FROM : (FROM - TO) / 2;
    const place = (q) => {
      const a = Wmm ? q.s + dot(q.drift, Wmm) / dot(Wmm, Wmm) : dot(q.finite, second) / unit;
      const b = dot(walls ? q.finite : q.drift, u);
      return [(WIDTH * (a - left)) / (TO - FROM), (HEIGHT / 2) * (1 - b / B)];
    };
    return { limit, endless: !!Wmm, walls, base: axpy(1, through, copy(Wfin)), second, u, B, left, unit, place };
  }

  function paint(canvas, section, quality) {
    const [width, height] = SIZES[quality], { limit, base, second, u, B, left, unit } = section, p = limit.data;
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d"), image = context.createImageData(width, height), excess = excessLoss(limit);
    const ramp = RAMPS[document.documentElement.dataset.theme === "dark" ? "dark" : "light"];
    const [L0, LA, LB] = [base, second, u].map((W) => logits(p, W)), l = zeros(L0.length);
    for (let y = 0, k = 0; y < height; y++) {
      const b = B * (1 - (2 * (y + 0.5)) / height);
      for (let x = 0; x < width; x++, k += 4) {
        const a = (left + ((TO - FROM) * (x + 0.5)) / width) * unit;
        for (let i = 0; i < l.length; i++) l[i] = L0[i] + b * LB[i] + a * LA[i];
        // Bands of half a power of ten, from 10^−6.5 to 10^½.
        const level = Math.floor(2 * Math.log10(Math.max(excess(l), 1e-12))) / 2;
        const t = 2 * Math.min(1, Math.max(0, (level + 6.5) / 7));
        const [low, high] = t < 1 ? ramp : ramp.slice(1), f = t < 1 ? t : t - 1;
        for (let i = 0; i < 3; i++) image.data[k + i] = low[i] + f * (high[i] - low[i]);
        image.data[k + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  }

  /** Excess loss as a function of the logits: divergence on the supports plus log(1 + odds against them). */
  function excessLoss({ data: p, g }) {
    const outside = g.S.map((set) => Array.from({ length: p.V }, (_, v) => v).filter((v) => !set.includes(v)));
    const logP = p.P.map((v) => (v > 0 ? Math.log(v) : 0));
    return (l) => {
      let total = 0;
      for (let j = 0; j < p.m; j++) {
        const o = j * p.V;
        let top = -Infinity, sum = 0, mean = 0, odds = 0;
        for (const z of g.S[j]) if (l[o + z] > top) top = l[o + z];
        for (const z of g.S[j]) {
          sum += Math.exp(l[o + z] - top);
          mean += p.P[o + z] * (l[o + z] - top - logP[o + z]);
        }
        for (const v of outside[j]) odds += Math.exp(l[o + v] - top);
        total += p.pi[j] * (Math.log(sum) - mean + Math.log1p(odds / sum));
      }
      return total;
    };
  }

  Object.assign(NTP, { makeValley });
})();
