// Can a decoder put every word that never follows below those that do? W^mm with its multipliers, or a certificate
// that none can; then the completion, data with the same loss on which one can.
(() => {
  "use strict";
  const { zeros, copy, dot, norm, axpy, project, svd, leastSquares, nnls } = NTP;
  const { logits, outer, restricted, supports, geometry, smoothness, compatibility, minimise } = NTP;
  const GONE = 1e-13; // squared residual of nnls below which no margin is left: margins under 3e-7 pass for none

  /** Margins are inner products with the points g_jv of F⊥. Least distance programming: one run of nnls on the
   *  points, each with its bound as a further coordinate, gives the shortest decoder or the certificate. */
  function separation(p, g) {
    const pairs = g.S.flatMap((set, j) => [...Array(p.V).keys()].filter((v) => !set.includes(v)).map((v) => [j, v]));
    const points = pairs.map((pair) => marginPoint(p, g, pair));
    if (!pairs.length) return { pairs, points, separable: null, Wmm: null };
    const n = g.Y.length, scale = pairs.map(([j]) => 1 / g.lengths[j]);
    const columns = points.map((q, i) => Float64Array.from([...q, 1], (v) => v * scale[i]));
    const goal = zeros(n + 1).fill(1, n), { x, rest } = nnls(columns, goal);
    if (dot(rest, rest) <= GONE) {
      const total = dot(x, scale), lambda = x.map((v, i) => (v * scale[i]) / total);
      return { pairs, points, separable: false, Wmm: null, A: multipliers(p, g, pairs, lambda) };
    }
    const rough = rest.slice(0, n).map((v) => -v / rest[n]);
    const { y, lambda } = polish(points, [...x.keys()].filter((i) => x[i] > 0), rough), Wmm = zeros(p.V * p.d);
    g.Y.forEach((q, k) => axpy(y[k], q, Wmm));
    return { pairs, points, separable: true, y, Wmm, nu: norm(y), A: multipliers(p, g, pairs, lambda) };
  }

  function marginPoint(p, g, [j, v]) {
    const M = zeros(p.V * p.d), z = g.S[j][0];
    for (let i = 0; i < p.d; i++) {
      M[z * p.d + i] += p.H[j * p.d + i];
      M[v * p.d + i] -= p.H[j * p.d + i];
    }
    return Float64Array.from(g.Y, (q) => dot(q, M));
  }

  /** One exact solve on the face that nnls found: margins of one there, y a combination of its points. */
  function polish(points, face, rough) {
    const rows = face.map((i) => points[i]), { sigma, Q, U } = svd(rows, rough.length, 1e-11);
    const y = zeros(rough.length), lambda = zeros(points.length);
    sigma.forEach((s, k) => axpy(U[k].reduce((a, b) => a + b, 0) / s, Q[k], y));
    const weights = leastSquares(rows, y, 1e-12), least = Math.min(...points.map((q) => dot(q, y)));
    if (!(least > 1 - 1e-9 && Math.min(...weights) > -1e-9)) return { y: rough, lambda };
    face.forEach((i, k) => { lambda[i] = weights[k]; });
    return { y, lambda };
  }

  /** Rows a_j of sum zero with −lambda off the supports, and on them what takes the part of Σ a_j h_jᵀ in F away. */
  function multipliers(p, g, pairs, lambda) {
    const A = zeros(p.m * p.V), { rows, at } = g.generators, c = zeros(rows.length);
    pairs.forEach(([j, v], i) => {
      A[j * p.V + g.S[j][0]] += lambda[i];
      A[j * p.V + v] -= lambda[i];
    });
    const inF = project(g.F, outer(p, A)), rest = copy(inF);
    for (let pass = 0; pass < 2; pass++) {
      const move = zeros(rows.length);
      g.full.sigma.forEach((s, k) => axpy(dot(g.full.Q[k], rest) / s, g.full.U[k], move));
      rows.forEach((row, i) => axpy(-move[i], row, rest));
      axpy(1, move, c);
    }
    at.forEach(([j, z], i) => {
      const set = g.S[j];
      for (const y of set) A[j * p.V + y] -= (c[i] * ((y === z ? 1 : 0) - 1 / set.length)) / g.lengths[j];
    });
    return A;
  }

  /** Which pairs stay bounded, and weights that prove it: −g in the cone of all g (the book's thm-decomposition). */
  function bounded(g, sep) {
    // A margin that vanishes on all of F⊥ comes out as rounding, and normalised rounding would point anywhere.
    const size = sep.points.map((q, i) => (norm(q) > 1e-10 * g.lengths[sep.pairs[i][0]] ? norm(q) : 0));
    const unit = sep.points.map((q, i) => q.map((v) => (size[i] ? v / size[i] : 0)));
    const weight = zeros(unit.length), stays = unit.map((q, i) => {
      const { x, rest } = size[i] ? nnls(unit, q.map((v) => -v)) : { x: [], rest: [] };
      if (norm(rest) >= 1e-7) return false;
      weight[i] += 1 / (size[i] || 1);
      x.forEach((v, k) => { weight[k] += v / (size[k] || 1); });
      return true;
    });
    return { stays, weight };
  }

  /** The completion p′: same loss everywhere, compatible, and separable or of full supports (thm-one-loss). */
  function completion(p, g, sep) {
    const { stays, weight } = bounded(g, sep), A = multipliers(p, g, sep.pairs, weight);
    const S = g.S.map((set, j) => [...set, ...sep.pairs.filter(([i], k) => i === j && stays[k]).map(([, v]) => v)]);
    S.forEach((set) => set.sort((a, b) => a - b));
    const shift = A.map((a, i) => a / p.pi[Math.floor(i / p.V)]);
    const room = shift.map((c, i) => (c > 0 && p.P[i] > 0 ? p.P[i] / c : Infinity));
    const step = Math.min(2, ...room) / 2;
    // Any point of the segment gives the same loss; rounding must not put weight on words outside the new supports.
    const moved = { ...p, P: zeros(p.m * p.V) };
    S.forEach((set, j) => set.forEach((z) => { moved.P[j * p.V + z] = p.P[j * p.V + z] - step * shift[j * p.V + z]; }));
    const wide = geometry(p, S), Wfin = minimise(moved, wide, zeros(p.V * p.d));
    const data = { ...p, P: restricted(moved, S, logits(p, Wfin)).q }, limit = separation(data, wide);
    return { data, g: wide, Wfin, stays, sep: limit, Wmm: limit.Wmm };
  }

  /** Everything that is known without training. `limit` is what training tends to: of the data themselves, or of
   *  their completion where they are not separable; `floor` is the infimum of the loss. */
  function solve(p) {
    const S = supports(p), g = geometry(p, S), comp = compatibility(p, g), sep = separation(p, g);
    const entropy = p.P.reduce((h, q, i) => (q > 0 ? h - p.pi[Math.floor(i / p.V)] * q * Math.log(q) : h), 0);
    const whole = sep.separable === false;
    const limit = whole ? completion(p, g, sep) : { data: p, g, Wfin: comp.Wfin, sep, Wmm: sep.Wmm };
    const floor = restricted(limit.data, limit.g.S, logits(p, limit.Wfin)).loss;
    return { p, S, g, comp, sep, entropy, L: smoothness(p), limit, completed: whole, floor };
  }

  Object.assign(NTP, { solve });
})();
