"""The wing that executes, checks and publishes the book; notebooks need two names of it, the mathematics none."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
