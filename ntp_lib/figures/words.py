"""Texts of the data as matplotlib draws them: as they are, not as formulas."""

from __future__ import annotations

import re

import pandas as pd

# Neither a font nor XML has these: control characters, line breaks among them, and halves of surrogate pairs.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def as_words(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with texts in which matplotlib sees no formula and no character that it cannot write.

    A token may be called $\\input{x}$. Labels that a drawing function writes itself keep their formulas.
    """
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    literal = {name: frame[name].map(_literal) for name in texts}
    changed = {name: values for name, values in literal.items() if values.ne(frame[name]).any()}
    return frame.assign(**changed) if changed else frame


def _literal(value: object) -> object:
    return UNPRINTABLE.sub("\ufffd", value).replace("$", r"\$") if isinstance(value, str) else value
