"""All editions of a built book: each made under another name, and given its own when it is whole."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock

from ntp_lib.companion.editions.articles import clean_article
from ntp_lib.companion.editions.built_book import BuiltBook, open_book
from ntp_lib.companion.editions.chromium import chromium, typeset
from ntp_lib.companion.editions.epub import make_epub
from ntp_lib.companion.editions.formulas import sources
from ntp_lib.companion.editions.pdf import make_pdf
from ntp_lib.companion.editions.plain_text import write_plain_text
from ntp_lib.companion.editions.single_files import make_single_files
from ntp_lib.companion.pages.folders import fresh_folder
from ntp_lib.companion.reproduction.project import Project

KINDS = ("text", "pages", "epub", "pdf")
LOCK_FILE = "editions.lock"
MADE = ".made.json"


@dataclass(frozen=True)
class Editions:
    """Where the editions lie.

    Attributes:
        folder: the folder of all.
        slug: the name of the files for the whole book.
    """

    folder: Path
    slug: str

    def places(self, kind: str) -> tuple[Path, ...]:
        """Return the files of an edition; of the pages, their folder."""
        if kind == "text":
            return self.folder / "llms.txt", self.folder / "llms-full.txt"
        return (self.folder / ("pages" if kind == "pages" else f"{self.slug}.{kind}"),)


def make_editions(
    project: Project, kinds: Sequence[str] = KINDS, *, fresh: bool = False, say: Callable[[str], None] = print
) -> Editions:
    """Make editions of the built book in `_build/editions`.

    Args:
        project: the project, with its book built.
        kinds: which of `KINDS`.
        fresh: make also what was made from this very book before.
        say: told of every step.

    Returns:
        Where they lie.

    Raises:
        PublicationError: there is no built book, no Chromium, or a page that cannot be taken along. Editions that
            were made before stay as they were.
    """
    book = open_book(project)
    slug = "-".join("".join(c if c.isalnum() else " " for c in book.title.lower()).split()) or "book"
    editions = Editions(project.build / "editions", slug)
    editions.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(project.build / LOCK_FILE):
        record = _Record(editions, _key(book))
        wanted = [kind for kind in KINDS if kind in kinds and (fresh or not record.holds(kind))]
        for kind in kinds:
            if kind not in wanted:
                say(f"{kind}: nothing has changed; kept")
        if "text" in wanted:
            with _written(*editions.places("text")) as places:
                write_plain_text(book, *places)
            record.enter("text")
            say(f"text: {_sizes(editions.places('text'))}")
        if drawn := [kind for kind in wanted if kind != "text"]:
            _make_drawn(book, editions, record, drawn, say)
    return editions


def _make_drawn(
    book: BuiltBook, editions: Editions, record: _Record, kinds: Sequence[str], say: Callable[[str], None]
) -> None:
    """The editions that need a browser; the formulas are typeset once for all of them."""
    with chromium() as browser:
        found = [source for page in book.pages for source in sources(clean_article(book, page))]
        say(f"typesetting {len(set(found))} formulas of {len(book.pages)} pages")
        formulas = typeset(browser, book, found)
        for kind in kinds:
            (place,) = editions.places(kind)
            say(f"{kind}: making {place.name}")
            if kind == "pages":
                with fresh_folder(place) as folder:
                    make_single_files(book, formulas, folder)
            else:
                make: Callable[..., Any] = make_epub if kind == "epub" else make_pdf
                with _written(place) as (file,):
                    make(book, formulas, browser, file)
            record.enter(kind)
            say(f"{kind}: {_sizes((place,))}")


class _Record:
    """Which edition was made from which book."""

    def __init__(self, editions: Editions, key: str) -> None:
        self.editions, self.key, self.file = editions, key, editions.folder / MADE
        try:
            self.made: dict[str, str] = dict(json.loads(self.file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            self.made = {}

    def holds(self, kind: str) -> bool:
        """Whether an edition is there and of this book."""
        return self.made.get(kind) == self.key and all(place.exists() for place in self.editions.places(kind))

    def enter(self, kind: str) -> None:
        """Note an edition that is in its place."""
        self.made[kind] = self.key
        with _written(self.file) as (file,):
            file.write_text(json.dumps(self.made, indent=1), "utf-8")


@contextmanager
def _written(*targets: Path) -> Iterator[tuple[Path, ...]]:
    """Yield other names, which take the place of the targets when the block ends without an exception."""
    with tempfile.TemporaryDirectory(prefix=".ntp-new-", dir=targets[0].parent) as scratch:
        files = tuple(Path(scratch) / target.name for target in targets)
        yield files
        for file, target in zip(files, targets, strict=True):
            file.replace(target)


def _key(book: BuiltBook) -> str:
    """What an edition depends on: the built book, and the modules and style sheets here."""
    total = sha256(book.key.encode())
    for file in sorted(Path(__file__).parent.glob("*.*")):
        if file.suffix in (".py", ".css"):
            total.update(file.read_bytes())
    return total.hexdigest()


def _sizes(places: Sequence[Path]) -> str:
    def size(place: Path) -> int:
        return sum(file.stat().st_size for file in place.iterdir()) if place.is_dir() else place.stat().st_size

    return ", ".join(f"{place.name} ({size(place) / 1e6:.2f} MB)" for place in places)
