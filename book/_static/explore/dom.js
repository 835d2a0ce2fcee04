// Elements, and numbers in words.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg", MM = "Wᵐᵐ";

  /** Set attributes; a key that begins with "on" adds a listener, false takes an attribute away. */
  function set(element, attributes) {
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === false) element.removeAttribute(key);
      else element.setAttribute(key, value === true ? "" : value);
    }
    return element;
  }
  const fill = (element, attributes, children) => {
    set(element, attributes).append(...children);
    return element;
  };
  const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const button = (label, onclick, more = {}) => h("button", { type: "button", onclick, ...more }, label);

  /** Text in which P_ℱ and P_⊥ get their index. */
  const symbol = (part) => (part.startsWith("P_") ? h("span", {}, "P", h("sub", {}, part.slice(2))) : part);
  const symbols = (text) => h("span", {}, ...text.split(/(P_ℱ|P_⊥)/).map(symbol));

  const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const power = (k) => String(k).replace(/./g, (c) => SUPERSCRIPT[c] ?? "⁻");
  const fixed = (x, digits = 2) => x.toFixed(digits).replace("-", "−");
  const digits = (x, count = 4) => (x >= 10 ** count ? x.toFixed(0) : x.toPrecision(count));

  /** A number given by its natural logarithm, which no float need be able to hold. */
  function fromLog(l) {
    if (!Number.isFinite(l)) return "0";
    const decades = l / Math.LN10;
    if (decades > -2 && decades < 4) return decades >= 2 ? Math.exp(l).toFixed(0) : Math.exp(l).toPrecision(3);
    let exponent = Math.floor(decades), mantissa = 10 ** (decades - exponent);
    if (mantissa > 9.95) [mantissa, exponent] = [1, exponent + 1];
    return `${mantissa.toFixed(1)}·10${power(exponent)}`;
  }

  /** The angle whose cosine is 1 − gap. */
  function angle(gap) {
    const degrees = (360 / Math.PI) * Math.asin(Math.sqrt(Math.min(Math.max(gap, 0), 2) / 2));
    return `${degrees >= 10 ? degrees.toFixed(1) : degrees >= 0.1 ? degrees.toFixed(2) : degrees.toPrecision(2)}°`;
  }

  const joined = (list) => (list.length < 2 ? list.join("") : `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`);

  /** A handle that pointers drag: `move` gets every event between press and release. */
  function draggable(element, move) {
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      element.setPointerCapture(event.pointerId);
      element.dataset.held = "";
      element.focus({ preventScroll: true });
      event.preventDefault();
    });
    element.addEventListener("pointermove", (event) => { if ("held" in element.dataset) move(event); });
    // A pointer may be lost in three ways.
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(end, () => { delete element.dataset.held; });
    }
  }

  NTP.dom = { set, h, svg, button, symbols, power, fixed, digits, fromLog, angle, joined, draggable, MM };
})();
