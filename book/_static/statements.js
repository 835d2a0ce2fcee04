// On the map of the argument: the pointer or the keyboard's focus on a statement lights all that it rests on.
(() => {
  const light = (map, label) => {
    const lit = new Set([label]), open = [label], curves = [...map.querySelectorAll("path")];
    while (open.length) {
      const user = open.pop();
      for (const curve of curves.filter(({ dataset }) => dataset.user === user)) {
        curve.classList.add("lit");
        if (!lit.has(curve.dataset.used)) {
          lit.add(curve.dataset.used);
          open.push(curve.dataset.used);
        }
      }
    }
    map.classList.add("lighting");
    map.querySelectorAll("[data-label]").forEach((chip) => chip.classList.toggle("lit", lit.has(chip.dataset.label)));
  };
  const dark = (map) => {
    map.classList.remove("lighting");
    map.querySelectorAll(".lit").forEach((element) => element.classList.remove("lit"));
  };
  for (const map of document.querySelectorAll(".ntp-map")) {
    const follow = ({ target }) => {
      const chip = target.closest("[data-label]") || document.activeElement.closest(".ntp-map [data-label]");
      dark(map);
      if (chip && map.contains(chip)) light(map, chip.dataset.label);
    };
    map.addEventListener("pointerover", follow);
    map.addEventListener("focusin", follow);
    map.addEventListener("pointerleave", () => dark(map));
    map.addEventListener("focusout", () => dark(map));
  }
})();
