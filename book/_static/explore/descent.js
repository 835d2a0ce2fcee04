// Gradient descent as it is, step by step, and the measurements of the four panels.
(() => {
  "use strict";
  const { zeros, copy, dot, norm, axpy, project, crossEntropy } = NTP;

  /** W_k at increasing step numbers. */
  function descend(p, W0, stepSize, marks) {
    const W = copy(W0), found = [];
    let k = 0;
    for (const mark of marks) {
      for (; k < mark; k++) step(p, W, stepSize);
      found.push({ k, W: copy(W) });
    }
    return found;
  }

  function step(p, W, stepSize) {
    const { m, V, d, H } = p, r = zeros(V), change = zeros(V * d);
    for (let j = 0; j < m; j++) {
      let top = -Infinity, sum = 0;
      for (let z = 0; z < V; z++) {
        let l = 0;
        for (let i = 0; i < d; i++) l += W[z * d + i] * H[j * d + i];
        r[z] = l;
        if (l > top) top = l;
      }
      for (let z = 0; z < V; z++) sum += r[z] = Math.exp(r[z] - top);
      for (let z = 0; z < V; z++) {
        const move = stepSize * p.pi[j] * (p.P[j * V + z] - r[z] / sum);
        for (let i = 0; i < d; i++) change[z * d + i] += move * H[j * d + i];
      }
    }
    axpy(1, change, W);
  }

  /** Some of the columns of ntp_lib's `measure`. */
  function measure({ p, limit: { g, Wfin, Wmm } }, W) {
    const loss = crossEntropy(p, W), error = norm(project(g.F, axpy(-1, Wfin, copy(W))));
    return { loss, norm: norm(W), cosine: Wmm ? dot(W, Wmm) / (norm(W) * norm(Wmm)) : NaN, finiteError: error };
  }

  Object.assign(NTP, { descend, measure });
})();
