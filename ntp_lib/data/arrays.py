"""Arrays of NumPy and tensors of torch: which one was given, and how to return the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import array_api_compat
import numpy as np


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
        return self.namespace.asarray(np.array(array), device=self.device)


NUMPY = ArrayKind.of(None)


def to_numpy(value: Any) -> Any:
    """A tensor as a NumPy array, detached and on the CPU; anything else unchanged."""
    return value.detach().cpu().numpy() if array_api_compat.is_torch_array(value) else value
