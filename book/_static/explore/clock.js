// The clock: a slider of log time, warped so that early times have room, with landmarks, and a button that runs it.
(() => {
  "use strict";
  const { h, set, button, power, digits, fromLog, angle, MM } = NTP.dom, { FIRST, LAST, landmarks } = NTP.state;
  const NOTCHES = 1000, BEND = 6, SCALE = (LAST - FIRST) / Math.sinh(BEND), SECONDS = 22;
  const toSlider = (s) => Math.asinh((s - FIRST) / SCALE) / BEND, fromSlider = (u) => FIRST + SCALE * Math.sinh(BEND * u);
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /** The law is spoken of where it holds to one tenth. */
  const lawful = (law, { s, gap }) => {
    const near = law.settled && s > 0 && Math.abs(law.gap(s) / gap - 1) < 0.1;
    return near ? `law: ${angle(law.gap(s))}` : "no law yet";
  };

  function makeClock(page) {
    const { state } = page;
    const go = (s) => {
      stop();
      state.s = s;
      page.moved();
    };
    const slider = h("input", {
      type: "range", id: "nx-time", min: 0, max: NOTCHES, "aria-label": "Logarithm of the training time",
      oninput: () => go(fromSlider(slider.value / NOTCHES)),
    });
    const moments = () => landmarks(page.scene.solved.L).map(([s]) => s);
    const marks = landmarks(1).map(([, name, title], i) => button(name, () => go(moments()[i]), { title }));
    const time = h("output", { class: "nx-clock", for: "nx-time" }), reading = h("p", { class: "nx-reading" });
    const run = button("", toggle, { class: "nx-play" });
    const element = h("div", { class: "nx-time", role: "group", "aria-label": "Training time" },
      h("div", { class: "nx-time-row" }, run,
        h("div", { class: "nx-slide" }, slider, h("div", { class: "nx-marks" }, ...marks)), time), reading);
    let before = 0;

    function caption() { run.textContent = still.matches ? "Next landmark" : state.playing ? "❚❚ Pause" : "▶ Train"; }
    function toggle() {
      if (state.playing) return stop();
      if (still.matches) return go(moments().find((s) => s > state.s + 1e-6) ?? moments()[0]);
      if (state.s >= LAST - 1) state.s = FIRST;
      state.playing = true;
      before = 0;
      caption();
      page.moved();
    }
    function stop() {
      if (!state.playing) return;
      state.playing = false;
      caption();
      page.moved();
    }
    still.addEventListener("change", () => {
      stop();
      caption();
    });
    caption();

    return {
      element, stop,
      /** One frame further while time runs. */
      advance(now) {
        const passed = before ? Math.min(0.05, (now - before) / 1000) : 0;
        before = now;
        state.s = fromSlider(Math.min(1, toSlider(state.s) + passed / SECONDS));
        if (state.s >= LAST - 1e-6) stop();
      },
      sync({ solved }) {
        landmarks(solved.L).forEach(([s], i) => { marks[i].style.left = `${(100 * toSlider(s)).toFixed(2)}%`; });
      },
      move({ solved: { limit }, law }, point) {
        const { s } = point, t = fromLog(s);
        const direction = law ? `Angle to ${MM} ${angle(point.gap)} (${lawful(law, point)})` : "No direction to arrive at";
        slider.value = Math.round(NOTCHES * toSlider(s));
        set(slider, { "aria-valuetext": `t = ${t}. ${direction}` });
        time.replaceChildren("t = ", h("b", {}, t), s > 40 ? ` = e${power(Math.round(s))}` : "");
        const rest = limit.g.F.length ? ` · on ℱ ${fromLog(point.logFinite)} to go` : "";
        const excess = `excess loss ${fromLog(point.logExcess)} nats`;
        reading.textContent = `${direction} · ‖W‖ = ${digits(point.norm)} · ${excess}${rest}`;
      },
    };
  }

  Object.assign(NTP, { makeClock });
})();
