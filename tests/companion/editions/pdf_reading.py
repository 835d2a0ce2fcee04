"""What a PDF by Chromium says of itself: its outline and its links. Its objects lie open, its streams do not."""

import re
from dataclasses import dataclass
from pathlib import Path

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
TITLE = re.compile(rb"/Title (\((?:\\.|[^\\)])*\)|<[0-9A-Fa-f]*>)", re.DOTALL)


@dataclass(frozen=True)
class Pdf:
    """Outline as (level, title), addresses that links open, and anchors that links go to."""

    outline: list[tuple[int, str]]
    addresses: list[str]
    targets: list[str]
    anchors: set[str]


def read_pdf(path: Path) -> Pdf:
    """Read a file."""
    content = path.read_bytes()
    assert b"/ObjStm" not in content, "objects lie in streams, which this reader does not open"
    objects = {int(number): body for number, body in OBJECT.findall(content)}
    root = next(body for body in objects.values() if b"/Outlines" in body and b"/Catalog" in body)
    links = [body for body in objects.values() if b"/Subtype /Link" in body]
    named = next((body for body in objects.values() if re.match(rb"<</[^ ]+ \[\d+ 0 R /XYZ", body)), b"")
    return Pdf(
        list(_entries(objects, _reference(root, b"Outlines"), 0)),
        [found.decode() for body in links for found in re.findall(rb"/URI \((.*?)\)", body)],
        [found.decode() for body in links for found in re.findall(rb"/Dest /([^\n/]+)", body)],
        {found.decode() for found in re.findall(rb"/([^\s/]+) \[\d+ 0 R /XYZ", named)},
    )


def _entries(objects: dict[int, bytes], number: int, level: int):
    child = _reference(objects[number], b"First")
    while child:
        yield level + 1, _text(objects[child])
        yield from _entries(objects, child, level + 1)
        child = _reference(objects[child], b"Next")


def _reference(body: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
    return int(found.group(1)) if found else 0


def _text(body: bytes) -> str:
    found = TITLE.search(body)
    assert found is not None
    raw = found.group(1)
    if raw.startswith(b"<"):
        return bytes.fromhex(raw[1:-1].decode()).decode("utf-16")
    return re.sub(rb"\\(.)", rb"\1", raw[1:-1]).decode("latin-1")
