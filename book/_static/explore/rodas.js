// RODAS (Hairer and Wanner), order 4, L-stable: one factorisation and six right-hand sides a step.
(() => {
  "use strict";
  const { zeros, copy, axpy, factor, backsolve } = NTP;
  const A = [
    [], [1.544], [0.9466785280815826, 0.2557011698983284],
    [3.314825187068521, 2.896124015972201, 0.9986419139977817],
    [1.221224509226641, 6.019134481288629, 12.53708333932087, -0.687886036105895],
    [1.221224509226641, 6.019134481288629, 12.53708333932087, -0.687886036105895, 1],
  ];
  const C = [
    [], [-5.6688], [-2.430093356833875, -0.2063599157091915],
    [-0.1073529058151375, -9.594562251023355, -20.47028614809616],
    [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616],
    [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
  ];
  const GAMMA = 0.25, AT = [0, 0.386, 0.21, 0.63, 1, 1], D = [0.25, -0.1043, 0.1035, -0.0362, 0, 0];

  /** Integrate y' = f(s, y) through increasing times.
   *
   * `system` has f(s, y, out), jacobian(s, y, out) and partial(s, y, out), the derivative by s; these two are called
   * after f at the same point. `each.at(s, y)` is called at every time, `each.stop(s, y)` after every step. */
  function rodas(system, s, start, times, tolerance, each) {
    const y = copy(start), n = y.length, slope = zeros(n), inTime = zeros(n), J = zeros(n * n), E = zeros(n * n);
    const K = A.map(() => zeros(n)), end = zeros(n);
    let step = 1e-3, count = 0;
    const attempt = (h) => {
      J.forEach((v, i) => { E[i] = -v; });
      for (let i = 0; i < n; i++) E[i * n + i] += 1 / (GAMMA * h);
      const order = factor(E, n);
      A.forEach((row, k) => {
        end.set(y);
        row.forEach((a, l) => axpy(a, K[l], end));
        if (k === 0) K[0].set(slope);
        else system.f(s + AT[k] * h, end, K[k]);
        C[k].forEach((c, l) => axpy(c / h, K[l], K[k]));
        axpy(D[k] * h, inTime, K[k]);
        backsolve(E, order, K[k], n);
      });
      axpy(1, K[5], end);
      const size = (i) => 1 + Math.max(Math.abs(y[i]), Math.abs(end[i]));
      return K[5].reduce((sum, e, i) => sum + (e / (tolerance * size(i))) ** 2, 0);
    };
    for (const target of times) {
      while (s < target - 1e-12 * Math.max(1, Math.abs(target))) {
        if (++count > 20000) throw new Error(`the flow did not reach log t = ${target}`);
        const last = s + step >= target - 1e-10 * Math.abs(target), h = last ? target - s : step;
        system.f(s, y, slope);
        system.jacobian(s, y, J);
        system.partial(s, y, inTime);
        const error = n ? Math.sqrt(attempt(h) / n) : 0;
        const change = error < 1e300 ? Math.min(5, Math.max(0.2, 0.9 * Math.max(error, 1e-8) ** -0.25)) : 0.1;
        if (!(error <= 1)) {
          step = h * change;
          continue;
        }
        s = last ? target : s + h;
        y.set(end);
        // A step cut short by the target says little about the next.
        step = last && change >= 1 ? Math.max(step, h * change) : h * change;
        if (each.stop?.(s, y)) return { s, y };
      }
      each.at(target, y);
    }
    return null;
  }

  Object.assign(NTP, { rodas });
})();
