"""Data on disk: a NumPy archive (.npz) without pickles, complete or absent."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.data.archive import Arrays, read_arrays
from ntp_lib.data.source import Source
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.whole_file import whole_file

Data = TypeVar("Data")

FORMAT = "ntp-data"
VERSION = 1

# The fields of an archive: letters of the NumPy kinds they may have, and their number of dimensions.
_LABELS = ("vocabulary", "contexts")
_FIELDS = {
    "format": ("U", 0),
    "version": ("iu", 0),
    "embeddings": ("f", 2),
    "context_probs": ("f", 1),
    "values": ("f", 1),
    "tokens": ("iu", 1),
    "row_starts": ("iu", 1),
    "vocab_size": ("iu", 0),
    "is_sparse": ("b", 0),
    "num_sequences": ("iu", 0),
    **dict.fromkeys((*_LABELS, "source"), ("u", 1)),
}
_OPTIONAL = frozenset({"num_sequences", "source", *_LABELS})

# Compressed fields stay below this, so that no archive unpacks to a large multiple of its own size.
MAX_COMPRESSED = 2**25
# A dense p̂ of more entries (1 GiB), most of them zeros that the archive does not hold, is not unpacked.
MAX_DENSE_ENTRIES = 2**27
MAX_DENSE_RATIO = 1000
# Labels are str, int and tuples of these, nested at most this deep; JSON of more parts than this must have a byte
# on disk for each of them.
MAX_LABEL_DEPTH = 8
MAX_PARTS = 2**23


def save(
    path: Path,
    *,
    embeddings: Floats,
    context_probs: Floats,
    probs: sp.csr_array[np.float64],
    is_sparse: bool,
    labels: Mapping[str, Sequence[Any] | None],
    num_sequences: int | None,
    source: Source | None,
) -> None:
    """Write data to `path`, exactly that name, replacing a file that is there.

    p̂ is stored as the three arrays of its CSR form, labels as JSON text in UTF-8 bytes. The file is
    written under a temporary name in the same folder and renamed when it is complete.

    Args:
        path: of the archive.
        embeddings: (m, d).
        context_probs: π̂, (m,).
        probs: p̂ as CSR, (m, V).
        is_sparse: p̂ was given as a sparse array.
        labels: `vocabulary` and `contexts`: str, int or tuples of these, or None.
        num_sequences: n, or None.
        source: the text the data were made of, or None.

    Raises:
        NTPDataError: for a label of another kind, a path that cannot be written to, or a dense p̂ beyond
            `MAX_DENSE_ENTRIES` that is almost all zeros.
    """
    _refuse_mostly_zeros(probs.shape, probs.nnz, is_sparse=is_sparse)
    arrays: Arrays = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "embeddings": embeddings,
        "context_probs": context_probs,
        "values": probs.data,
        "tokens": probs.indices,
        "row_starts": probs.indptr,
        "vocab_size": np.array(probs.shape[1]),
        "is_sparse": np.array(is_sparse),
    }
    if num_sequences is not None:
        arrays["num_sequences"] = np.array(num_sequences)
    for name, names in labels.items():
        if names is not None:
            arrays[name] = _as_bytes(
                [_plain(label, name, place, MAX_LABEL_DEPTH) for place, label in enumerate(names)]
            )
    if source is not None:
        arrays["source"] = _as_bytes(source.as_dict())
    try:
        with whole_file(path) as temporary:
            _write(arrays, temporary)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise NTPDataError(f"{path}: cannot be written ({reason})") from None


def load(path: Path, make: Callable[..., Data]) -> Data:
    """Read data written by `save`, to the last bit.

    The archive may be anybody's: no code in it is run, and memory and time are bounded by its size on disk.

    Args:
        path: of the archive.
        make: `NTPData`, which validates the fields again.

    Returns:
        The data.

    Raises:
        NTPDataError: for a file that is missing, no archive, of another format or version, damaged or without one
            of its fields, naming the file and the field.
    """
    arrays = read_arrays(
        path, {name: _FIELDS[name] for name in ("format", "version")}, optional=frozenset(_FIELDS)
    )
    if str(arrays.get("format")) != FORMAT or "version" not in arrays:
        raise NTPDataError(f"{path}: an archive, but not of next-token data (field 'format' is not {FORMAT!r})")
    version = int(arrays["version"])
    if version != VERSION:
        raise NTPDataError(f"{path}: field 'version' is {version}; this release reads version {VERSION}")
    arrays = read_arrays(path, _FIELDS, optional=_OPTIONAL)
    try:
        _refuse_many_parts(arrays, path.stat().st_size)
        return make(**_fields(arrays), copy=False)
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise NTPDataError(f"{path}: the fields do not make next-token data: {reason}") from None


def _write(arrays: Arrays, path: Path) -> None:
    with zipfile.ZipFile(path, "x") as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")
            # Random numbers do not compress, and a large file would take minutes to find that out.
            stored = name == "embeddings" or array.nbytes > MAX_COMPRESSED
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _fields(arrays: Arrays) -> dict[str, Any]:
    context_probs, values = arrays["context_probs"], arrays["values"]
    shape, is_sparse = (len(context_probs), int(arrays["vocab_size"])), bool(arrays["is_sparse"])
    _refuse_mostly_zeros(shape, len(values), is_sparse=is_sparse)
    probs = sp.csr_array((values, arrays["tokens"], arrays["row_starts"]), shape=shape)
    probs.check_format(full_check=True)
    labels = {name: _labels(arrays[name], name) for name in _LABELS if name in arrays}
    return {
        "embeddings": arrays["embeddings"],
        "context_probs": context_probs,
        "next_token_probs": probs if is_sparse else probs.toarray(),
        "num_sequences": int(arrays["num_sequences"]) if "num_sequences" in arrays else None,
        "source": Source.from_dict(_from_bytes(arrays["source"], "source")) if "source" in arrays else None,
        **labels,
    }


def _refuse_many_parts(arrays: Arrays, size: int) -> None:
    """Refuse text that would become many more objects than there are bytes in the file."""
    for name in (*_LABELS, "source"):
        content = arrays[name] if name in arrays else np.zeros(0, dtype=np.uint8)
        parts = np.count_nonzero((content == ord(",")) | (content == ord("[")) | (content == ord("{")))
        if parts > MAX_PARTS + size:
            raise NTPDataError(f"{name} has {parts:,} parts, more than a file of {size:,} bytes has room for")


def _refuse_mostly_zeros(shape: tuple[int, int], count: int, *, is_sparse: bool) -> None:
    entries = shape[0] * shape[1]
    if not is_sparse and entries > max(MAX_DENSE_ENTRIES, MAX_DENSE_RATIO * count):
        raise NTPDataError(
            f"p̂ is dense of shape {shape}, {8 * entries:,} bytes for {count:,} probabilities; give "
            "next_token_probs as a scipy.sparse array"
        )


def _as_bytes(value: Any) -> npt.NDArray[np.uint8]:
    try:
        text = json.dumps(value, separators=(",", ":"))
    except ValueError as error:  # an integer of more digits than Python writes
        raise NTPDataError(f"labels cannot be stored: {error}") from None
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def _from_bytes(array: npt.NDArray[Any], name: str) -> Any:
    def refuse(constant: str) -> None:
        raise NTPDataError(f"{name} holds {constant}, which is no JSON")

    return json.loads(array.tobytes(), parse_constant=refuse)


def _plain(label: Any, name: str, place: int, depth: int) -> Any:
    if isinstance(label, tuple) and depth:
        return [_plain(part, name, place, depth - 1) for part in label]
    if isinstance(label, str):
        return str(label)
    if isinstance(label, (int, np.integer)):
        return label if isinstance(label, bool) else int(label)
    raise NTPDataError(
        f"{name}: label {place} is {label!r:.60} ({type(label).__name__}); only str, int and tuples of these "
        "are stored"
    )


def _labels(array: npt.NDArray[Any], name: str) -> tuple[Any, ...]:
    values = _from_bytes(array, name)
    if not isinstance(values, list):
        raise NTPDataError(f"{name} is {values!r:.60}; a list of labels is needed")
    return tuple(_as_label(value, name, place, MAX_LABEL_DEPTH) for place, value in enumerate(values))


def _as_label(value: Any, name: str, place: int, depth: int) -> Any:
    if isinstance(value, list) and depth:
        return tuple(_as_label(part, name, place, depth - 1) for part in value)
    if not isinstance(value, (str, int)):
        raise NTPDataError(
            f"{name}: label {place} holds {value!r:.60}; labels are text, integers or lists of these"
        )
    return value
