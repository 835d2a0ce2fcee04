"""A small site as the build leaves it: a front page, a chapter, a section of it; MathJax from its package."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import yaml

from ntp_lib.companion.pages.site import KEY_FILE
from ntp_lib.companion.reproduction.project import Project

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 30" width="72" height="30">'
    '<path d="M4 26 68 4" stroke="#222"/></svg>'
)
NAVIGATION = """<nav class="bd-links"><p class="caption"><span>The theory</span></p><ul>
<li class="toctree-l1"><a class="reference internal" href="chapter.html">1. The rows of \\(W\\)</a><ul>
<li class="toctree-l2"><a class="reference internal" href="../notebooks/growth.html">Growth &amp; decay</a></li>
</ul></li></ul></nav>"""
FRONT = """<section id="a-small-book"><h1>A small book<a class="headerlink" href="#a-small-book">#</a></h1>
<p>See <a class="reference internal" href="chapter.html#thm-growth">Theorem 1.1</a>,
<a href="chapter.html#gone">what went</a>, <a href="../_downloads/data.csv">the data</a> and
<a href="https://arxiv.org/abs/2402.18551">the paper</a>.</p></section>"""
CHAPTER = """<section id="the-rows"><h1>1. The rows of <span class="math">\\(W\\)</span></h1>
<p id="twice">The norm is <span class="math">\\(\\lVert W\\rVert\\)</span>.</p>
<p id="twice">Again <span class="math">\\(W\\)</span>.</p>
<div class="proof theorem admonition" id="thm-growth"><p class="admonition-title">Theorem 1.1</p>
<section>
<div class="math" id="equation-sum"><span class="eqno">(1.1)</span>\\[\\sum_{j} \\hat\\pi_j \\le 1 &lt; 2\\]</div>
</section></div>
<details class="hide"><summary><p>Show code</p></summary><pre>x &lt; 1
y</pre></details>
<h2>Another <em>heading</em></h2><p>A <a href="#thm-growth">link within</a>,
one to <a href="../notebooks/growth.html">the section</a>,
one to <a href="index.html">the front</a>.</p><script>window.wrong = 1;</script><button>Copy</button></section>"""
SECTION = """<section id="growth"><h1>Growth &amp; decay</h1>
<figure class="ntp-figure" id="fig-1"><div class="ntp-figure-canvas">
<img class="only-light" src="../_images/curve.svg" alt="It grows.">
<img class="only-dark" src="../_images/curve.dark.svg" alt="It grows.">
</div><figcaption><p>Fig. 1.1 A curve.</p></figcaption></figure>
<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2 | 3</td></tr></tbody></table>
<p>Back to <a href="../book/chapter.html#equation-sum">(1.1)</a>.</p></section>"""


def small_site(root: Path) -> Project:
    """Write the site below `root/_build/html` and what a project needs around it."""
    html = root / "_build" / "html"
    for path, article in (("book/index", FRONT), ("book/chapter", CHAPTER), ("notebooks/growth", SECTION)):
        write_page(html, path, article)
    (html / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=book/index.html" />', "utf-8")
    (html / "_images").mkdir()
    for name in ("curve.svg", "curve.dark.svg"):
        (html / "_images" / name).write_text(DRAWING, "utf-8")
    (html / "_static").mkdir()
    style = '@font-face { src: url("https://fonts.example/a.woff"); } h1 { background: url(missing.png); }'
    (html / "_static" / "book.css").write_text(style, "utf-8")
    # The distribution's name is no identifier: it is located, not imported.
    package = find_spec("sphinx-mathjax-offline")
    assert package is not None
    assert package.origin is not None
    shutil.copytree(Path(package.origin).parent / "static" / "mathjax", html / "_static" / "mathjax")
    (html / KEY_FILE).write_text("one", "utf-8")
    (root / "notebooks").mkdir()
    (root / "notebooks" / "figures.yml").write_text("figures: {}\n", "utf-8")
    (root / "_toc.yml").write_text("root: book/index\n", "utf-8")
    (root / "_config.yml").write_text(
        yaml.safe_dump({"title": "A small book", "author": "Some & others"}), "utf-8"
    )
    return Project(root)


def write_page(html: Path, path: str, article: str) -> None:
    """Write one page around an article."""
    file = html / f"{path}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        '<!DOCTYPE html><html data-theme="light"><head><title>T</title>'
        '<link rel="stylesheet" href="../_static/book.css?v=1">'
        "<script>window.MathJax = {options: {processHtmlClass: 'math'}};</script>"
        '<script defer src="../_static/mathjax/tex-svg-full.js?v=2"></script></head>'
        f'<body>{NAVIGATION}<article class="bd-article">{article}</article></body></html>',
        "utf-8",
    )
