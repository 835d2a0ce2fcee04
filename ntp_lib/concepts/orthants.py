"""Words by the signs that several concepts give them (book, def-concepts)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.finite import require_finite

# A coordinate below this share of the largest one in its column has no sign.
NO_SIGN = 1e-9


def orthants(words: Floats, vocabulary: Sequence[Any]) -> pd.DataFrame:
    """The orthant of every word and how typical the word is of it.

    With p concepts, typicality is Σ_k |q_k| / ‖(q_1, …, q_p)‖ at the word: 1 on an axis, √p where all are equally
    strong; 0 for a word that no concept touches.

    Args:
        words: q_1, …, q_p as columns, (V, p).
        vocabulary: names of the V words.

    Returns:
        Columns token, orthant (a text of +, − and 0), typicality and size, the number of words in the orthant;
        rows by falling size, then by falling typicality.

    Raises:
        NTPDataError: numbers of words and names that differ, an array that has not two dimensions, or an entry
            that is not finite.

    Example:
        >>> orthants([[0.6, 0.4], [0.6, -0.4]], ["a", "b"])["orthant"].tolist()
        ['++', '+−']
    """
    q = real_array(words, "words", "(V, p)")
    if q.ndim != 2 or not q.size:
        raise NTPDataError(f"words has shape {q.shape}; one column per concept is needed, (V, p)")
    if len(q) != len(vocabulary):
        raise NTPDataError(f"words has {len(q)} rows, but vocabulary has {len(vocabulary)} names")
    require_finite(q, "words")
    signs = np.where(np.abs(q) > NO_SIGN * np.abs(q).max(axis=0), np.sign(q), 0.0).astype(int)
    length = np.linalg.norm(q, axis=1)
    typicality = np.abs(q).sum(axis=1) / np.where(length > 0, length, 1.0)
    frame = pd.DataFrame(
        {
            "token": list(vocabulary),
            "orthant": ["".join("0+−"[s] for s in row) for row in signs],
            "typicality": typicality,
        }
    )
    frame["size"] = frame.groupby("orthant")["token"].transform("size")
    return frame.sort_values(
        ["size", "orthant", "typicality"], ascending=[False, True, False], kind="stable", ignore_index=True
    )
