// Both conditions in words, with what proves them.
(() => {
  "use strict";
  const { dot, largest } = NTP, { h, digits, joined, MM } = NTP.dom, { V, NAMES } = NTP.state;
  const REST = 700; // ms without a change, after which a screen reader hears the verdicts

  function makeVerdicts() {
    const element = h("div", { class: "nx-verdict" });
    const live = h("p", { class: "nx-hidden", role: "status", "aria-live": "polite" });
    let timer = 0;
    const card = (name, holds, text) => {
      const tone = { true: "good", false: "bad" }[holds] ?? "";
      return h("div", { class: `nx-card ${tone}` }, h("b", {}, name), h("p", {}, text));
    };
    return {
      element, live,
      sync({ solved, blamed }) {
        const { comp, sep } = solved, one = compatible(solved), two = separable(solved, blamed);
        element.replaceChildren(card("Compatible", comp.holds, one), card("Separable", sep.separable, two));
        clearTimeout(timer);
        timer = setTimeout(() => {
          const text = `Compatible: ${one} Separable: ${two}`;
          if (text !== live.textContent) live.textContent = text;
        }, REST);
      },
    };
  }

  function compatible({ comp, sep, g, entropy }) {
    if (comp.holds) return `Yes: W* meets every log-odds. dim ℱ = ${g.F.length}, entropy ${entropy.toFixed(4)} nats.`;
    const C = comp.certificate, named = (j) => largest(C.subarray(j * V, (j + 1) * V)) > 1e-6 * largest(C);
    const names = NAMES.split("").filter((_, j) => named(j));
    const how = sep.separable === false ? "With the right weights" : "With the weights shown in the cells";
    return `No: the log-odds of ${joined(names)} contradict each other. ${how} the logits cancel whatever W is, and the log-odds do not: every decoder misses one of them by at least ${comp.kappa.toFixed(3)} nats.`;
  }

  function separable({ sep, limit, floor, entropy }, blamed) {
    if (sep.separable === null) return "Nothing to separate: every word follows every context.";
    const name = ([j, v]) => `${v + 1} after ${NAMES[j]}`;
    if (sep.separable) {
      const tight = sep.pairs.filter((_, i) => dot(sep.points[i], sep.y) < 1 + 1e-9).map(name);
      return `Yes: ν = ‖${MM}‖ = ${digits(sep.nu)}, margin 1/ν = ${(1 / sep.nu).toPrecision(3)}. It is tight for ${tight.length > 6 ? `${tight.length} pairs` : `word ${joined(tight)}`}.`;
    }
    const kept = limit.stays.filter(Boolean).length, all = sep.pairs.length;
    return `No: with the weights shown in the cells of ${joined([...blamed].map((j) => NAMES[j]))} the margins of words that never follow cancel, so they cannot all be positive. ${kept === all ? "All" : kept} of the ${all} such pairs keep a probability for ever (→ in the cells), and the loss stays ${(floor - entropy).toPrecision(3)} nats above the entropy.`;
  }

  Object.assign(NTP, { makeVerdicts });
})();
