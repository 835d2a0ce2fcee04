"""Files that are whole or not there: written under a temporary name, renamed when complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Replace a file by a whole one.

    Args:
        path: the file, whether or not it exists.

    Yields:
        The name to write under, in the same folder; an exception removes what was written and leaves `path` alone.
    """
    # A name of its own length: beside a name near the system's limit there would be no room for more letters.
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        with suppress(OSError, ValueError):
            temporary.unlink(missing_ok=True)
