// The page: its parts, the loop that draws them, and the state it opens with. All mathematics is in the other files.
(() => {
  "use strict";
  const root = document.querySelector("[data-ntp-explore]");
  if (!root) return;
  const { norm, plus, makeScene, between, parts, probabilities, longest } = NTP, { h, button, symbols, digits, MM } = NTP.dom;
  const { EXAMPLES, NAMES, example, contextsOf, toHash, fromHash } = NTP.state;
  const REST = 160, WRITE = 700; // ms after the last change: compute in full; put the state into the address
  const SLOW = 9; // ms a frame beyond which the map of the valley is painted every fourth frame only

  const state = { contexts: contextsOf(EXAMPLES[0]), s: Math.log(4e4), start: 0, example: EXAMPLES[0].id, playing: false };
  const page = { state, scene: null, frames: [], moved: () => ask("time"), edited: () => edited() };
  const planes = {
    data: NTP.makePlane("Contexts and decoder", "group"),
    onF: NTP.makePlane("On ℱ: settles"), off: NTP.makePlane("Off ℱ: turns, seen from afar"),
  };
  const stars = NTP.makeStars(planes.data, page), table = NTP.makeTable(page), verdicts = NTP.makeVerdicts();
  const valley = NTP.makeValley(), panels = NTP.makePanels(), clock = NTP.makeClock(page);

  // ---- what is around the drawings
  const say = h("p", { class: "nx-say" });
  const load = (one) => open({ contexts: contextsOf(one), example: one.id });
  const examples = EXAMPLES.map((one) => button(one.name, () => load(one), { "data-id": one.id }));
  const add = button("Add a context", () => edited(state.contexts.push({ deg: widestGap(), len: 1, p: [0.2, 0, 0, 0.8, 0] })));
  const drop = button("Remove one", () => edited(state.contexts.pop()));
  const restart = button("Another start", () => {
    state.start += 1;
    ask("data");
  });
  const link = button("Link to this state", async () => {
    writeAddress();
    let done = "Link copied";
    try { await navigator.clipboard.writeText(location.href); } catch { done = "It is in the address bar"; }
    link.textContent = done;
    setTimeout(() => { link.textContent = "Link to this state"; }, 1800);
  });
  const section = (name, label, ...content) => h("section", { class: name, "aria-label": label }, ...content);
  planes.data.caption.textContent = "Stars are contexts: drag them. Arrows are the rows of W, one for each word, drawn to one scale.";
  const tools = h("div", { class: "nx-tools" }, add, drop, restart, link);
  root.classList.add("nx");
  root.replaceChildren(
    verdicts.live, h("div", { class: "nx-presets", role: "group", "aria-label": "Examples" }, ...examples), say,
    section("nx-data", "The data", planes.data.figure, h("div", { class: "nx-side" }, table.element, tools)),
    verdicts.element,
    section("nx-parts", "The two parts of the decoder", planes.onF.figure, planes.off.figure, valley.figure),
    section("nx-charts", "The training run", ...panels.map((panel) => panel.figure)),
    clock.element,
  );

  function widestGap() {
    const at = state.contexts.map((c) => c.deg).sort((a, b) => a - b);
    const gaps = at.map((deg, i) => (i + 1 < at.length ? at[i + 1] : at[0] + 360) - deg);
    const widest = gaps.indexOf(Math.max(...gaps));
    return Math.round(at[widest] + gaps[widest] / 2) % 360;
  }

  // ---- drawing: what changes with the data, and what moves with time
  function drawScene(scene) {
    const { limit } = scene.solved, { onF, off } = planes, { Wfin, Wmm } = limit, some = limit.g.F.length > 0;
    stars.sync(scene.blamed);
    table.sync(scene);
    verdicts.sync(scene);
    valley.sync(scene);
    for (const panel of panels) panel.sync(scene);
    clock.sync(scene);
    const settling = some ? scene.track.filter((q) => q.s <= 14).map((q) => parts(scene, q).inF) : [];
    onF.show(some ? Wfin : null, settling);
    onF.caption.replaceChildren(symbols(onFWords(scene.solved)));
    off.show(Wmm, Wmm ? scene.track.filter((q) => q.s <= 300).map((q) => parts(scene, q).away) : []);
    const afar = Wmm && `P_⊥ W scaled to the length of ${MM} (pale), ν = ${digits(norm(Wmm))}.`;
    off.caption.replaceChildren(symbols(afar ?? "No pair diverges: nothing grows."));
  }
  function onFWords({ completed, comp, limit }) {
    const dim = limit.g.F.length;
    if (completed) return `P_ℱ W and, pale, its limit W′. ℱ (dimension ${dim}) is that of the completion: data with the same loss, in which the kept words are counted in.`;
    if (!dim) return "ℱ = {0}: one word a context leaves nothing to learn here.";
    return `P_ℱ W and, pale, its limit ${comp.holds ? "W*: the log-odds" : "W°: the log-odds, as well as they can be met"}. dim ℱ = ${dim}.`;
  }
  function drawTime(scene) {
    const point = between(scene.track, state.s), { limit } = scene.solved, { inF, off, away } = parts(scene, point);
    const W = plus(inF, off);
    const reach = 0.7 / Math.max(longest(W), 1e-9); // short of the stars
    planes.data.move(W.map((v) => v * reach));
    planes.onF.move(limit.g.F.length ? inF : null);
    planes.off.move(limit.Wmm ? away : null);
    table.move(probabilities(scene, W, state.s));
    for (const panel of panels) panel.move(scene, point);
    valley.move(point);
    clock.move(scene, point);
  }
  function drawState() {
    for (const one of examples) one.setAttribute("aria-pressed", String(one.dataset.id === state.example));
    say.textContent = example(state.example)?.say ?? "None of the examples. The address of this page carries this state.";
    add.disabled = state.contexts.length >= NAMES.length;
    drop.disabled = state.contexts.length <= 2;
  }

  // ---- the loop: a rough scene on every frame while the data change, a fine one once they rest
  let wanted = "", resting = 0, writing = 0, painted = 0, cost = 0;
  function ask(what) {
    if (!wanted) requestAnimationFrame(frame);
    if (wanted !== "data") wanted = what;
  }
  function edited() {
    state.example = "";
    ask("data");
  }
  function frame(now) {
    const begin = performance.now(), what = wanted;
    wanted = "";
    if (what === "data") {
      page.scene = makeScene(state, false);
      drawScene(page.scene);
      painted += 1;
      if (cost < SLOW || painted % 4 === 0) valley.paint("rough");
      cost = 0.7 * cost + 0.3 * (performance.now() - begin);
    }
    if (state.playing) {
      clock.advance(now);
      ask("time");
    }
    drawTime(page.scene);
    drawState();
    clearTimeout(resting);
    clearTimeout(writing);
    if (!state.playing) {
      resting = setTimeout(() => settle(), REST);
      writing = setTimeout(writeAddress, WRITE);
    }
    page.frames.push(performance.now() - begin);
    if (page.frames.length > 600) page.frames.shift();
  }
  /** The scene in full; the map of the valley in a task of its own, so that neither is long. */
  function settle(whole = false) {
    page.scene = makeScene(state, true);
    drawScene(page.scene);
    drawTime(page.scene);
    drawState();
    if (whole) valley.paint("fine");
    else resting = setTimeout(() => valley.paint("fine"), 30);
  }

  // ---- the address
  const writeAddress = () => history.replaceState(null, "", toHash(state));
  function open(change) {
    clock.stop();
    Object.assign(state, change);
    ask("data");
  }
  addEventListener("hashchange", () => {
    const told = fromHash(location.hash);
    if (!told) return;
    open(told);
    root.scrollIntoView({ block: "start" });
  });
  // The theme is a matter of style sheets, except for the painted map.
  const themes = new MutationObserver(() => valley.paint("fine"));
  themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  addEventListener("beforeprint", () => {
    clock.stop();
    settle(true);
  });

  const told = fromHash(location.hash);
  Object.assign(state, told);
  settle(true);
  if (told) root.scrollIntoView({ block: "start" });
  root.ntpExplore = Object.assign(page, { open, settle });
})();
