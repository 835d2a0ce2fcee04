"""Next-token prediction in linear models: conditions, margins and trajectories (arXiv 2402.18551)."""

import lazy_loader

# What is offered stands in __init__.pyi; a name costs its import where it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
