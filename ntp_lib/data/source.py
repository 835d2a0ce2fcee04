"""Where data came from: which text, and how it was cut and counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ntp_lib.errors import NTPDataError


def library_version() -> str:
    """The installed version of this library, "unknown" where it runs without being installed."""
    try:
        return version("ntp-lib")
    except PackageNotFoundError:
        return "unknown"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A text and the options that made data of it. It says nothing about the data that the data do not say.

    Attributes:
        sha256: of the text in UTF-8 without a byte order mark, in hexadecimal digits: for most files, of the file.
        context_length: L.
        dim: d.
        embedding: the law of the embeddings.
        seed: of the embeddings.
        unit: what a token is, one of `ntp_lib.data.tokenizer.UNITS`.
        lowercase: whether tokens were turned into lower case.
        vocab_size: V at most, None without a limit.
        left_out: characters of the text that are in no token, white space and invisible ones not counted.
        unicode_version: of the tables that say what a letter is.
        library_version: of this library.
    """

    sha256: str
    context_length: int
    dim: int
    embedding: str
    seed: int
    unit: str
    lowercase: bool
    vocab_size: int | None
    left_out: int
    unicode_version: str
    library_version: str

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, all plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Source:
        """The inverse of `as_dict`.

        Raises:
            NTPDataError: a field that is missing, unknown or of another type, by name.
        """
        if not isinstance(values, dict):
            raise NTPDataError(f"source is {values!r:.60}; a table of its fields is needed")
        names = [field.name for field in fields(cls)]
        for name in (*names, *values):
            if name not in values or name not in names:
                raise NTPDataError(
                    f"source: the field {name!r:.60} is {'missing' if name in names else 'unknown'}"
                )
        for field in fields(cls):
            value, kinds = values[field.name], str(field.type).split(" | ")
            if type(value).__name__ not in [kind.replace("None", "NoneType") for kind in kinds]:
                raise NTPDataError(f"source: {field.name} is {value!r:.60}; it must be {field.type}")
        return cls(**values)
