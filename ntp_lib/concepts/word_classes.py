"""Eight closed classes of words of texts on Python, chosen by hand before any result was looked at."""

from __future__ import annotations

WORD_CLASSES: dict[str, tuple[str, ...]] = {
    "exceptions": (
        "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "EOFError", "Exception",
        "FileNotFoundError", "GeneratorExit", "ImportError", "IndexError", "KeyError", "KeyboardInterrupt",
        "LookupError", "MemoryError", "ModuleNotFoundError", "NameError", "NotImplementedError", "OSError",
        "OverflowError", "RecursionError", "RuntimeError", "StopAsyncIteration", "StopIteration", "SyntaxError",
        "SystemExit", "TypeError", "UnboundLocalError", "UnicodeDecodeError", "UnicodeError", "ValueError",
        "ZeroDivisionError",
    ),
    "special methods": (
        "__add__", "__aiter__", "__anext__", "__await__", "__bool__", "__bytes__", "__call__", "__contains__",
        "__del__", "__delattr__", "__delete__", "__delitem__", "__dir__", "__enter__", "__eq__", "__exit__",
        "__format__", "__ge__", "__get__", "__getattr__", "__getattribute__", "__getitem__", "__gt__", "__hash__",
        "__iadd__", "__index__", "__init__", "__int__", "__iter__", "__le__", "__len__", "__lt__", "__missing__",
        "__mul__", "__ne__", "__new__", "__next__", "__or__", "__radd__", "__repr__", "__reversed__", "__set__",
        "__set_name__", "__setattr__", "__setitem__", "__str__", "__sub__",
    ),
    "types": (
        "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "integer", "list", "mapping",
        "object", "sequence", "set", "str", "string", "tuple",
    ),
    "modals": ("can", "cannot", "could", "may", "might", "must", "shall", "should", "will", "would"),
    "determiners": (
        "a", "all", "an", "another", "any", "each", "every", "its", "no", "some", "that", "the", "their", "these",
        "this", "those",
    ),
    "prepositions": (
        "after", "as", "at", "before", "between", "by", "for", "from", "in", "into", "of", "on", "over", "through",
        "to", "under", "with", "within", "without",
    ),
    "numbers": tuple(str(number) for number in range(20)),
    "forms of be": ("are", "be", "been", "being", "is", "was", "were"),
}  # fmt: skip
