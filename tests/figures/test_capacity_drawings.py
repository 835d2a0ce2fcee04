"""The drawings of capacity show their data."""

import numpy as np
import pytest

from ntp_lib import figures
from ntp_lib.figures.style import LIGHT, themed


def drawn(draw, frame):
    with themed(LIGHT):
        return draw(frame)


def heights(axes):
    return np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()])


def test_floors_at_rounding_are_drawn_and_their_line_is_not(frames):
    frame = frames["rank_floors"]
    figure = drawn(figures.rank_floors, frame)
    for axes, (_, part) in zip(figure.axes, frame.groupby("labels", sort=False), strict=True):
        floor, line = (np.asarray(curve.get_ydata(), dtype=float) for curve in axes.get_lines())
        np.testing.assert_allclose(floor, np.maximum(part["floor"], 1e-32))
        np.testing.assert_allclose(line, part["quadratic"][part["quadratic"] > 1e-20])


def test_each_case_of_selections_has_its_law(frames):
    frame = frames["selection_shares"]
    figure = drawn(figures.selection_shares, frame)
    for axes, (case, part) in zip(figure.axes, frame.groupby("case", sort=False), strict=True):
        assert axes.get_title(loc="left").replace("\n", " ") == case
        *curves, exact, law = axes.get_lines()
        assert list(exact.get_ydata()) == list(part.drop_duplicates("ratio")["exact"])
        assert law.get_xdata()[0] == part["law"].iloc[0]
        assert sorted(np.concatenate([c.get_ydata() for c in curves])) == pytest.approx(sorted(part["share"]))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("order_shares", ["share", "exact"]),
        ("vocabulary_halves", ["half"]),
        ("text_widths", ["rank", "worst_case", "matrix_law", "law", "count", "gaussian", "transformer"]),
    ],
)
def test_all_columns_are_drawn(name, columns, frames):
    frame = frames[name]
    figure = drawn(getattr(figures, name), frame)
    wanted = frame[columns].to_numpy().ravel()
    shown = heights(figure.axes[0])
    for value in wanted[np.isfinite(wanted)]:
        assert np.nanmin(np.abs(shown - value)) < 1e-12


def test_the_map_has_a_square_for_each_run_and_two_borders(frames):
    frame = frames["trained_map"]
    figure = drawn(figures.trained_map, frame)
    squares = figure.axes[0].collections[0]
    np.testing.assert_allclose(squares.get_array(), frame["excess"])
    np.testing.assert_allclose(squares.get_offsets()[:, 0], frame["width"])
    law, free = figure.axes[0].get_lines()
    assert list(law.get_xdata()) == frame["law"].unique().tolist()
    assert set(free.get_xdata()) == set(frame["free"])
