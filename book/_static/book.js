// A formula, table or drawing that is wider than its box fades at the edge where more of it is hidden,
// so that nobody takes a clipped formula for a whole one. Such boxes can be scrolled from the keyboard.
(() => {
  const boxes = "span.math, div.math, mjx-container[display='true'], .pst-scrollable-table-container, .ntp-figure-canvas";
  const mark = (box) => {
    const scrolls = getComputedStyle(box).overflowX === "auto" && box.scrollWidth > box.clientWidth + 1;
    const rest = box.scrollWidth - box.clientWidth - box.scrollLeft;
    box.classList.toggle("ntp-more", scrolls && rest > 1);
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const markAll = () => document.querySelectorAll(boxes).forEach(mark);
  addEventListener("resize", markAll);
  document.addEventListener("ntp-fitted", markAll);
  document.addEventListener("scroll", (event) => event.target.matches?.(boxes) && mark(event.target), true);
  document.addEventListener("toggle", markAll, true);
  document.addEventListener("click", () => requestAnimationFrame(markAll));
  addEventListener("load", () => {
    markAll();
    window.MathJax?.startup?.promise?.then(markAll);
  });
})();
