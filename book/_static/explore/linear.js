// Small dense linear algebra for the explorable page: vectors, a singular value decomposition, elimination.
//
// The scripts of this folder share one object, NTP. Those that compute (up to descent.js) touch no document.
// A vector is a Float64Array, a matrix of vectors an array of rows, a square matrix one array, row by row.
globalThis.NTP = (() => {
  "use strict";
  const EPS = 2 ** -52;
  const zeros = (n) => new Float64Array(n);
  const copy = (a) => new Float64Array(a);
  const dot = (a, b) => {
    let total = 0;
    for (let i = 0; i < a.length; i++) total += a[i] * b[i];
    return total;
  };
  const norm = (a) => Math.sqrt(dot(a, a));
  /** y + a x, in y. */
  const axpy = (a, x, y) => {
    for (let i = 0; i < x.length; i++) y[i] += a * x[i];
    return y;
  };
  const plus = (x, y) => axpy(1, y, copy(x));
  const largest = (a) => a.reduce((top, v) => Math.max(top, Math.abs(v)), 0);

  /** Part of a vector in the span of an orthonormal basis, and the rest (taken twice: once leaves rounding). */
  const project = (basis, x) => {
    const inside = zeros(x.length);
    for (const q of basis) axpy(dot(q, x), q, inside);
    return inside;
  };
  const complement = (basis, x) => {
    const rest = copy(x);
    for (let pass = 0; pass < 2; pass++) axpy(-1, project(basis, rest), rest);
    return rest;
  };

  const rotate = (x, y, c, s) => {
    for (let k = 0; k < x.length; k++) {
      const u = x[k], v = y[k];
      x[k] = c * u - s * v;
      y[k] = s * u + c * v;
    }
  };

  /** Thin SVD of rows of one length, A = U diag(sigma) Q, cut at the numerical rank, by one-sided Jacobi rotations.
   *  Q holds orthonormal rows, U[k][i] is the share of singular vector k in row i. */
  function svd(rows, width, tolerance = Math.max(rows.length, width) * EPS) {
    const n = rows.length, B = rows.map(copy);
    const R = rows.map((_, i) => Float64Array.from(rows, (_, k) => (k === i ? 1 : 0)));
    // Rows this small are rounding; turning them further only churns it.
    const dust = EPS * EPS * Math.max(0, ...B.map((b) => dot(b, b)));
    let turned = true;
    for (let sweep = 0; turned && sweep < 40; sweep++) {
      turned = false;
      for (let i = 0; i < n; i++) {
        for (let j = i + 1; j < n; j++) {
          const a = dot(B[i], B[i]), b = dot(B[j], B[j]), c = dot(B[i], B[j]);
          if (a <= dust || b <= dust || Math.abs(c) <= 4 * EPS * Math.sqrt(a * b)) continue;
          turned = true;
          const tau = (b - a) / (2 * c), t = Math.sign(tau || 1) / (Math.abs(tau) + Math.hypot(1, tau));
          const cosine = 1 / Math.hypot(1, t);
          rotate(B[i], B[j], cosine, cosine * t);
          rotate(R[i], R[j], cosine, cosine * t);
        }
      }
    }
    const sizes = B.map(norm), cut = tolerance * Math.max(0, ...sizes);
    const kept = [...sizes.keys()].filter((i) => sizes[i] > cut).sort((i, j) => sizes[j] - sizes[i]);
    return {
      sigma: Float64Array.from(kept, (i) => sizes[i]),
      Q: kept.map((i) => B[i].map((x) => x / sizes[i])),
      U: kept.map((i) => R[i]),
    };
  }

  /** LU factors of an n × n matrix, in its place, with partial pivoting; returns the order of the rows. */
  function factor(A, n) {
    const order = new Int32Array(n);
    for (let k = 0; k < n; k++) {
      let best = k;
      for (let i = k + 1; i < n; i++) if (Math.abs(A[i * n + k]) > Math.abs(A[best * n + k])) best = i;
      order[k] = best;
      if (best !== k) {
        for (let j = 0; j < n; j++) [A[k * n + j], A[best * n + j]] = [A[best * n + j], A[k * n + j]];
      }
      const pivot = (A[k * n + k] ||= 1e-300);
      for (let i = k + 1; i < n; i++) {
        const f = (A[i * n + k] /= pivot);
        if (f !== 0) for (let j = k + 1; j < n; j++) A[i * n + j] -= f * A[k * n + j];
      }
    }
    return order;
  }

  /** Solve with what `factor` left; b is overwritten and returned. */
  function backsolve(A, order, b, n) {
    for (let k = 0; k < n; k++) [b[k], b[order[k]]] = [b[order[k]], b[k]];
    for (let k = 0; k < n; k++) for (let i = k + 1; i < n; i++) b[i] -= A[i * n + k] * b[k];
    for (let k = n - 1; k >= 0; k--) {
      for (let j = k + 1; j < n; j++) b[k] -= A[k * n + j] * b[j];
      b[k] /= A[k * n + k];
    }
    return b;
  }

  /** The shortest x that minimises |Σ x_i column_i − f|, refined once. */
  function leastSquares(columns, f, tolerance) {
    const x = zeros(columns.length);
    if (!columns.length) return x;
    const { sigma, Q, U } = svd(columns, f.length, tolerance);
    const rest = copy(f);
    for (let pass = 0; pass < 2; pass++) {
      const move = zeros(x.length);
      sigma.forEach((s, k) => axpy(dot(Q[k], rest) / s, U[k], move));
      axpy(1, move, x);
      columns.forEach((c, i) => axpy(-move[i], c, rest));
    }
    return x;
  }

  return { zeros, copy, dot, norm, axpy, plus, largest, project, complement, svd, factor, backsolve, leastSquares };
})();
