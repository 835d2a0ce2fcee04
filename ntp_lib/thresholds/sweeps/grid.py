"""The cells of a phase diagram, from a few words."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.thresholds.support_laws import SupportLaw
from ntp_lib.thresholds.trials import Cell

SPAN = re.compile(r"(?P<start>[^:]+):(?P<stop>[^:]+):(?P<count>[0-9]+)")
INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
# A grid is refused beyond this many cells, and a cell whose data would hold more numbers than this, 800 MB.
MOST_CELLS, MOST_NUMBERS = 10**5, 10**8
# name=value,value,… of a grid, with what it means.
AXES = {
    "vocab": "vocabulary sizes",
    "supports": "laws of the supports: 6, 1-5, zipf:1-5",
    "dim": "embedding dimensions",
    "ratio": "contexts per dimension; start:stop:count for evenly spaced ones",
}
# The full diagram: over |S| at V = 10, over V at |S| = 3, and the approach to the threshold up to d = 80.
FULL = (
    "vocab=10 supports=1,2,3,4,5,6,7,8,9 dim=20,40 ratio=0.9:5:42",
    "vocab=4,5,6,8,10,12,16,20 supports=3 dim=20,40 ratio=0.9:3.6:37",
    "vocab=2 supports=1 dim=10,20,40,80 ratio=1.5:2.5:21",
    "vocab=10 supports=5 dim=10,20,40,80 ratio=1.1:1.8:29",
    "vocab=10 supports=1-5,zipf:1-5 dim=10,20,40,80 ratio=1:2.5:31",
)


def parse_grid(text: str, *, question: str, trials: int, seed: int) -> list[Cell]:
    """Read "vocab=10 supports=5,6 dim=20 ratio=1:2:11": every combination is a cell.

    m is the ratio times d, rounded; ratios that round to the same m are one cell.

    Raises:
        NTPDataError: an unknown, missing or repeated axis, a value that is not a number or out of range, a
            combination without data (a support larger than the vocabulary), too many cells or too large ones.
    """
    given: dict[str, str] = {}
    for part in text.split():
        name, equals, values = part.partition("=")
        if not equals or name not in AXES:
            raise NTPDataError(f"grid: {part!r}; valid: {', '.join(f'{axis}=…' for axis in AXES)}")
        if name in given:
            raise NTPDataError(f"grid: {name} is given twice")
        given[name] = values
    missing = [name for name in AXES if name not in given]
    if missing:
        raise NTPDataError(f"grid: {missing[0]}=… is missing ({AXES[missing[0]]})")
    laws = [str(SupportLaw.parse(word)) for word in given["supports"].split(",")]
    vocabularies, dims = _integers("vocab", given["vocab"]), _integers("dim", given["dim"])
    axes = (vocabularies, laws, dims, _ratios(given["ratio"]))
    count = math.prod(len(axis) for axis in axes)
    if count > MOST_CELLS:
        raise NTPDataError(f"grid: {text!r} has {count} cells; at most {MOST_CELLS}")
    for V, _, dim, ratio in itertools.product(*axes):
        if ratio * dim * max(V, dim) > MOST_NUMBERS:
            sizes = f"vocab={V} dim={dim} ratio={ratio:g}"
            raise NTPDataError(f"grid: {sizes}: data of more than {MOST_NUMBERS} numbers; take smaller sizes")
    cells = {
        Cell(question, V, law, dim, max(1, round(ratio * dim)), trials, seed): None
        for V, law, dim, ratio in itertools.product(*axes)
    }
    return list(cells)


def _integers(name: str, text: str) -> list[int]:
    words = text.split(",")
    if not all(INTEGER.fullmatch(word) for word in words):
        raise NTPDataError(f"grid: {name}={text}: must be integers of at most 12 digits, separated by commas")
    return [int(word) for word in words]


def _ratios(text: str) -> Sequence[float]:
    span = SPAN.fullmatch(text)
    try:
        if span is None:
            ratios = [float(word) for word in text.split(",")]
        elif len(span["count"]) > len(str(MOST_CELLS)) or int(span["count"]) > MOST_CELLS:
            raise NTPDataError(f"grid: ratio={text}: at most {MOST_CELLS} ratios")
        else:
            ratios = np.linspace(float(span["start"]), float(span["stop"]), int(span["count"])).tolist()
    except NTPDataError:
        raise
    except ValueError:
        raise NTPDataError(f"grid: ratio={text}: must be numbers or start:stop:count") from None
    if not ratios or not all(0 < ratio < np.inf for ratio in ratios):
        raise NTPDataError(f"grid: ratio={text}: there must be ratios, all positive and finite")
    return ratios
