// A formula, table or drawing that is wider than its box fades at the edge where more of it is hidden,
// so that nobody takes a clipped formula for a whole one. Such boxes can be scrolled from the keyboard.
(() => {
  const boxes = "span.math, div.math, mjx-container[display='true'], .pst-scrollable-table-container, .ntp-figure-canvas";
  // What is read of a box, and what is written on it: apart, so that a page of a thousand boxes is laid out once.
  const look = (box) => {
    const scrolls = getComputedStyle(box).overflowX === "auto" && box.scrollWidth > box.clientWidth + 1;
    return { scrolls, more: scrolls && box.scrollWidth - box.clientWidth - box.scrollLeft > 1 };
  };
  const show = (box, { scrolls, more }) => {
    box.classList.toggle("ntp-more", more);
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  let asked = 0;
  const markAll = () => {
    cancelAnimationFrame(asked);
    asked = 0;
    const all = [...document.querySelectorAll(boxes)], found = all.map(look);
    all.forEach((box, at) => show(box, found[at]));
  };
  // Once a frame, however many boxes are opened at a time.
  const markSoon = () => { asked ||= requestAnimationFrame(markAll); };
  addEventListener("resize", markSoon);
  document.addEventListener("ntp-fitted", markAll);
  document.addEventListener("scroll", ({ target }) => target.matches?.(boxes) && show(target, look(target)), true);
  document.addEventListener("toggle", markSoon, true);
  document.addEventListener("click", markSoon);
  addEventListener("load", () => {
    markAll();
    window.MathJax?.startup?.promise?.then(markAll);
  });
})();
