// A state → everything that is drawn: the solved problem, the track of the flow, some steps of gradient descent.
(() => {
  "use strict";
  const { plus, axpy, norm, largest, solve, flow, descend, measure, directionLaw, softmax } = NTP;
  const { V, FIRST, LAST, problemOf, startOf } = NTP.state;

  const grid = (step, growth) => {
    const times = [];
    for (let s = FIRST; s < 30; s += step) times.push(s);
    for (let s = 30; s < LAST; s *= growth) times.push(s);
    return [...times, LAST];
  };
  const ROUGH = grid(0.4, 1.12), FINE = grid(0.1, 1.03);

  /** While something is dragged, a rough scene is good enough. At rest the slider's own time is among the times of
   *  the track, so that no number shown is interpolated. */
  function makeScene({ contexts, s, start }, fine) {
    const solved = solve(problemOf(contexts)), W0 = startOf(start);
    const times = fine ? [...new Set([...FINE, s])].sort((a, b) => a - b) : ROUGH;
    const track = flow(solved, W0, times, fine ? 1e-7 : 1e-4), marks = [];
    for (let k = 1, most = fine ? 1e4 : 400; k <= most; k = Math.max(k + 1, Math.round(k * 1.35))) marks.push(k);
    if (fine) marks.push(1e4);
    const measured = ({ k, W }) => ({ s: Math.log(k / solved.L), ...measure(solved, W) });
    const steps = descend(solved.p, W0, 1 / solved.L, marks).map(measured);
    return { solved, track, steps, law: directionLaw(solved.limit, track), ...evidence(solved) };
  }

  /** Weights of the certificate shown in the cells, the contexts in it, and the limits of words never seen. */
  function evidence({ sep, comp, limit, completed, p }) {
    const certificate = completed ? sep.A : comp.certificate, blamed = new Set(), kept = new Map();
    sep.pairs.forEach(([j, v], i) => { if (completed && limit.stays[i]) kept.set(j * V + v, limit.data.P[j * V + v]); });
    return { weights: certificate ? scaled(certificate, blamed) : new Float64Array(p.m * V), blamed, kept };
  }
  function scaled(certificate, blamed) {
    const top = largest(certificate) || 1;
    return certificate.map((c, i) => {
      if (Math.abs(c) <= 1e-6 * top) return 0;
      blamed.add(Math.floor(i / V));
      return c / top;
    });
  }

  /** The track at any time, interpolated between its points. */
  function between(track, s) {
    const right = track.findIndex((q) => q.s >= s);
    if (right <= 0) return right === 0 ? track[0] : track.at(-1);
    const a = track[right - 1], b = track[right];
    if (b.s === s) return b;
    const f = (s - a.s) / (b.s - a.s), mix = (x, y) => (x === y ? x : x + f * (y - x));
    const vector = (x, y) => x.map((v, i) => mix(v, y[i])), tiny = (x) => Math.log(Math.max(x, 1e-300));
    const geometric = (x, y) => Math.exp(mix(tiny(x), tiny(y)));
    return {
      s, finite: vector(a.finite, b.finite), drift: vector(a.drift, b.drift), norm: mix(a.norm, b.norm),
      logExcess: mix(a.logExcess, b.logExcess), logFinite: mix(a.logFinite, b.logFinite),
      gap: geometric(a.gap, b.gap), gapCorrected: geometric(a.gapCorrected, b.gapCorrected),
    };
  }

  /** The two parts of the decoder at a point of the track; the one off F also at the length of W^mm. */
  function parts({ solved: { limit } }, { s, finite, drift }) {
    const inF = plus(limit.Wfin, finite), off = Float64Array.from(drift);
    if (!limit.Wmm) return { inF, off, away: off };
    axpy(s, limit.Wmm, off);
    const scale = norm(limit.Wmm) / (norm(off) || 1);
    return { inF, off, away: off.map((v) => v * scale) };
  }
  // When W is huge its softmax is the limit to many more digits than a float of its logits has.
  const probabilities = ({ solved }, W, s) => (s < 200 ? softmax(solved.p, W) : solved.limit.data.P);

  Object.assign(NTP, { makeScene, between, parts, probabilities });
})();
