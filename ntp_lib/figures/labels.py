"""Names beside points of a plane, each where it covers no other name and no mark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.style import ink

# Tried one after the other: how far from the wanted direction, and how far from the point, in points.
TURNS = np.deg2rad([0, 30, -30, 60, -60, 90, -90, 120, -120, 150, -150, 180])
GAPS = (6.0, 14.0, 24.0)
# Half the width of a star and of an arrow in points, and where along an arrow it is looked for.
MARK, SHAFT = 6.0, 1.5
SHARES = np.linspace(0.05, 1.0, 20)
Place = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """A name, the point it belongs to and the direction from the point in which it should stand."""

    text: str
    at: Place
    towards: Place
    weight: str = "normal"


def apart(axes: Axes, labels: Iterable[Label], marks: Iterable[Place] = (), arrows: Iterable[Place] = ()) -> None:
    """Write names beside their points where they cover least of one another, of marks, arrows and the outside.

    Args:
        axes: panel whose limits are set.
        labels: names, the most important first.
        marks: centres of marks, in data coordinates.
        arrows: ends of arrows from the origin, in data coordinates.
    """
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    # The layout decides how many points a unit of the data is.
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    shafts = [share * np.array(end) for end in arrows for share in SHARES]
    taken = [_around(axes.transData.transform(mark), MARK * scale) for mark in marks]
    taken += [_around(axes.transData.transform(point), SHAFT * scale) for point in shafts]
    panel = np.array(axes.get_window_extent().extents)
    for label in labels:
        text = axes.annotate(
            label.text, label.at, (0, 0), textcoords="offset points", ha="center", va="center",
            color=ink(), weight=label.weight,
        )  # fmt: skip
        box = text.get_window_extent()
        half = np.array([box.width, box.height]) / 2
        offsets = _offsets(label, half, scale)
        boxes = _around(axes.transData.transform(label.at) + offsets, half)
        best = int(np.argmin(_costs(boxes, np.array(taken).reshape(-1, 4), panel)))
        right, up = offsets[best] / scale
        text.set_position((float(right), float(up)))
        taken.append(boxes[best])


def _offsets(label: Label, half: np.ndarray, scale: float) -> np.ndarray:
    """Centres of the text (36×2), in pixels from its point, at which its box is so far from the point."""
    wanted = np.arctan2(label.towards[1], label.towards[0])
    ways = np.stack([np.cos(wanted + TURNS), np.sin(wanted + TURNS)], axis=1)
    reach = np.multiply.outer(np.array(GAPS) * scale, np.ones(len(TURNS))) + np.abs(ways) @ half
    return (reach[:, :, None] * ways).reshape(-1, 2)


def _costs(boxes: np.ndarray, taken: np.ndarray, panel: np.ndarray) -> np.ndarray:
    """Area of each box (n×4) that lies over those taken (k×4) or outside the panel (4), in square pixels."""
    outside = _common(boxes, boxes) - _common(boxes, panel)
    # What would be needed first: a name that is covered is worse than one beyond the panel's edge.
    return outside + 4 * _common(boxes[:, None], taken).sum(axis=1)


def _common(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Area common to boxes with edges left, bottom, right, top; any shapes that broadcast to ...×4."""
    low, high = np.maximum(boxes, others)[..., :2], np.minimum(boxes, others)[..., 2:]
    return np.prod(np.maximum(high - low, 0.0), axis=-1)


def _around(centre: np.ndarray, half: np.ndarray | float) -> np.ndarray:
    return np.concatenate([centre - half, centre + half], axis=-1)
