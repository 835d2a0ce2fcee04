// Can a decoder meet all log-odds? W* or W°, and where it cannot, a smallest set of words that contradict each other.
(() => {
  "use strict";
  const { zeros, copy, dot, norm, axpy, largest, complement, svd, factor, backsolve, simplex } = NTP;
  const { logits, restricted } = NTP;
  const TOLERANCE = 1e-9; // nats, relative to the spread of the log-probabilities, as in ntp_lib

  function compatibility(p, g) {
    const W = meetLogOdds(p, g), residual = Math.max(0, ...misses(p, g.S, W));
    const seen = p.P.filter((v) => v > 0).map(Math.log);
    const spread = Math.max(...seen) - Math.min(...seen);
    const holds = residual <= TOLERANCE * Math.max(1, spread);
    if (holds) return { holds, residual, Wfin: W };
    return { holds, residual, Wfin: minimise(p, g, W), ...conflict(p, g) };
  }

  /** The shortest decoder whose log-odds on the supports are nearest to the data's, over unit embeddings. */
  function meetLogOdds(p, g) {
    const { rows, at } = g.generators, W = zeros(p.V * p.d);
    const target = at.map(([j, z]) => {
      const log = (y) => Math.log(p.P[j * p.V + y]);
      return (log(z) - g.S[j].reduce((sum, y) => sum + log(y), 0) / g.S[j].length) / g.lengths[j];
    });
    for (let pass = 0; pass < 2; pass++) {
      const rest = rows.map((r, i) => target[i] - dot(r, W));
      g.full.sigma.forEach((s, k) => axpy(dot(rest, g.full.U[k]) / s, g.full.Q[k], W));
    }
    return W;
  }

  const misses = (p, S, W) => {
    const l = logits(p, W);
    return S.map((set, j) => {
      const off = set.map((z) => l[j * p.V + z] - Math.log(p.P[j * p.V + z]));
      return Math.max(...off) - Math.min(...off);
    });
  };

  /** Minimise over F the cross-entropy with softmax over the supports alone: Newton's method, damped. */
  function minimise(p, g, start) {
    const k = g.F.length, maps = g.F.map((q) => logits(p, q));
    const value = (x) => {
      const l = zeros(p.m * p.V);
      maps.forEach((map, a) => axpy(x[a], map, l));
      return restricted(p, g.S, l);
    };
    let x = zeros(k), now = value(x);
    const offered = Float64Array.from(g.F, (q) => dot(q, start)), there = value(offered);
    if (there.loss < now.loss) [x, now] = [offered, there];
    for (let step = 0; step < 100; step++) {
      const pull = p.P.map((v, i) => p.pi[Math.floor(i / p.V)] * (v - now.q[i]));
      const force = Float64Array.from(maps, (map) => dot(map, pull));
      const curved = curvature(p, g.S, now.q, maps), shift = 1e-3 * norm(force);
      for (let a = 0; a < k; a++) curved[a * k + a] += shift;
      const move = backsolve(curved, factor(curved, k), copy(force), k);
      let size = 1, trial, next;
      do {
        trial = axpy(size, move, copy(x));
        next = value(trial);
        size /= 2;
      } while (next.loss > now.loss - 2e-4 * size * dot(force, move) + 1e-15 && size > 1e-10);
      [x, now] = [trial, next];
      if (norm(move) <= 1e-13 * (1 + norm(x))) break;
    }
    const W = zeros(p.V * p.d);
    g.F.forEach((q, a) => axpy(x[a], q, W));
    return W;
  }

  /** Second derivative of that cross-entropy in the coordinates whose logits are `maps`, k × k. */
  function curvature(p, S, q, maps) {
    const k = maps.length, out = zeros(k * k);
    S.forEach((set, j) => {
      const at = set.map((z) => j * p.V + z);
      const means = maps.map((map) => at.reduce((t, i) => t + q[i] * map[i], 0));
      for (let a = 0; a < k; a++) {
        for (let b = 0; b < k; b++) {
          const both = at.reduce((t, i) => t + q[i] * maps[a][i] * maps[b][i], 0);
          out[a * k + b] += p.pi[j] * (both - means[a] * means[b]);
        }
      }
    });
    return out;
  }

  /** Weights on (context, word) that cancel for every decoder and not for the data's log-odds: minimise their sum.
   *  The book's thm-incompatible: every decoder misses some log-odds by kappa or more. */
  function conflict(p, g) {
    const pairs = g.S.flatMap((set, j) => set.map((z) => [j, z])), ties = [];
    for (let j = 0; j < p.m; j++) ties.push(Float64Array.from(pairs, ([i]) => (i === j ? 1 : 0)));
    for (let z = 0; z < p.V; z++) {
      for (let i = 0; i < p.d; i++) ties.push(Float64Array.from(pairs, ([j, y]) => (y === z ? g.unit[j][i] : 0)));
    }
    const odds = pairs.map(([j, z]) => Math.log(p.P[j * p.V + z]) / g.lengths[j]);
    const both = [...ties, odds].map((row) => [...row, ...Array.from(row, (v) => -v)]);
    const x = simplex(both, [...ties.map(() => 0), 1], both[0].map(() => 1));
    if (!x) return { certificate: zeros(p.m * p.V), kappa: NaN };
    const found = Float64Array.from(pairs, (_, i) => x[i] - x[pairs.length + i]), top = largest(found);
    const kept = [...found.keys()].filter((i) => Math.abs(found[i]) > 1e-9 * top);
    // Sharpen: on the pairs that the programme chose, meet the ties exactly.
    const tied = svd(ties.map((row) => Float64Array.from(kept, (i) => row[i])), kept.length, 1e-12).Q;
    const sharp = complement(tied, Float64Array.from(kept, (i) => found[i]));
    const certificate = zeros(p.m * p.V);
    kept.forEach((i, k) => { certificate[pairs[i][0] * p.V + pairs[i][1]] = sharp[k] / g.lengths[pairs[i][0]]; });
    let gap = 0, half = 0;
    certificate.forEach((c, i) => {
      gap += c ? c * Math.log(p.P[i]) : 0;
      half += Math.abs(c) / 2;
    });
    return { certificate, kappa: Math.abs(gap) / half };
  }

  Object.assign(NTP, { compatibility, minimise, curvature });
})();
