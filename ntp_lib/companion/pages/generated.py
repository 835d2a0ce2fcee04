"""Hand-written pages with generated parts: each part takes the place of a comment line `% generated: NAME`."""

from collections.abc import Mapping

from ntp_lib.companion.reproduction.errors import PublicationError


def with_parts(page: str, name: str, parts: Mapping[str, str]) -> str:
    """Return a page with its generated parts in place.

    Args:
        page: MyST source with one comment line for each part.
        name: the page as shown to people.
        parts: MyST Markdown by the name in the comment.

    Raises:
        PublicationError: a part has no place on the page, or the page asks for an unknown one.
    """
    for part, content in parts.items():
        line = f"% generated: {part}\n"
        if page.count(line) != 1:
            found = page.count(line)
            raise PublicationError(f"{name} needs exactly one line '{line.strip()}', has {found}")
        page = page.replace(line, content + "\n")
    unknown = [line for line in page.splitlines() if line.startswith("% generated:")]
    if unknown:
        raise PublicationError(f"{name}: {unknown[0]!r} is unknown; valid: {', '.join(parts)}")
    return page
