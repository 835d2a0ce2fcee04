// The four panels of the paper's Figure 4, on an axis of log time that runs away with the slider.
(() => {
  "use strict";
  const { h, svg, set, power, digits, fromLog, angle } = NTP.dom, { between } = NTP, { FIRST, LAST } = NTP.state;
  const WIDTH = 240, HEIGHT = 165, LEFT = 38, RIGHT = 234, TOP = 8, BOTTOM = 140, TEN = Math.LN10;
  const CURVES = ["floor", "bound", "law", "second", "main", "dots"];
  const flat = (value) => `M${FIRST} ${value}L${LAST} ${value}`;
  const line = ({ nu, along }, from) => `M${from} ${nu * from + along}L${LAST} ${nu * LAST + along}`;
  const path = (track, value) => {
    let d = "", pen = "M";
    for (const q of track) {
      const v = value(q);
      if (Number.isFinite(v)) d += `${pen}${q.s.toFixed(3)} ${v.toPrecision(7)}`;
      pen = Number.isFinite(v) ? "L" : "M";
    }
    return d;
  };
  const dots = (steps, value) => {
    const seen = steps.filter((q) => Number.isFinite(value(q)));
    return seen.map((q) => `M${q.s.toFixed(3)} ${value(q).toPrecision(6)}h0`).join("");
  };
  const NO_LAW = "No law yet: at e¹⁰⁰⁰ the drift still moves.";
  const aboveEntropy = ({ floor, entropy }) => floor > entropy + 1e-9;

  // Each panel: curves of a scene (paths in data units), and at a time the range shown, the value and its words.
  const PANELS = [
    {
      title: "Loss against its bound",
      note: () => "Solid: CE. Dashed: its part on ℱ; the rest is what pushes away. Dotted: the entropy.",
      curves: ({ solved, track, steps }) => ({
        bound: flat(solved.entropy), floor: aboveEntropy(solved) ? flat(solved.floor) : "",
        main: path(track, (q) => solved.floor + Math.exp(q.logExcess)),
        second: path(track, (q) => solved.floor + Math.exp(q.logKL)), dots: dots(steps, (q) => q.loss),
      }),
      at({ solved, track, steps }, point) {
        const top = Math.max(...steps.map((q) => q.loss), solved.floor + Math.exp(track[0].logExcess));
        const text = `${fromLog(point.logExcess)} nats above ${aboveEntropy(solved) ? "its infimum" : "the entropy"}`;
        const low = Math.min(solved.entropy, solved.floor) - 0.08 * top;
        return { low, high: 1.05 * top, value: solved.floor + Math.exp(point.logExcess), text };
      },
    },
    {
      title: "The weights diverge",
      note({ law }) {
        if (!law) return "They do not: nothing diverges.";
        return law.settled ? "Dashed: the law ν log t + const." : NO_LAW;
      },
      curves: ({ track, steps, law }) => ({
        main: path(track, (q) => q.norm), dots: dots(steps, (q) => q.norm),
        law: law?.settled ? line(law, Math.max(0, -law.along / law.nu)) : "",
      }),
      at({ track }, point, end) {
        return { low: 0, high: Math.max(6, 1.08 * between(track, end).norm), value: point.norm, text: digits(point.norm) };
      },
    },
    {
      title: "The direction arrives", empty: ({ law }) => (law ? "" : "no pair diverges: no direction"),
      note({ law }) {
        if (!law) return "";
        return `Cosine with Wᵐᵐ of W (solid) and of W − W° (dashed). ${law.settled ? "Thin: the law 1/log² t." : NO_LAW}`;
      },
      curves({ track, steps, law }) {
        if (!law) return {};
        const far = track.filter((q) => law.settled && law.nu * q.s + law.along > 0 && law.gap(q.s) < 0.4);
        return {
          bound: flat(1), main: path(track, (q) => 1 - q.gap), second: path(track, (q) => 1 - q.gapCorrected),
          dots: dots(steps, (q) => q.cosine), law: path(far, (q) => 1 - law.gap(q.s)),
        };
      },
      at({ track, law }, point) {
        if (!law) return { low: -0.3, high: 1.1, value: NaN, text: "" };
        // The later, the closer the view: the curve never looks as if it had arrived.
        const start = Math.min(-0.3, 0.95 - track[0].gap, 0.95 - track[0].gapCorrected);
        const low = Math.max(start, 1 - 40 * point.gap);
        const tick = 1 - low < 0.2 ? (v) => (v > 1 ? "" : angle(1 - v)) : undefined;
        const text = `${angle(point.gap)} to go, corrected ${angle(point.gapCorrected)}`;
        return { low, high: 1 + 0.06 * (1 - low), value: 1 - point.gap, tick, text };
      },
    },
    {
      title: "On ℱ the weights settle", note: () => "‖W − W°‖ on ℱ, by powers of ten.",
      empty: ({ solved }) => (solved.limit.g.F.length ? "" : "ℱ = {0}: nothing to settle"),
      curves({ solved, track, steps }) {
        if (!solved.limit.g.F.length) return {};
        return { main: path(track, (q) => q.logFinite / TEN), dots: dots(steps, (q) => Math.log10(q.finiteError)) };
      },
      at({ track }, point, end) {
        const last = between(track, end).logFinite / TEN, low = 1.05 * Math.min(-2, Number.isFinite(last) ? last : -2);
        const tick = (v) => `10${power(Math.round(v))}`, text = fromLog(point.logFinite);
        return { low, high: 1, value: point.logFinite / TEN, decades: true, tick, text };
      },
    },
  ];

  function makePanel({ title, note, empty = () => "", curves, at }, number) {
    const ticks = svg("g", { class: "nx-ticks" }), plot = svg("g"), lines = {};
    for (const kind of CURVES) {
      lines[kind] = svg("path", { class: `nx-c ${kind}`, "vector-effect": "non-scaling-stroke" });
      plot.append(lines[kind]);
    }
    const box = { y: TOP, height: BOTTOM - TOP }, clip = `nx-clip-${number}`, band = svg("rect", { class: "nx-band", ...box });
    const now = svg("line", { class: "nx-now", y1: TOP, y2: BOTTOM }), ball = svg("circle", { class: "nx-ball", r: 4 });
    const message = svg("text", { class: "nx-words", "text-anchor": "middle", x: (LEFT + RIGHT) / 2, y: HEIGHT / 2 });
    const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
      svg("clipPath", { id: clip }, svg("rect", { x: LEFT, width: RIGHT - LEFT, ...box })), ticks,
      svg("g", { "clip-path": `url(#${clip})` }, band, plot, now, ball), message);
    const value = h("span", { class: "nx-value" }), more = h("span", { class: "nx-note" });
    const figure = h("figure", { class: "nx-figure" }, drawing, h("figcaption", {}, h("strong", {}, title), " ", value, more));
    let drawn = "";
    return {
      figure,
      sync(scene) {
        const found = curves(scene);
        for (const kind of CURVES) lines[kind].setAttribute("d", found[kind] ?? "");
        message.textContent = empty(scene);
        more.textContent = note(scene);
      },
      move(scene, point) {
        const end = Math.min(LAST, Math.max(13, 1.15 * point.s)), seen = at(scene, point, end), { low, high } = seen;
        const kx = (RIGHT - LEFT) / (end - FIRST), ky = (BOTTOM - TOP) / (high - low);
        const X = (s) => LEFT + kx * (s - FIRST), Y = (v) => BOTTOM - ky * (v - low);
        plot.setAttribute("transform", `matrix(${kx} 0 0 ${-ky} ${X(0)} ${Y(0)})`);
        set(band, { x: X(0).toFixed(1), width: Math.max(1, kx * Math.log(1e4 / scene.solved.L)).toFixed(1) });
        set(now, { x1: X(point.s).toFixed(1), x2: X(point.s).toFixed(1) });
        set(ball, { cx: X(point.s).toFixed(1), cy: Number.isFinite(seen.value) ? Y(seen.value).toFixed(1) : -9 });
        value.textContent = seen.text;
        drawing.setAttribute("aria-label", `${title}, against the logarithm of time: ${seen.text || "nothing to show"}`);
        const key = [end, low, high].map((v) => v.toPrecision(6)).join();
        if (key !== drawn) ticks.replaceChildren(...axis(end, X), ...scale(seen, Y));
        drawn = key;
      },
    };
  }

  /** A round step that cuts a span into about so many pieces. */
  function round(span, count) {
    const raw = span / count, unit = 10 ** Math.floor(Math.log10(raw)), r = raw / unit;
    return unit * (r > 5 ? 10 : r > 2 ? 5 : r > 1 ? 2 : 1);
  }
  const text = (x, y, anchor, words) => svg("text", { x, y, "text-anchor": anchor }, words);
  function axis(end, X) {
    const marks = [text(RIGHT, HEIGHT - 1, "end", "t")], step = Math.max(1, round(end / TEN, 5));
    for (let k = 0; k * TEN <= end; k += step) {
      const x = X(k * TEN).toFixed(1);
      const name = k ? `10${power(k)}` : "1";
      marks.push(svg("line", { x1: x, x2: x, y1: BOTTOM, y2: BOTTOM + 4 }), text(x, BOTTOM + 15, "middle", name));
    }
    return marks;
  }
  function scale({ low, high, decades, tick = (v) => String(Number(v.toPrecision(6))) }, Y) {
    const marks = [], step = Math.max(decades ? 1 : 0, round(high - low, 4));
    for (let k = Math.ceil(low / step); k * step <= high + 1e-9; k++) {
      const y = Number(Y(k * step).toFixed(1));
      marks.push(svg("line", { class: "rule", x1: LEFT, x2: RIGHT, y1: y, y2: y }), text(LEFT - 5, y + 4, "end", tick(k * step)));
    }
    return marks;
  }

  NTP.makePanels = () => PANELS.map(makePanel);
})();
