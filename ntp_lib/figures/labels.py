"""Names beside points of a plane, each where it covers no other name and no mark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

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
    panel = axes.get_window_extent()
    for label in labels:
        text = axes.annotate(
            label.text, label.at, (0, 0), textcoords="offset points", ha="center", va="center",
            color=ink(), weight=label.weight,
        )  # fmt: skip
        box = text.get_window_extent()
        places = [offset / scale for offset in _offsets(label, (box.width / 2, box.height / 2), scale)]
        costs = [_cost(_moved(text, place).get_window_extent(), taken, panel) for place in places]
        _moved(text, places[int(np.argmin(costs))])
        taken.append(text.get_window_extent())


def _offsets(label: Label, half: Place, scale: float) -> Iterable[np.ndarray]:
    """Centres of the text, in pixels from its point, at which its box is so far from the point."""
    wanted = np.arctan2(label.towards[1], label.towards[0])
    for gap in GAPS:
        for turn in TURNS:
            way = np.array([np.cos(wanted + turn), np.sin(wanted + turn)])
            yield way * (gap * scale + np.abs(way) @ np.array(half))


def _moved(text: Annotation, place: np.ndarray) -> Annotation:
    text.set_position((float(place[0]), float(place[1])))
    return text


def _cost(box: Bbox, taken: Sequence[Bbox], panel: Bbox) -> float:
    """Area of the box that lies over others or outside the panel, in square pixels."""
    inside = Bbox.intersection(box, panel)
    outside = box.width * box.height - (inside.width * inside.height if inside else 0.0)
    common = (Bbox.intersection(box, other) for other in taken)
    # What would be needed first: a name that is covered is worse than one beyond the panel's edge.
    return float(outside + 4 * sum(area.width * area.height for area in common if area))


def _around(centre: np.ndarray, half: float) -> Bbox:
    return Bbox([centre - half, centre + half])
