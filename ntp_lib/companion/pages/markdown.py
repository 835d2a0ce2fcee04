"""Small pieces of MyST Markdown: tables, folded boxes, dates, numbers.

Texts of the manifest, the ledger and checks are inline markup (`paragraph`, cells of a `table`); names, versions
and values are words or code (`plain`, `code`). Neither can begin a block, and tags are words on every page
(`myst_disable_syntax` in `_config.yml`).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

MARKUP = re.compile(r"[\\`*_{}\[\]<>$|~&]")
# What makes a block of a line: a fence, a heading, a list, a quotation, a comment, a label, a rule, a formula.
BLOCK = re.compile(r"`{3}|~{3}|:{3}|#|>|%|\+|[-*_=]\s|[-*_=]{2}|\d+[.)]|\(\S+\)=|\$\$|\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a pipe table; cells may hold inline MyST, vertical bars and line breaks in them are made harmless."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def folded(title: str, body: str, *, kind: str = "note") -> str:
    """Return an admonition that starts closed."""
    fence = ":" * 6
    title = " ".join(title.split())
    return f"{fence}{{admonition}} {title}\n:class: {kind} dropdown\n\n{body}\n{fence}"


def shell(*commands: str) -> str:
    """Return a block of shell commands."""
    fence = "`" * max(3, _longest_run(commands) + 1)
    return "\n".join([f"{fence}shell", *commands, fence])


def paragraph(text: str) -> str:
    """Return inline markup as one paragraph, which is no block of another kind whatever it begins with."""
    line = " ".join(text.split())
    found = BLOCK.match(line)
    if found is None:
        return line
    # Of a numbered list it is the full stop that counts.
    place = found.end() - 1 if found[0][0].isdigit() else 0
    return f"{line[:place]}\\{line[place:]}"


def plain(text: object) -> str:
    """Return `text` as words on one line, in which no character is markup."""
    return MARKUP.sub(r"\\\g<0>", " ".join(str(text).split()))


def code(text: object) -> str:
    """Return `text` as inline code, whatever backticks it holds."""
    content = " ".join(str(text).split()) or " "
    fence = "`" * (_longest_run([content]) + 1)
    return f"`{content}`" if len(fence) == 1 else f"{fence} {content} {fence}"


def _longest_run(texts: Iterable[str]) -> int:
    return max((len(run) for text in texts for run in re.findall("`+", text)), default=0)


def utc(moment: str) -> str:
    """Return an ISO time as a reader's date in UTC, such as `21 November 2026, 01:20 UTC`."""
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


def together(text: str) -> str:
    """Return words that stay on one line, such as a date in a table."""
    return f"[{text}]{{.ntp-together}}"


def share(good: Collection[bool]) -> str:
    """Return how many of several outcomes are good, such as `3 of 3`, coloured as a verdict."""
    return verdict(all(good), f"{sum(good)} of {len(good)}")
