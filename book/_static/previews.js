// Shows a statement, a formula, a term or a bibliography entry where it is referred to: under the pointer and under the
// keyboard's focus. Escape closes, the pointer may enter the box, a tap follows the link as usual. What is shown comes
// from previews-data.js, a script and not a request, so that it also works from a file; it is loaded when first needed.
(() => {
  const DELAY = 250, GAP = 8;
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const box = document.createElement("div");
  let data, link = null, timer;

  box.id = "ntp-preview";
  box.className = "ntp-preview";
  box.hidden = true;
  box.setAttribute("role", "tooltip");

  const load = () => (data ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = new URL("_static/previews-data.js", root);
    script.onload = () => done(window.NTP_PREVIEWS);
    script.onerror = failed;
    document.head.append(script);
  }));

  // In a drawing the address of a link is an attribute, not a property.
  const address = (anchor) => new URL(anchor.getAttribute("href") || "", location.href);
  const entry = (all, url) => {
    const path = url.pathname.startsWith(root.pathname) ? url.pathname.slice(root.pathname.length) : "";
    return all[decodeURIComponent(path + url.hash)];
  };
  const inSight = (url) => {
    const target = url.pathname === location.pathname && document.getElementById(decodeURIComponent(url.hash.slice(1)));
    if (!target || !target.checkVisibility()) return false;
    const place = target.getBoundingClientRect();
    return place.top > 60 && place.bottom < innerHeight;
  };

  const place = (anchor) => {
    const at = anchor.getClientRects()[0] || anchor.getBoundingClientRect(), height = box.offsetHeight;
    const above = at.top > height + GAP + 50 || at.top > innerHeight - at.bottom;
    const left = Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - GAP);
    box.style.left = `${Math.max(GAP, left) + scrollX}px`;
    box.style.top = `${(above ? Math.max(at.top - height - GAP, GAP) : at.bottom + GAP) + scrollY}px`;
  };
  const fill = (html) => {
    box.innerHTML = `<div class="bd-article tex2jax_ignore mathjax_ignore">${html}</div>`;
    box.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
    box.querySelectorAll("a[href]").forEach((anchor) => {
      anchor.href = new URL(anchor.getAttribute("href"), root);
      anchor.tabIndex = -1;
    });
  };
  const typeset = async () => {
    if (!box.querySelector(".math")) return;
    await MathJax.startup.promise;
    MathJax.typesetClear([box]);
    await MathJax.typesetPromise([box]);
  };
  const show = async (anchor) => {
    const url = address(anchor), html = entry(await load(), url);
    const unreadable = html?.includes('class="math') && !window.MathJax?.startup;
    if (!html || unreadable || link !== anchor || inSight(url)) return;
    anchor.removeAttribute("title");
    fill(html);
    if (!box.isConnected) document.body.append(box);
    box.style.visibility = "hidden";
    box.hidden = false;
    await typeset();
    if (link !== anchor) return;
    place(anchor);
    box.style.visibility = "";
    anchor.setAttribute("aria-describedby", box.id);
  };
  const hide = () => {
    clearTimeout(timer);
    link?.removeAttribute("aria-describedby");
    link = null;
    box.hidden = true;
  };

  // Not on the map of the argument: the box would cover what lights up.
  const previewed = (target) => target.closest?.(".bd-article a[href*='#']:not(.headerlink, .ntp-map a)");
  const ask = (anchor, delay) => {
    clearTimeout(timer);
    if (anchor === link) return;
    hide();
    link = anchor;
    timer = setTimeout(() => show(anchor).catch(() => {}), delay);
  };
  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, DELAY);
  };
  document.addEventListener("pointerover", ({ pointerType, target }) => {
    if (pointerType !== "mouse") return;
    if (box.contains(target)) {
      clearTimeout(timer);
      return;
    }
    const anchor = previewed(target);
    if (anchor) ask(anchor, DELAY);
    else if (link && link !== document.activeElement) leave();
  });
  document.addEventListener("focusin", ({ target }) => {
    const anchor = target.matches(":focus-visible") && previewed(target);
    if (anchor) ask(anchor, 0);
    else hide();
  });
  document.addEventListener("focusout", ({ target }) => target === link && leave());
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
})();
