"""Sphinx extension: built pages load nothing from the network.

MathJax comes from the ``sphinx-mathjax-offline`` distribution (its directory name is no identifier, so it is
located, not imported). The live-code widget (thebe), which Jupyter Book switches on unasked and which only works
from a CDN, is taken out.
"""

from importlib.util import find_spec
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util.fileutil import copy_asset


def mathjax_bundle(name: str) -> Path:
    """Path of one MathJax file on this machine; raises ExtensionError naming the missing distribution."""
    spec = find_spec("sphinx-mathjax-offline")
    bundle = Path(spec.origin).parent / "static" / "mathjax" / name if spec and spec.origin else None
    if bundle is None or not bundle.is_file():
        raise ExtensionError(f"MathJax file {name!r} not found: pip install sphinx-mathjax-offline==0.0.2")
    return bundle


def remove_thebe(app, config):
    for listeners in app.events.listeners.values():
        listeners[:] = [one for one in listeners if not one.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [entry for entry in app.registry.css_files if "thebe" not in entry[0]]


def copy_mathjax(app):
    if app.builder.format == "html":
        bundle = mathjax_bundle(Path(app.config.mathjax_path).name)
        copy_asset(str(bundle), str(Path(app.outdir) / "_static" / "mathjax"))


def setup(app):
    app.connect("config-inited", remove_thebe)
    app.connect("builder-inited", copy_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
