"""The book's Sphinx extensions, which are modules of a folder and of no package."""

import importlib
import sys
from typing import Any

from small_project import ROOT

FOLDER = str(ROOT / "book" / "_ext")


def extension(name: str) -> Any:
    """Import an extension by its name."""
    sys.path.insert(0, FOLDER)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(FOLDER)
