// A problem and its geometry: logits, losses, the subspace F and its complement within what training can reach.
//
// A problem is {m, V, d, H, pi, P}: m contexts with embeddings H (m × d), weights pi and next-word probabilities
// P (m × V). A decoder W is one vector of V · d numbers, row by row. S[j] lists the words that follow context j.
(() => {
  "use strict";
  const { zeros, dot, norm, axpy, complement, svd } = NTP;

  const supports = (p) => Array.from({ length: p.m }, (_, j) => {
    const words = Array.from({ length: p.V }, (_, z) => z);
    return words.filter((z) => p.P[j * p.V + z] > 0);
  });

  function logits(p, W) {
    const { m, V, d, H } = p, out = zeros(m * V);
    for (let j = 0; j < m; j++) {
      for (let z = 0; z < V; z++) for (let i = 0; i < d; i++) out[j * V + z] += W[z * d + i] * H[j * d + i];
    }
    return out;
  }

  /** Σ_j a_j h_jᵀ as a decoder. */
  function outer(p, A) {
    const { m, V, d, H } = p, W = zeros(V * d);
    for (let j = 0; j < m; j++) {
      for (let z = 0; z < V; z++) for (let i = 0; i < d; i++) W[z * d + i] += A[j * V + z] * H[j * d + i];
    }
    return W;
  }

  const logSum = (l, at) => {
    let top = -Infinity, sum = 0;
    for (const i of at) top = Math.max(top, l[i]);
    for (const i of at) sum += Math.exp(l[i] - top);
    return top + Math.log(sum);
  };

  /** Softmax over the words of S[j] (zero elsewhere) and the cross-entropy of that, in nats. */
  function restricted(p, S, l) {
    const q = zeros(p.m * p.V);
    let loss = 0;
    S.forEach((set, j) => {
      const at = set.map((z) => j * p.V + z), total = logSum(l, at);
      for (const i of at) {
        q[i] = Math.exp(l[i] - total);
        if (p.P[i] > 0) loss += p.pi[j] * p.P[i] * (total - l[i]);
      }
    });
    return { q, loss };
  }

  const everyWord = (p) => Array.from({ length: p.m }, () => Array.from({ length: p.V }, (_, z) => z));
  const softmax = (p, W) => restricted(p, everyWord(p), logits(p, W)).q;
  const crossEntropy = (p, W) => restricted(p, everyWord(p), logits(p, W)).loss;

  /** Bound on the curvature, L = ½ λ_max(Σ π_j h_j h_jᵀ). */
  function smoothness(p) {
    const row = (j) => p.H.slice(j * p.d, (j + 1) * p.d).map((v) => v * Math.sqrt(p.pi[j]));
    return svd(Array.from({ length: p.m }, (_, j) => row(j)), p.d).sigma[0] ** 2 / 2;
  }

  /** Generators of F over unit embeddings: a word minus the mean of its support. */
  function generators(p, S, unit) {
    const rows = [], at = [];
    S.forEach((set, j) => {
      if (set.length < 2) return;
      for (const z of set) {
        const row = zeros(p.V * p.d);
        for (const y of set) {
          for (let i = 0; i < p.d; i++) row[y * p.d + i] = ((y === z ? 1 : 0) - 1 / set.length) * unit[j][i];
        }
        rows.push(row);
        at.push([j, z]);
      }
    });
    return { rows, at };
  }

  /** All that depends on embeddings and supports only: orthonormal bases of F and of the rest Y of the data space. */
  function geometry(p, S) {
    const width = p.V * p.d, lengths = zeros(p.m), unit = [];
    for (let j = 0; j < p.m; j++) {
      const h = p.H.slice(j * p.d, (j + 1) * p.d);
      lengths[j] = norm(h) || 1;
      unit.push(h.map((x) => x / lengths[j]));
    }
    const made = generators(p, S, unit), full = svd(made.rows, width);
    const reachable = svd(generators(p, everyWord(p), unit).rows, width).Q;
    const Y = remainder(reachable, full.Q);
    return { S, unit, lengths, generators: made, full, F: full.Q, Y };
  }

  /** Orthonormal basis of the part of span(D) orthogonal to F, by Gram and Schmidt with pivoting; its size is known. */
  function remainder(D, F) {
    const Y = [], pool = D.map((q) => complement(F, q));
    while (Y.length < D.length - F.length) {
      const longest = pool.reduce((a, b) => (norm(b) > norm(a) ? b : a));
      let q = longest;
      for (let pass = 0; pass < 2; pass++) {
        q = complement(Y, complement(F, q));
        const length = norm(q);
        if (length < 1e-12) return Y;
        q = q.map((x) => x / length);
      }
      Y.push(q);
      pool.splice(pool.indexOf(longest), 1);
      for (const r of pool) axpy(-dot(r, q), q, r);
    }
    return Y;
  }

  Object.assign(NTP, { supports, logits, outer, logSum, restricted, softmax, crossEntropy, smoothness, geometry });
})();
