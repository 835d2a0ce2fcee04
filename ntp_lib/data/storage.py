"""Data on disk: a NumPy archive (.npz) without pickles, complete or absent."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError

FORMAT = "ntp-data"
VERSION = 1

_REQUIRED = ("embeddings", "context_probs", "values", "tokens", "row_starts", "vocab_size", "is_sparse")
_OPTIONAL = ("num_sequences", "vocabulary", "contexts")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    EOFError,
    OSError,
    TypeError,
    NotImplementedError,
    MemoryError,
)

Arrays = dict[str, npt.NDArray[Any]]


def save(data: NTPData, path: Path) -> None:
    """Write data to `path`, exactly that name, replacing a file that is there.

    p̂ is stored as the three arrays of its CSR form, labels as JSON text in UTF-8 bytes. The file is
    written under a temporary name in the same folder and renamed when it is complete.

    Args:
        data: what to store; labels must be str, int or tuples of these.
        path: of the archive.

    Raises:
        NTPDataError: for a label of another kind, or a folder that cannot be written to.
    """
    arrays: Arrays = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "embeddings": data.embeddings,
        "context_probs": data.context_probs,
        "values": data.probs.data,
        "tokens": data.probs.indices,
        "row_starts": data.probs.indptr,
        "vocab_size": np.array(data.vocab_size),
        "is_sparse": np.array(data.is_sparse),
    }
    if data.num_sequences is not None:
        arrays["num_sequences"] = np.array(data.num_sequences)
    for name, labels in (("vocabulary", data.vocabulary), ("contexts", data.contexts)):
        if labels is not None:
            arrays[name] = _labels_as_bytes(labels, name)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        _write(arrays, temporary)
        temporary.replace(path)
    except OSError as error:
        raise NTPDataError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> NTPData:
    """Read data written by `save`, to the last bit.

    Args:
        path: of the archive.

    Returns:
        The data, validated again.

    Raises:
        NTPDataError: for a file that is missing, no archive, of another format or version, damaged or without one
            of its fields, naming the file and the field.
    """
    if not path.is_file():
        raise NTPDataError(f"{path}: no such file")
    if not zipfile.is_zipfile(path):
        raise NTPDataError(f"{path}: not an archive (.npz) of next-token data, or cut short")
    arrays = _read(path)
    try:
        return _rebuilt(arrays)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise NTPDataError(f"{path}: the fields do not make next-token data: {error}") from None


def _write(arrays: Arrays, path: Path) -> None:
    with zipfile.ZipFile(path, "x") as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")
            # Random numbers do not compress, and a large file would take minutes to find that out.
            info.compress_type = zipfile.ZIP_STORED if name == "embeddings" else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _read(path: Path) -> Arrays:
    try:
        archive = np.load(path, allow_pickle=False)
    except _DAMAGE as error:
        raise NTPDataError(f"{path}: damaged archive ({error})") from None
    with archive:
        if not {"format", "version"} <= set(archive.files) or str(_field(archive, "format", path)) != FORMAT:
            raise NTPDataError(
                f"{path}: an archive, but not of next-token data (field 'format' is not {FORMAT!r})"
            )
        version = _field(archive, "version", path).tolist()
        if version != VERSION:
            raise NTPDataError(f"{path}: field 'version' is {version!r}; this release reads version {VERSION}")
        missing = [name for name in _REQUIRED if name not in archive.files]
        if missing:
            raise NTPDataError(f"{path}: the field {missing[0]!r} is missing")
        names = [*_REQUIRED, *(name for name in _OPTIONAL if name in archive.files)]
        return {name: _field(archive, name, path) for name in names}


def _field(archive: Any, name: str, path: Path) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = archive[name]
    except _DAMAGE as error:
        raise NTPDataError(f"{path}: the field {name!r} is damaged ({error})") from None
    return array


def _rebuilt(arrays: Arrays) -> NTPData:
    context_probs, values = arrays["context_probs"], arrays["values"]
    shape = (len(context_probs), int(arrays["vocab_size"]))
    probs = sp.csr_array((values, arrays["tokens"], arrays["row_starts"]), shape=shape)
    probs.check_format(full_check=True)
    labels = {name: _labels(arrays[name]) for name in ("vocabulary", "contexts") if name in arrays}
    return NTPData(
        _HandedOver(arrays.pop("embeddings")),
        context_probs,
        probs if arrays["is_sparse"] else probs.toarray(),
        num_sequences=int(arrays["num_sequences"]) if "num_sequences" in arrays else None,
        **labels,
    )


class _HandedOver:
    """An array that nothing else refers to: whoever makes an array of it may have it without a copy."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self._array = array

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self._array if dtype is None else self._array.astype(dtype, copy=False)


def _labels_as_bytes(labels: tuple[Any, ...], name: str) -> npt.NDArray[np.uint8]:
    plain = [_plain(label, name, place) for place, label in enumerate(labels)]
    return np.frombuffer(json.dumps(plain, separators=(",", ":")).encode("utf-8"), dtype=np.uint8)


def _plain(label: Any, name: str, place: int) -> Any:
    if isinstance(label, tuple):
        return [_plain(part, name, place) for part in label]
    if isinstance(label, str):
        return str(label)
    if isinstance(label, (int, np.integer)):
        return label if isinstance(label, bool) else int(label)
    raise NTPDataError(
        f"{name}: label {place} is {label!r:.60} ({type(label).__name__}); only str, int and tuples of these "
        "are stored"
    )


def _labels(array: npt.NDArray[Any]) -> tuple[Any, ...]:
    return tuple(map(_as_tuple, json.loads(array.tobytes())))


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value
