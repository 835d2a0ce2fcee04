// What a reader can change, the examples, and the address that carries a state.
(() => {
  "use strict";
  const V = 5, NAMES = "ABCDE", FIRST = -2, LAST = 1000; // of s = log t
  const LENGTH = { least: 0.3, most: 1.35 };
  // ntp_lib's `synthetic.toy_2d`, and the start of `ntp_lib.train(data, seed=0)`; the tests compare.
  const TOY = [[0, 0.35, 0.6, 0.05, 0], [0.55, 0.05, 0, 0, 0.4], [0.15, 0, 0, 0.3, 0.55]];
  const START = [
    0.08890469193522228, -0.09341224466100137, 0.4528471989539066, 0.07417558418617765, -0.3787754462361687,
    0.2556863153700186, 0.922067274579084, 0.6696873713613737, -0.4976159573990385, -0.8947881032357201,
  ];
  const EXAMPLES = [
    {
      id: "toy", name: "The paper’s toy", degrees: [90, 210, 330], P: TOY,
      say: "Three contexts around the origin. Words 1 and 5 may follow the same contexts: off ℱ their rows tend to one direction, on ℱ they do not.",
    },
    {
      id: "incompatible", name: "Not compatible", degrees: [150, 90, 30],
      P: [[0.5, 0.25, 0.25, 0, 0], [0.5, 0.5, 0, 0, 0], [0.5, 0.25, 0, 0.25, 0]],
      say: "B points where A and C point together, so the odds of words 1 and 2 must multiply: 2 × 2 = 4. The data say 1. Drag B’s bar to 0.80 : 0.20.",
    },
    {
      id: "inseparable", name: "Not separable", degrees: [90, 210, 150], P: TOY,
      say: "The paper’s toy with C turned to 150°, between A and B. Some words that never occurred keep a probability for ever.",
    },
    {
      id: "onehot", name: "One word each", degrees: [90, 210, 330],
      P: [[0, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0]],
      say: "Nothing to learn on ℱ, which is {0}. What is left is a support vector machine with several classes.",
    },
    {
      id: "border", name: "Near the border", degrees: [90, 210, 275], P: TOY,
      say: "C is 5° away from where separability ends. Wᵐᵐ is four times as long, and the direction arrives later. Turn C towards 270°.",
    },
  ];
  // 13.787 thousand million years (Planck Collaboration 2020) and the Planck time (CODATA 2018), in seconds.
  const AGE = 13.787e9 * 365.25 * 86400, PLANCK_TIME = 5.391247e-44;

  /** [log time, name, title] of moments to remember; a step of gradient descent is 1/L long. */
  const landmarks = (L) => [
    [0, "t = 1", "the unit of time"],
    [Math.log(1e4 / L), "10 000 steps", "of gradient descent with step size 1/L"],
    [Math.log(AGE / L), "a step a second", "since the Big Bang: 4·10¹⁷ steps"],
    [Math.log(AGE / PLANCK_TIME / L), "a step a Planck time", "since the Big Bang: 8·10⁶⁰ steps"],
    [LAST, "e¹⁰⁰⁰", "10⁴³⁴"],
  ];

  const contextsOf = ({ degrees, P }) => degrees.map((deg, j) => ({ deg, len: 1, p: [...P[j]] }));
  const example = (id) => EXAMPLES.find((one) => one.id === id);

  function problemOf(contexts) {
    const m = contexts.length, H = new Float64Array(2 * m), P = new Float64Array(m * V);
    contexts.forEach(({ deg, len, p }, j) => {
      const a = (deg * Math.PI) / 180;
      H.set([len * Math.cos(a), len * Math.sin(a)], 2 * j);
      P.set(p, j * V);
    });
    return { m, V, d: 2, H, pi: new Float64Array(m).fill(1 / m), P };
  }

  /** Start number k: the book's for 0, else normal numbers of variance ½ from a small generator (mulberry32). */
  function startOf(k) {
    if (k === 0) return Float64Array.from(START);
    let a = Math.imul(k, 0x9e3779b9) >>> 0;
    const next = () => {
      a = (a + 0x6d2b79f5) >>> 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
    return Float64Array.from({ length: 2 * V }, () => Math.sqrt(-Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
  }

  const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

  /** `#toy=degrees,length,p1,…,p5;…|s|start`, or an example's id in place of the contexts. */
  function toHash({ contexts, s, start, example: id }) {
    const one = ({ deg, len, p }) => [+deg.toFixed(1), +len.toFixed(2), ...p.map((v) => +v.toFixed(3))].join(",");
    return `#toy=${[id || contexts.map(one).join(";"), +s.toFixed(2), start].join("|")}`;
  }

  /** The state an address tells, checked and renormalised; null for any other address. */
  function fromHash(hash) {
    let text = hash;
    try { text = decodeURIComponent(hash); } catch { return null; }
    const found = /^#toy=([^|]+)(?:\|(-?[\d.]+))?(?:\|(\d{1,6}))?$/.exec(text);
    if (!found) return null;
    const known = example(found[1]), contexts = known ? contextsOf(known) : readContexts(found[1]);
    if (!contexts) return null;
    const s = found[2] === undefined ? Math.log(4e4) : Number(found[2]);
    if (!Number.isFinite(s)) return null;
    return { contexts, s: clamp(s, FIRST, LAST), start: Number(found[3] ?? 0), example: known ? known.id : "" };
  }

  function readContexts(text) {
    const rows = text.split(";").map((part) => part.split(",").map(Number));
    const sound = (row) => row.length === 2 + V && row.every((v) => v >= 0 && v < 1e6) && row.slice(2).some((v) => v > 0);
    if (rows.length < 2 || rows.length > NAMES.length || !rows.every(sound)) return null;
    return rows.map(([deg, len, ...p]) => {
      const sum = p.reduce((a, b) => a + b, 0);
      return { deg: deg % 360, len: clamp(len, LENGTH.least, LENGTH.most), p: p.map((v) => v / sum) };
    });
  }

  NTP.state = {
    V, NAMES, FIRST, LAST, LENGTH, EXAMPLES, example, landmarks, contextsOf, problemOf, startOf, clamp, toHash, fromHash,
  };
})();
