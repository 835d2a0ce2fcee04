"""Arrays and tensors: one rule for every function that takes them.

What takes an array takes nested lists and tensors of torch too, on any device, also with a gradient, from which
they are detached: nothing here can be differentiated through. Work is done in float64, and what is returned in
place of an array given is of its kind, float64 on its device. `NTPData`, tables and results that follow from data
alone hold NumPy arrays, except that `ntp_lib.ntp_svm` follows the embeddings. Single numbers are Python's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from numbers import Real
from typing import Any

import array_api_compat
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats

# What arrays of NumPy can hold beside real numbers, by the letter of their kind.
NOT_NUMBERS = {
    "b": "a boolean",
    "c": "a complex number",
    "U": "text",
    "S": "bytes",
    "T": "text",
    "M": "a date",
    "m": "a duration",
    "V": "a record",
}
NUMPY_FLOATS = ("torch.float16", "torch.float32", "torch.float64")
# Lists of lists are looked through this deep for tensors and booleans.
LIST_DEPTH = 3


@dataclass(frozen=True)
class ArrayKind:
    """A library of arrays and a device, by their names, so that it can be pickled.

    Attributes:
        library: "numpy" or "torch".
        device: where its arrays live, such as "cpu" or "cuda:0".
    """

    library: str
    device: str

    @classmethod
    def of(cls, value: Any) -> ArrayKind:
        """The kind of a tensor; NumPy for anything else, lists and sparse arrays included."""
        if array_api_compat.is_torch_array(value):
            return cls("torch", str(value.device))
        return cls("numpy", "cpu")

    @property
    def namespace(self) -> Any:
        """The library's array functions (array-api-compat)."""
        return import_module(f"array_api_compat.{self.library}")

    @property
    def is_numpy(self) -> bool:
        """Whether arrays of this kind are NumPy arrays."""
        return self.library == "numpy"

    def convert(self, array: Any) -> Any:
        """The same values as an array of this kind, on its device; an array of this kind itself, unchanged."""
        if self.is_numpy or array_api_compat.is_torch_array(array):
            return array
        # A copy, because the data's own arrays are read-only and torch has no such tensors.
        try:
            return self.namespace.asarray(np.array(array), device=self.device)
        except TypeError as error:
            raise NTPDataError(
                f"device {self.device}: {error}; move the tensors to a device with float64, e.g. the CPU"
            ) from None


NUMPY = ArrayKind.of(None)


def to_numpy(value: Any, name: str = "a tensor") -> Any:
    """A tensor as a NumPy array, detached and on the CPU; anything else unchanged.

    Floats that NumPy lacks (bfloat16, float8) become float64, which holds each of them exactly.

    Raises:
        NTPDataError: a tensor without plain values: sparse, quantised, on the meta device.
    """
    if not array_api_compat.is_torch_array(value):
        return value
    if str(value.layout) != "torch.strided":
        raise NTPDataError(f"{name} has the layout {value.layout}; a dense tensor is needed: call .to_dense()")
    try:
        plain = value.detach().cpu().resolve_conj().resolve_neg()
        if plain.is_floating_point() and str(plain.dtype) not in NUMPY_FLOATS:
            plain = plain.double()
        return plain.numpy()
    except (TypeError, RuntimeError) as error:
        raise NTPDataError(
            f"{name} ({value.dtype}, on {value.device}) holds no values that could be read: {error}"
        ) from None


def real_array(value: Any, name: str, shape_words: str, *, copy: bool = True) -> Floats:
    """Real numbers as a float64 array, or an error that says which entry is none.

    Args:
        value: an array, a tensor, nested lists, or what makes an array of itself.
        name: of the value, for the error.
        shape_words: its shape, for the error.
        copy: never return memory that `value` itself holds.

    Raises:
        NTPDataError: text, booleans, dates, complex or masked numbers, integers beyond float64, sparse arrays,
            rows of unequal length, or no array at all.
    """
    expected = f"{name} must be numbers of shape {shape_words}"
    if sp.issparse(value):
        raise NTPDataError(f"{expected}; got a sparse array, and a dense one is needed: call .toarray()")
    given = _without_tensors(value, name, expected, ())
    try:
        array = given if isinstance(given, np.ndarray) else np.array(given)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise NTPDataError(f"{expected}; got {error}") from None
    if isinstance(array, np.ma.MaskedArray):
        _refuse(expected, np.ma.getmaskarray(array), lambda place: "masked; fill it or leave its row out")
        array = np.ma.getdata(array)
    if array.dtype.kind == "O":
        return _from_objects(array, expected)
    if array.dtype.kind in NOT_NUMBERS:
        what = NOT_NUMBERS[array.dtype.kind]
        _refuse(expected, np.ones(array.shape, dtype=bool), lambda place: f"{array[place]!r:.60}, {what}")
        raise NTPDataError(f"{expected}; got an empty array of {array.dtype}")
    with np.errstate(
        over="ignore"
    ):  # an extended number beyond float64 becomes infinite, which is refused by name
        return np.asarray(array).astype(np.float64, order="C", copy=copy and array is given)


def _without_tensors(value: Any, name: str, expected: str, place: tuple[int, ...]) -> Any:
    """Nested lists with NumPy arrays in place of tensors; a boolean among their numbers would pass for 0 or 1."""
    if isinstance(value, (bool, np.bool_)):
        raise NTPDataError(f"{expected}; entry {_words(place)} is {value!r}, a boolean")
    if not isinstance(value, (list, tuple)):
        return to_numpy(value, name)
    if len(place) >= LIST_DEPTH or set(map(type, value)) <= {float, int}:
        return value
    return [_without_tensors(part, name, expected, (*place, i)) for i, part in enumerate(value)]


def _from_objects(array: npt.NDArray[Any], expected: str) -> Floats:
    if array.ndim == 0:
        raise NTPDataError(f"{expected}: an array, a tensor or nested lists; got {type(array[()]).__name__}")
    floats = np.empty(array.shape)
    for place, entry in np.ndenumerate(array):
        if not isinstance(entry, Real) or isinstance(entry, (bool, np.bool_)):
            raise NTPDataError(f"{expected}; entry {_words(place)} is {entry!r:.60} ({type(entry).__name__})")
        try:
            floats[place] = float(entry)
        except OverflowError:
            raise NTPDataError(f"{expected}; entry {_words(place)} is beyond the range of float64") from None
    return floats


def _refuse(expected: str, bad: npt.NDArray[np.bool_], words: Callable[[tuple[int, ...]], str]) -> None:
    if bad.any():
        place = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
        raise NTPDataError(f"{expected}; entry {_words(place)} is {words(place)}")


def _words(place: tuple[int, ...]) -> str:
    return ", ".join(map(str, place)) if len(place) == 1 else str(place)
