"""Which resources a built page would fetch from a network; links a reader may follow do not count."""

from html.parser import HTMLParser
from pathlib import Path

LOADING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "link": ("href",),
    "image": ("href", "xlink:href"),
}
HARMLESS_LINKS = {"canonical", "author", "license", "next", "prev", "search", "index"}


def external_resources(folder: Path) -> list[str]:
    """Return `page: address` for every external resource of the pages below `folder`."""
    return [
        f"{page.relative_to(folder).as_posix()}: {address}"
        for page in sorted(folder.rglob("*.html"))
        if "_static" not in page.relative_to(folder).parts
        for address in _external(page.read_text("utf-8"))
    ]


def _external(text: str) -> list[str]:
    collector = _Collector()
    collector.feed(text)
    return list(dict.fromkeys(collector.found))


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and set((values.get("rel") or "").split()) & HARMLESS_LINKS:
            return
        addresses = [values.get(name) or "" for name in LOADING.get(tag, ())]
        self.found += [address for address in addresses if address.startswith(("http://", "https://", "//"))]
