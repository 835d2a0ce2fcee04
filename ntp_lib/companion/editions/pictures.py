"""Kinds of pictures that an edition may hold."""

from pathlib import Path

from ntp_lib.companion.reproduction.errors import PublicationError

KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


def media_type(picture: Path) -> str:
    """Return the media type of a picture by its name.

    Raises:
        PublicationError: it is of no kind that every reader shows.
    """
    kind = KINDS.get(picture.suffix.lower())
    if kind is None:
        raise PublicationError(f"{picture.name}: no picture of a known kind; valid: {', '.join(KINDS)}")
    return kind
