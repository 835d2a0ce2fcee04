"""Reading NumPy archives (.npz) that somebody else may have made: no pickles, bounded memory, nothing believed.

Every field is checked in the table of contents and in its header before a byte of it is unpacked.
"""

from __future__ import annotations

import math
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ntp_lib.errors import NTPDataError

Arrays = dict[str, npt.NDArray[Any]]

# Unpacked fields may take as much as this together, beside a multiple of what the file itself takes on disk.
MAX_UNPACKED = 2**28
MAX_RATIO = 20
MAX_HEADER = 4096
CHUNK = 2**20


def read_arrays(path: Path, kinds: Mapping[str, tuple[str, int]], *, optional: frozenset[str]) -> Arrays:
    """Read the fields of an archive.

    Args:
        path: of the archive, a regular file.
        kinds: letters of the NumPy kinds a field may have, and its number of dimensions, by name. Other fields of
            the archive are not looked at.
        optional: the fields that may be absent.

    Raises:
        NTPDataError: naming the file, and the field that is missing, doubled, damaged, locked, too large or of
            another kind.
    """
    size = _size_of_regular_file(path)
    # The bytes are anybody's: what zipfile and NumPy raise on them is not limited to any list of exceptions.
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise NTPDataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception:
        raise NTPDataError(f"{path}: not an archive (.npz) of next-token data, or cut short") from None
    with archive:
        members = _members(archive, kinds, optional, path)
        unpacked = sum(info.file_size for info in members.values())
        if unpacked > MAX_UNPACKED + MAX_RATIO * size:
            raise NTPDataError(
                f"{path}: its fields would take {unpacked:,} bytes, far more than its {size:,} bytes on disk hold"
            )
        return {name: _field(archive, info, name, kinds[name], path) for name, info in members.items()}


def _size_of_regular_file(path: Path) -> int:
    try:
        status = os.stat(path)  # noqa: PTH116 - a path with a NUL is a ValueError here, in every version
    except ValueError:
        raise NTPDataError(f"{str(path)!r}: no path of a file") from None
    except FileNotFoundError:
        raise NTPDataError(f"{path}: no such file") from None
    except OSError as error:
        raise NTPDataError(f"{path}: cannot be read ({error.strerror})") from None
    if not stat.S_ISREG(status.st_mode):
        raise NTPDataError(f"{path}: no such file; it is a folder or a device, not an archive (.npz)")
    return status.st_size


def _members(
    archive: zipfile.ZipFile, kinds: Mapping[str, tuple[str, int]], optional: frozenset[str], path: Path
) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name not in kinds:
            continue
        if name in members:
            raise NTPDataError(f"{path}: the field {name!r} is there twice")
        if info.flag_bits & 1:
            raise NTPDataError(f"{path}: the field {name!r} is encrypted; archives without a password are read")
        members[name] = info
    for name in kinds:
        if name not in members and name not in optional:
            raise NTPDataError(f"{path}: the field {name!r} is missing")
    return members


def _field(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, kind: tuple[str, int], path: Path
) -> npt.NDArray[Any]:
    try:
        with archive.open(info) as file:
            array = _empty_array(file, info.file_size, kind)
            raw, filled = array.ravel(order="K").view(np.uint8), 0
            while filled < len(raw) and (part := file.read(min(CHUNK, len(raw) - filled))):
                raw[filled : filled + len(part)] = np.frombuffer(part, dtype=np.uint8)
                filled += len(part)
            if filled < len(raw) or file.read(1):  # reading to the end is what compares the checksum
                raise ValueError("not as long as its header says")
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise NTPDataError(f"{path}: the field {name!r} is damaged ({reason})") from None
    return array


def _empty_array(file: IO[bytes], size: int, kind: tuple[str, int]) -> npt.NDArray[Any]:
    """An array of the shape and kind in the member's header, once these are known to fit what was asked for."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"header version {version}, not (1, 0)")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=MAX_HEADER)
    letters, ndim = kind
    if dtype.kind not in letters:
        raise ValueError(
            f"holds {'objects' if dtype.hasobject else dtype}, not numbers or text of the kind needed"
        )
    if len(shape) != ndim or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"has shape {str(shape)[:60]}; {ndim} dimension(s) are needed")
    if file.tell() + math.prod(shape) * dtype.itemsize != size:
        raise ValueError(f"its header declares shape {shape}, which does not fit its {size:,} bytes")
    return np.empty(shape, dtype, order="F" if fortran else "C")
