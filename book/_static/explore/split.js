// The softmax near where training goes, W = W° + x + y with x in F and y off F, without cancellation: at late times
// x, the probabilities off the supports and the excess loss are far below rounding, but their logarithms are not.
(() => {
  "use strict";
  const { zeros, logSum, logits } = NTP;

  /** Σ p(e^u − 1 − u): as Σ p e^u = 1 on a support, a Kullback-Leibler divergence. */
  const surplus = (u) => (Math.abs(u) < 1e-3 ? u * u * (0.5 + u * (1 / 6 + u / 24)) : Math.expm1(u) - u);

  /** The split softmax of a limit. `move(x, y)` goes to a point; q, residual (q − p̂) and dev hold what was found. */
  function splitSoftmax({ data: p, g, Wfin }) {
    const { m, V } = p, size = m * V, nx = g.F.length;
    const maps = [...g.F, ...g.Y].map((q) => logits(p, q));
    // Logits of W° over the log-sum of the support: log p̂ there, log odds elsewhere.
    const base = logits(p, Wfin), outside = g.S.map((set) => [...Array(V).keys()].filter((v) => !set.includes(v)));
    g.S.forEach((set, j) => {
      const total = logSum(base, set.map((z) => j * V + z));
      for (let z = 0; z < V; z++) base[j * V + z] -= total;
    });
    const dev = zeros(size), off = zeros(size), q = zeros(size), residual = zeros(size);

    /** log Σ p̂ e^dev over a support. */
    function level(j) {
      let top = -Infinity, sum = 0;
      for (const z of g.S[j]) top = Math.max(top, dev[j * V + z]);
      if (g.S[j].every((z) => Math.abs(dev[j * V + z]) <= 0.5)) {
        for (const z of g.S[j]) sum += p.P[j * V + z] * Math.expm1(dev[j * V + z]);
        return Math.log1p(sum);
      }
      for (const z of g.S[j]) sum += p.P[j * V + z] * Math.exp(dev[j * V + z] - top);
      return top + Math.log(sum);
    }

    /** Odds O_j against the support, and the divergence on it; fills q and residual in row j. */
    function row(j) {
      // On a support the logits of y are equal: the first tells by how much the others are lower.
      const o = j * V, lift = level(j), shift = off[o + g.S[j][0]] + lift;
      let odds = 0, kl = 0, logOdds = -Infinity;
      for (const v of outside[j]) {
        const l = base[o + v] + dev[o + v] + off[o + v] - shift;
        logOdds = Math.max(logOdds, l);
        odds += q[o + v] = Math.exp(l);
      }
      const inside = 1 / (1 + odds);
      for (const v of outside[j]) residual[o + v] = q[o + v] *= inside;
      for (const z of g.S[j]) {
        const u = dev[o + z] - lift, e = Math.expm1(u), P = p.P[o + z];
        kl += P * surplus(u);
        q[o + z] = P * (1 + e) * inside;
        residual[o + z] = P * (e - odds) * inside;
      }
      return { odds, kl, logOdds: odds > 0 ? Math.log(odds) : logOdds };
    }

    /** Go to a point. Returns the two shares of the excess loss and the largest log-odds against a support. */
    function move(x, y) {
      dev.fill(0);
      off.fill(0);
      for (let a = 0; a < nx; a++) for (let i = 0; i < size; i++) dev[i] += x[a] * maps[a][i];
      for (let a = 0; a < y.length; a++) for (let i = 0; i < size; i++) off[i] += y[a] * maps[nx + a][i];
      let kl = 0, push = 0, logOdds = -Infinity;
      for (let j = 0; j < m; j++) {
        const found = row(j);
        kl += p.pi[j] * found.kl;
        push += p.pi[j] * Math.log1p(found.odds);
        logOdds = Math.max(logOdds, found.logOdds);
      }
      return { kl, push, logOdds };
    }

    /** −gradient along one coordinate, at the point last moved to. */
    function pull(a) {
      let total = 0;
      for (let j = 0, i = 0; j < m; j++) for (let z = 0; z < V; z++, i++) total -= p.pi[j] * residual[i] * maps[a][i];
      return total;
    }

    const n = maps.length, hessian = zeros(n * n), weighted = zeros(size);
    /** Second derivative of the loss there. */
    function curve() {
      for (let a = 0; a < n; a++) {
        for (let j = 0; j < m; j++) {
          let mean = 0;
          for (let i = j * V; i < (j + 1) * V; i++) mean += q[i] * maps[a][i];
          for (let i = j * V; i < (j + 1) * V; i++) weighted[i] = p.pi[j] * q[i] * (maps[a][i] - mean);
        }
        for (let b = 0; b <= a; b++) {
          let total = 0;
          for (let i = 0; i < size; i++) total += weighted[i] * maps[b][i];
          hessian[a * n + b] = hessian[b * n + a] = total;
        }
      }
      return hessian;
    }

    return { base, maps, dev, hessian, move, pull, curve };
  }

  Object.assign(NTP, { splitSoftmax });
})();
