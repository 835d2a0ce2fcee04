// Gradient descent as it is, step by step, and the measurements of the four panels.
(() => {
  "use strict";
  const { zeros, copy, dot, norm, axpy, project, crossEntropy } = NTP;

  /** W_k at increasing step numbers. */
  function descend(p, W0, stepSize, marks) {
    const W = copy(W0), found = [];
    const logits = zeros(p.V), change = zeros(W.length);
    let k = 0;
    for (const mark of marks) {
      for (; k < mark; k++) step(p, W, stepSize, logits, change);
      found.push({ k, W: copy(W) });
    }
    return found;
  }

  /** One step, in W; the other two arrays are for its use. */
  function step(p, W, stepSize, l, change) {
    const { m, V, d, H } = p;
    change.fill(0);
    for (let j = 0; j < m; j++) {
      let top = -Infinity, sum = 0;
      for (let z = 0; z < V; z++) {
        l[z] = 0;
        for (let i = 0; i < d; i++) l[z] += W[z * d + i] * H[j * d + i];
        if (l[z] > top) top = l[z];
      }
      for (let z = 0; z < V; z++) sum += l[z] = Math.exp(l[z] - top);
      for (let z = 0; z < V; z++) {
        const move = stepSize * p.pi[j] * (p.P[j * V + z] - l[z] / sum);
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
