"""Drawing functions: a tidy frame in, a matplotlib Figure out."""

import lazy_loader

# So that a run depends on the drawings of its own chapter and on no others.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
