"""What notebooks use; `__init__.py` reads this file and imports each name on its first use."""

from .reproduction.checks import check
from .reproduction.recording import record_figure

__all__ = ["check", "record_figure"]
