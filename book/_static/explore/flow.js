// Gradient flow in the logarithm of time, s = log t, to s = 1000 and beyond. Three stages: a Taylor step; all of the
// equation, with coordinates ((1 + t) x, y), as x falls like 1/t; and once x and the odds against the supports are
// negligible, only the drift rho of W = W° + x + s W^mm + rho moves (the book's thm-flow-law).
(() => {
  "use strict";
  const { zeros, copy, dot, norm, axpy, plus, largest, complement, factor, backsolve } = NTP;
  const { curvature, splitSoftmax, rodas } = NTP;

  // Where x and the odds are below this, they are neglected. Much later the second stage would have t² times the
  // rounding of the gradient in it.
  const NEGLIGIBLE = 1e-8;

  /** The flow from W0 at increasing log times, on any data: training cannot tell them from their completion. */
  function flow(solved, W0, logTimes, tolerance = 1e-8) {
    const split = splitSoftmax(solved.limit), { g, Wfin, Wmm } = solved.limit, points = [];
    const start = axpy(-1, Wfin, copy(W0)), coordinates = (basis, W) => Float64Array.from(basis, (q) => dot(q, W));
    const x0 = coordinates(g.F, start), y0 = coordinates(g.Y, start), unseen = complement(g.F, complement(g.Y, start));
    const ymm = Wmm ? coordinates(g.Y, Wmm) : zeros(g.Y.length);
    const record = (s, x, rho, logs) => {
      const finite = zeros(start.length), drift = copy(unseen);
      g.F.forEach((q, a) => axpy(x[a], q, finite));
      g.Y.forEach((q, a) => axpy(rho[a], q, drift));
      points.push({ s, finite, drift, ...logs, ...seenFromAfar(solved.limit, finite, drift, s) });
    };
    const early = earlySystem(split, x0.length, y0.length), s0 = Math.log(1e-4 / Math.max(solved.L, 1e-300));
    const recordEarly = (s, state) => {
      const { x, y } = early.unpack(s, state), { kl, push } = split.move(x, y), rho = axpy(-s, ymm, copy(y));
      record(s, x, rho, { logExcess: Math.log(kl + push), logKL: Math.log(kl), logFinite: Math.log(norm(x)) });
    };
    const taylor = early.start(x0, y0), first = logTimes.filter((s) => s <= s0);
    for (const s of first) recordEarly(s, taylor(s));
    const settled = (s, state) => {
      const { x, y } = early.unpack(s, state), { logOdds } = split.move(x, y);
      // Without a diverging pair everything is at rest once t is large.
      return Wmm ? s > 0 && 2 * largest(split.dev) + Math.exp(logOdds) <= NEGLIGIBLE : s > 30;
    };
    const handed = rodas(early, s0, taylor(s0), logTimes.slice(first.length), tolerance, { at: recordEarly, stop: settled });
    const waiting = logTimes.slice(points.length);
    if (!waiting.length) return points;
    const rho = axpy(-handed.s, ymm, copy(early.unpack(handed.s, handed.y).y));
    const rest = { logExcess: -Infinity, logKL: -Infinity, logFinite: -Infinity };
    if (!Wmm) waiting.forEach((s) => record(s, zeros(x0.length), rho, rest));
    else {
      const late = lateSystem(solved.limit, split, ymm);
      rodas(late, handed.s, rho, waiting, tolerance, { at: (s, r) => record(s, ...late.describe(s, r)) });
    }
    return points;
  }

  function earlySystem(split, nx, ny) {
    const n = nx + ny, x = zeros(nx), y = zeros(ny), { hessian } = split;
    const unpack = (s, state) => {
      const growth = 1 + Math.exp(s);
      for (let a = 0; a < nx; a++) x[a] = state[a] / growth;
      for (let a = 0; a < ny; a++) y[a] = state[nx + a];
      return { x, y };
    };
    return {
      unpack,
      /** Second-order expansion at t = 0. */
      start(x0, y0) {
        split.move(x0, y0);
        split.curve();
        const slope = Float64Array.from(split.maps, (_, a) => split.pull(a));
        const bend = slope.map((_, a) => dot(hessian.subarray(a * n, (a + 1) * n), slope));
        return (s) => {
          const t = Math.exp(s), at = Float64Array.from([...x0, ...y0], (v, a) => v + t * slope[a] - (t * t / 2) * bend[a]);
          return at.map((v, a) => (a < nx ? (1 + t) * v : v));
        };
      },
      f(s, state, out) {
        const t = Math.exp(s);
        unpack(s, state);
        split.move(x, y);
        for (let a = 0; a < n; a++) {
          out[a] = t * split.pull(a);
          if (a < nx) out[a] = (t / (1 + t)) * state[a] + (1 + t) * out[a];
        }
      },
      jacobian(s, state, out) {
        const t = Math.exp(s), weight = (a) => (a < nx ? 1 + t : 1);
        split.curve();
        for (let a = 0; a < n; a++) {
          for (let b = 0; b < n; b++) out[a * n + b] = (-t * hessian[a * n + b] * weight(a)) / weight(b);
          if (a < nx) out[a * n + a] += t / (1 + t);
        }
      },
      partial(s, state, out) {
        const t = Math.exp(s);
        for (let a = 0; a < n; a++) {
          let h = 0;
          for (let b = 0; b < nx; b++) h += (hessian[a * n + b] * x[b] * t) / (1 + t);
          out[a] = t * (split.pull(a) + h);
          if (a < nx) out[a] = (t / (1 + t) ** 2) * state[a] + t * (1 + 2 * t) * split.pull(a) + (1 + t) * t * h;
        }
      },
    };
  }

  function lateSystem({ data: p, g, sep: { pairs, points } }, split, ymm) {
    const n = ymm.length, nx = g.F.length, mass = zeros(pairs.length), V = p.V;
    // By how much margins of W^mm exceed one; on tight pairs the difference is rounding.
    const surplus = points.map((q) => dot(q, ymm) - 1).map((e) => (Math.abs(e) < 1e-9 ? 0 : e));
    const log = pairs.map(([j, v]) => Math.log(p.pi[j]) + split.base[j * V + v]);
    const weigh = (s, r) => {
      for (let i = 0; i < mass.length; i++) mass[i] = Math.exp(log[i] - s * surplus[i] - dot(points[i], r));
    };
    const total = () => mass.reduce((a, b) => a + b, 0);
    const curved = curvature(p, g.S, p.P, split.maps.slice(0, nx)), order = factor(curved, nx);
    return {
      f(s, r, out) {
        weigh(s, r);
        for (let a = 0; a < n; a++) out[a] = -ymm[a];
        for (let i = 0; i < mass.length; i++) axpy(mass[i], points[i], out);
      },
      jacobian(s, r, out) {
        out.fill(0);
        for (let i = 0; i < mass.length; i++) {
          const q = points[i];
          for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) out[a * n + b] -= mass[i] * q[a] * q[b];
        }
      },
      partial(s, r, out) {
        out.fill(0);
        for (let i = 0; i < mass.length; i++) axpy(-mass[i] * surplus[i], points[i], out);
      },
      /** x follows: it balances what the odds against the supports take from them, to first order in 1/t. */
      describe(s, r) {
        weigh(s, r);
        const taken = zeros(p.m * V);
        pairs.forEach(([j, v], i) => {
          taken[j * V + v] -= mass[i];
          for (const z of g.S[j]) taken[j * V + z] += p.P[j * V + z] * mass[i];
        });
        const force = Float64Array.from({ length: nx }, (_, a) => dot(split.maps[a], taken));
        const x = backsolve(curved, order, copy(force), nx), energy = dot(x, force) / 2, decay = Math.exp(-s);
        const logExcess = Math.log(total() + energy * decay) - s;
        const logs = { logExcess, logKL: Math.log(energy) - 2 * s, logFinite: Math.log(norm(x)) - s };
        return [x.map((v) => v * decay), r, logs];
      },
    };
  }

  /** Norm, and 1 − cos of W and of W − W° with W^mm, from orthogonal parts: nothing cancels at s = 1000. */
  function seenFromAfar({ Wfin, Wmm }, finite, drift, s) {
    const inF = plus(Wfin, finite);
    if (!Wmm) return { norm: norm(plus(inF, drift)), gap: NaN, gapCorrected: NaN };
    const nu = norm(Wmm), along = dot(drift, Wmm) / nu, reach = s * nu + along;
    const across = axpy(-along / nu, Wmm, copy(drift));
    const gap = (part) => {
      const a = norm(plus(across, part)), r = Math.hypot(reach, a);
      return reach > 0 ? (a * a) / (r * (r + reach)) : 1 - reach / r;
    };
    return { norm: Math.hypot(reach, norm(plus(across, inF))), gap: gap(inF), gapCorrected: gap(finite) };
  }

  /** The law of the direction (the book's cor-flow-law) with the drift of the track's last point, or null without
   *  W^mm. `settled` tells whether there is a law to speak of: whether the drift of half that log time gives it too. */
  function directionLaw({ Wfin, Wmm }, points) {
    if (!Wmm) return null;
    const last = points[points.length - 1], half = points.find((q) => q.s >= last.s / 2), nu = norm(Wmm);
    const from = (drift) => {
      const along = dot(drift, Wmm) / nu, across = dot(Wfin, Wfin) + Math.max(0, dot(drift, drift) - along ** 2);
      return { along, gap: (s) => across / (2 * (nu * s + along) ** 2), across };
    };
    const law = from(last.drift), moved = norm(axpy(-1, half.drift, copy(last.drift)));
    const miss = Math.max(Math.abs(from(half.drift).gap(last.s) / last.gap - 1), moved / Math.sqrt(law.across));
    return { nu, along: law.along, gap: law.gap, miss, settled: miss < 0.01 };
  }

  Object.assign(NTP, { flow, directionLaw });
})();
