// The page of results (book/_ext/search_terms.py, which gives `ntpSearch`): symbols, abbreviations and spellings of a
// query are read as the index has them, chapters come before lists of everything, a result is called by its name,
// and its excerpt shows formulas as text.
(() => {
  const KINDS = {
    thm: "theorem", lem: "lemma", def: "definition", prop: "proposition", cor: "corollary", rem: "remark",
    eq: "equation", eqn: "equation", fig: "figure", errata: "erratum",
  };

  // W^{mm}, W^mm, Wᵐᵐ and \Wmm are one symbol; "Thm. 5.1" and "eq (3.6)" are numbers of results.
  const readable = (query) => query
    .normalize("NFKC")
    .replace(/\\(?:mathrm|mathcal|mathbf|text)\b/g, "")
    .replace(/(\p{L})\^?\{?[*⋆★]\}?/gu, "$1star")
    .replace(/(\p{L})\^?\{?[°∘]\}?/gu, "$1fin")
    .replace(/\^\{*([\p{L}\p{N}]+)\}*/gu, "$1")
    .replace(/[\\{}]/g, "")
    .replace(/^\s*([a-z]+)\.?\s*\(?([a-z]?\d[\d.]*)\)?\s*$/i,
      (_, kind, number) => `${KINDS[kind.toLowerCase()] ?? kind.toLowerCase()} ${number}`)
    .replace(/[\p{L}\p{N}_]+/gu, (word) => splitQuery(word).join(" ") || word)
    .trim();

  const parse = Search._parseQuery;
  Search._parseQuery = (query) => {
    const objects = parse(query)[4];
    const parsed = parse(readable(query));
    parsed[4] = objects;
    return parsed;
  };

  const text = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;
  const named = (page, title, anchor) => {
    const own = text(Search._index.titles[Search._index.docnames.indexOf(page)] ?? title);
    const name = ntpSearch.names[page + anchor];
    if (name) return `${name} — ${own}`;
    return anchor ? text(title) : own;
  };
  const escaped = (words) => Object.assign(document.createElement("i"), { textContent: words }).innerHTML;

  const perform = Search._performSearch;
  Search._performSearch = (query, ...terms) => {
    const best = new Map();
    for (const [page, title, anchor, about, score, file] of perform(readable(query), ...terms)) {
      const weighed = score * (ntpSearch.pages[page] ?? 1);
      const place = page + anchor;
      // Sphinx describes functions; such entries keep their own name.
      const shown = about ? title : escaped(named(page, title, anchor));
      if (!(best.get(place)?.[4] >= weighed)) best.set(place, [page, shown, anchor, about, weighed, file]);
    }
    return [...best.values()].sort((a, b) => a[4] - b[4] || (a[1] < b[1] ? 1 : -1));
  };

  const formula = (tex) => {
    const said = tex
      .replace(/\\norm\s*(?:\{([^{}]*)\}|(\\?\w+))/g, (_, inner, sign) => `‖${inner ?? sign}‖`)
      .replace(/\\[,;:! ]|~/g, " ")
      .replace(/\\([A-Za-z]+)( ?)/g, (whole, name, space) => {
        const sign = ntpSearch.signs[name] ?? whole;
        return sign && sign + space;
      })
      .replace(/[{}]/g, "");
    return said.includes("\\") ? "…" : said.trim();
  };

  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(".headerlink, script, style, button, .eqno, .ntp-figure-downloads").forEach((e) => e.remove());
    page.querySelectorAll("div.math").forEach((e) => { e.textContent = " … "; });
    page.querySelectorAll("span.math").forEach((e) => { e.textContent = formula(e.textContent.trim().slice(2, -2)); });
    const place = anchor ? page.getElementById(decodeURIComponent(anchor.slice(1))) : null;
    const part = place?.matches("span:empty, h2, dt") ? place.parentElement : place;
    return (part ?? page.querySelector("article") ?? page.body).textContent.replace(/\s+/g, " ").trim();
  };

  // A page opened from a disk may not read the others: results without excerpts, and no errors.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
})();
