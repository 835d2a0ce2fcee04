// Least squares over nonnegative numbers (Lawson and Hanson) and a small linear programme.
(() => {
  "use strict";
  const { zeros, copy, dot, norm, axpy, leastSquares } = NTP;

  /** Minimise |Σ x_i column_i − f| over x ≥ 0; returns x and what is left of f. */
  function nnls(columns, f) {
    const n = columns.length, x = zeros(n), rest = copy(f);
    const passive = new Uint8Array(n), banned = new Uint8Array(n);
    const least = 1e-13 * Math.max(...columns.map(norm), 1e-300) * Math.max(norm(f), 1e-300);
    for (let count = 0; count < 10 * n + 10; count++) {
      const entering = steepest(columns, rest, least, (i) => !passive[i] && !banned[i]);
      if (entering < 0) break;
      passive[entering] = 1;
      if (shrink(columns, f, x, passive, entering)) banned.fill(0);
      else banned[entering] = 1;
      rest.set(f);
      for (let i = 0; i < n; i++) if (x[i]) axpy(-x[i], columns[i], rest);
    }
    return { x, rest };
  }

  function steepest(columns, rest, least, open) {
    let best = -1, top = least;
    columns.forEach((c, i) => {
      const slope = open(i) ? dot(c, rest) : 0;
      if (slope > top) [top, best] = [slope, i];
    });
    return best;
  }

  /** Solve on the passive columns, giving up those that would turn negative; false if rounding chose the new one. */
  function shrink(columns, f, x, passive, entering) {
    for (let count = 0; count < 3 * x.length + 3; count++) {
      const set = [...passive.keys()].filter((i) => passive[i]);
      const z = leastSquares(set.map((i) => columns[i]), f, 1e-13);
      if (count === 0 && z[set.indexOf(entering)] <= 0) {
        passive[entering] = 0;
        return false;
      }
      let step = 1, out = -1;
      set.forEach((i, k) => {
        if (z[k] <= 0 && x[i] / (x[i] - z[k]) < step) [step, out] = [x[i] / (x[i] - z[k]), i];
      });
      set.forEach((i, k) => { x[i] += step * (z[k] - x[i]); });
      if (out < 0) return true;
      for (const i of set) if (i === out || x[i] <= 0) x[i] = passive[i] = 0;
    }
    return true;
  }

  /** Minimise c·x subject to A x = b, x ≥ 0: two-phase tableau, Bland's rule; null where there is no solution. */
  function simplex(A, b, c) {
    const rows = A.length, n = c.length, width = n + rows + 1;
    const basis = Array.from({ length: rows }, (_, i) => n + i);
    const T = A.map((row, i) => {
      const r = zeros(width), sign = b[i] < 0 ? -1 : 1;
      row.forEach((v, j) => { r[j] = sign * v; });
      r[n + i] = 1;
      r[width - 1] = sign * b[i];
      return r;
    });
    const artificial = zeros(n + rows).fill(1, n), cost = zeros(n + rows);
    cost.set(c);
    if (!descend(T, basis, artificial, n + rows)) return null;
    if (basis.reduce((left, k, i) => left + (k >= n ? T[i][width - 1] : 0), 0) > 1e-8) return null;
    for (let i = 0; i < rows; i++) {
      if (basis[i] < n) continue;
      let k = 0;
      for (let j = 1; j < n; j++) if (Math.abs(T[i][j]) > Math.abs(T[i][k])) k = j;
      if (Math.abs(T[i][k]) > 1e-9) pivot(T, basis, i, k);
    }
    if (!descend(T, basis, cost, n)) return null;
    const x = zeros(n);
    basis.forEach((k, i) => { if (k < n) x[k] = T[i][width - 1]; });
    return x;
  }

  function descend(T, basis, cost, columns) {
    for (let count = 0; count < 2000; count++) {
      let enter = 0;
      const reduced = (j) => basis.reduce((v, k, i) => v - cost[k] * T[i][j], cost[j]);
      while (enter < columns && reduced(enter) >= -1e-10) enter++;
      if (enter === columns) return true;
      const leave = leaving(T, basis, enter);
      if (leave < 0) return false;
      pivot(T, basis, leave, enter);
    }
    return false;
  }

  function leaving(T, basis, enter) {
    let leave = -1, least = Infinity;
    T.forEach((row, i) => {
      if (row[enter] <= 1e-11) return;
      const ratio = row[row.length - 1] / row[enter];
      const tie = ratio < least + 1e-12 && leave >= 0 && basis[i] < basis[leave];
      if (ratio < least - 1e-12 || tie) [least, leave] = [ratio, i];
    });
    return leave;
  }

  function pivot(T, basis, r, k) {
    const by = T[r][k];
    T[r].forEach((v, j) => { T[r][j] = v / by; });
    T.forEach((row, i) => { if (i !== r && row[k] !== 0) axpy(-row[k], T[r], row); });
    basis[r] = k;
  }

  Object.assign(NTP, { nnls, simplex });
})();
