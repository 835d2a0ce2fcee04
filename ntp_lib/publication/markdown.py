"""Small pieces of MyST Markdown: tables, folded boxes, dates, numbers."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a pipe table; cells may hold inline MyST, vertical bars and line breaks in them are made harmless."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def folded(title: str, body: str, *, kind: str = "note") -> str:
    """Return an admonition that starts closed."""
    fence = ":" * 6
    return f"{fence}{{admonition}} {title}\n:class: {kind} dropdown\n\n{body}\n{fence}"


def shell(*commands: str) -> str:
    """Return a block of shell commands."""
    return "\n".join(["```shell", *commands, "```"])


def code(text: object) -> str:
    """Return ``text`` as inline code, whatever backticks it holds."""
    content = " ".join(str(text).split()) or " "
    return f"`` {content} ``" if "`" in content else f"`{content}`"


def utc(moment: str) -> str:
    """Return an ISO time as a reader's date in UTC, such as ``21 November 2026, 01:20 UTC``."""
    parsed = datetime.fromisoformat(moment)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    there = aware.astimezone(UTC)
    return f"{there.day} {there:%B %Y, %H:%M} UTC"


def duration(seconds: float) -> str:
    """Return a length of time with the precision a reader needs."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def number(value: object) -> str:
    """Return a value short enough for a table: floats to four digits, lists item by item."""
    if isinstance(value, list):
        return f"[{', '.join(number(item) for item in value)}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def verdict(good: bool, words: str) -> str:
    """Return words whose colour repeats, and never replaces, what they say."""
    return f"[{words}]{{.{'ntp-good' if good else 'ntp-bad'}}}"


def share(good: Collection[bool]) -> str:
    """Return how many of several outcomes are good, such as ``3 of 3``, coloured as a verdict."""
    return verdict(all(good), f"{sum(good)} of {len(good)}")
