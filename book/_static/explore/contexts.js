// The contexts: stars in the plane, dragged or turned by the arrow keys.
(() => {
  "use strict";
  const { svg, set, draggable } = NTP.dom, { NAMES, LENGTH, clamp } = NTP.state;
  const STAR = "M0-9L2.6-3.2 8.9-2.9 4 1.2 5.6 7.3 0 3.8-5.6 7.3-4 1.2-8.9-2.9-2.6-3.2Z";
  const STICKY = 0.04; // the unit circle holds a star that comes this near

  /** Keeps one star for each context of `page.state` and tells the page when one has moved. */
  function makeStars(plane, page) {
    const stars = [];
    const sync = (blamed) => {
      const { contexts } = page.state;
      while (stars.length > contexts.length) stars.pop().group.remove();
      while (stars.length < contexts.length) stars.push(makeStar(stars.length));
      contexts.forEach(({ deg, len }, j) => {
        const a = (deg * Math.PI) / 180, { group, name } = stars[j];
        set(name, { x: (22 * Math.cos(a)).toFixed(1), y: (5 - 22 * Math.sin(a)).toFixed(1) });
        set(group, {
          transform: `translate(${plane.x(len * Math.cos(a)).toFixed(1)} ${plane.y(len * Math.sin(a)).toFixed(1)})`,
          "aria-valuenow": Math.round(deg), "aria-valuetext": `${Math.round(deg)} degrees, length ${len.toFixed(2)}`,
        });
        group.classList.toggle("blamed", blamed.has(j));
      });
    };

    function place(j, deg, len) {
      Object.assign(page.state.contexts[j], { deg: (deg + 360) % 360, len: clamp(len, LENGTH.least, LENGTH.most) });
      page.edited();
    }

    function makeStar(j) {
      const name = svg("text", { class: "nx-name", "text-anchor": "middle" }, NAMES[j]);
      const group = svg("g", {
        class: "nx-hand", tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": 360,
        "aria-label": `Context ${NAMES[j]}: direction and length. Left and right turn it, up and down change its length`,
      }, svg("circle", { class: "hit", r: 22 }), svg("circle", { class: "ring", r: 14 }),
      svg("path", { class: "star", d: STAR }), name);
      draggable(group, (event) => {
        const box = plane.drawing.getBoundingClientRect(), unit = (box.width * plane.scale) / plane.SIZE;
        const x = (event.clientX - box.left - box.width / 2) / unit, y = (box.top + box.height / 2 - event.clientY) / unit;
        const len = Math.hypot(x, y);
        place(j, (Math.atan2(y, x) * 180) / Math.PI, Math.abs(len - 1) < STICKY ? 1 : len);
      });
      // `touch-action: none` on a part of a drawing does not keep Chromium from scrolling.
      group.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
      group.addEventListener("keydown", (event) => {
        const { deg, len } = page.state.contexts[j], turn = event.shiftKey ? 15 : 1;
        const ways = { ArrowLeft: [turn, 0], ArrowRight: [-turn, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] };
        const way = ways[event.key];
        if (!way) return;
        event.preventDefault();
        place(j, deg + way[0], len + way[1]);
      });
      plane.hands.append(group);
      return { group, name };
    }
    return { sync };
  }

  Object.assign(NTP, { makeStars });
})();
