"""What the search of a built book answers, asked in its own page."""

from typing import Any

# What is asked, and the pages of which one has to be among the first three answers.
QUERIES = {
    "W^mm": {"book/margin"},
    "Wᵐᵐ": {"book/margin"},
    "W^*": {"book/conditions"},
    "Theorem 2": {"book/gradient-descent"},
    "Thm. 1": {"book/regularisation-path"},
    "Theorem 5.1": {"book/gradient-descent"},
    "lemma 3.2": {"book/margin"},
    "(3.1)": {"book/margin"},
    "erratum 12": {"book/errata"},
    "Figure 4": {"notebooks/overparameterised"},
    "seperable": {"book/conditions"},
    "largest step size": {"book/gradient-descent"},
    "regularization path": {"book/regularisation-path"},
    "overparametrized": {"book/conditions", "book/thresholds"},
    "max margin": {"book/margin"},
    "support vectors": {"book/margin"},
    "implicit bias": {"book/gradient-descent"},
    "Adam": {"book/other-optimisers", "book/geometry"},
    "stochastic gradient descent": {"book/one-token"},
    "neural collapse": {"book/learned-embeddings"},
    "entropy lower bound": {"book/soft-labels"},
    "weight decay": {"book/regularisation-path", "book/learned-embeddings"},
    "class imbalance": {"book/contrastive", "book/supports"},
    "word2vec": {"book/concepts"},
    "self-attention": {"book/choice-data", "book/selecting-attention"},
    "Bradley-Terry": {"book/choice-data"},
    "memory capacity": {"book/capacity"},
    "iterated logarithm": {"book/logarithmic-time"},
    "order of learning": {"book/concepts"},
    "ultrametric": {"book/supports"},
    "pentagon": {"book/supports"},
    "transformer": {"book/transformer", "notebooks/transformer-grammar", "notebooks/transformer-text"},
    "ntp_svm": {"book/api", "book/margin"},
    "gradient flow": {"book/logarithmic-time"},
}

ANSWERS = """async queries => {
  while (!Search.hasIndex()) await new Promise(resolve => setTimeout(resolve, 50));
  const ask = query => Search._performSearch(query, ...Search._parseQuery(query).slice(1));
  // Sphinx shows the last one first.
  return Object.fromEntries(queries.map(q => [q, ask(q).reverse().map(one => [one[0], one[1], one[2]])]));
}"""
# Results come one by one, and the excerpt of each when its page has been read.
ALL_SHOWN = """() => {
  const results = [...document.querySelectorAll('#search-results ul.search > li')];
  const count = Search.status?.innerText.match(/found (\\d+) page/)?.[1];
  return Number(count) === results.length && results.every(one => one.querySelector(':scope > p, :scope > span'));
}"""
# Sphinx's search as it comes: its own spelling of a query, no entries for results.
AS_IT_COMES = """() => {
  Search._index.indexentries = {};
}"""


def answers(view: Any, queries: list[str]) -> dict[str, list[list[str]]]:
    """Return page, name and anchor of all answers to each query; the page of results has to be open."""
    found: dict[str, list[list[str]]] = view.evaluate(ANSWERS, queries)
    return found


def missed(view: Any) -> list[str]:
    """Return the queries without a right page among the first three, with what is there instead."""
    found = answers(view, list(QUERIES))
    return [
        f"{query}: {[page for page, *_ in found[query][:3]]}"
        for query, right in QUERIES.items()
        if not right & {page for page, *_ in found[query][:3]}
    ]
