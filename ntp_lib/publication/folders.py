"""Folders that are seen either whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fresh_folder(target: Path) -> Iterator[Path]:
    """Yield an empty sibling of ``target`` that takes its place when the block ends without an exception.

    Args:
        target: Folder to replace; it need not exist. Until the block ends its old content stays readable.

    Yields:
        The temporary folder to fill. An exception removes it and leaves ``target`` untouched.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        filled = scratch / "new"
        filled.mkdir()
        yield filled
        if target.exists():
            target.replace(scratch / "old")
        filled.replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
