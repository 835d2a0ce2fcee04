"""From text, tokens or tables to contexts, their probabilities and next-token probabilities."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["synthetic"])
