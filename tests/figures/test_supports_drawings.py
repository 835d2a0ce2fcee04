"""The drawings about supports show their data."""

import numpy as np
import pytest

from ntp_lib import figures
from ntp_lib.figures.style import LIGHT, themed


def drawn(draw, frame):
    with themed(LIGHT):
        return draw(frame)


def points(axes):
    """All points of the lines of a panel."""
    return np.vstack([np.column_stack(line.get_data()) for line in axes.get_lines()]).astype(float)


def test_all_words_and_contexts_of_a_plane_are_drawn(frames):
    frame = frames["pentagon_planes"]
    figure = drawn(figures.pentagon_planes, frame)
    for axes, plane in zip(figure.axes, (1, 2), strict=True):
        wanted = frame.loc[frame["plane"] == plane, ["x", "y"]].to_numpy()
        distances = np.linalg.norm(wanted[:, None] - points(axes)[None], axis=2).min(axis=1)
        assert distances.max() < 1e-12
        assert sorted(text.get_text() for text in axes.texts) == list("01234")


def test_paths_are_cut_where_the_panel_ends(frames):
    figure = drawn(figures.pentagon_paths, frames["pentagon_paths"])
    near, far = figure.axes
    assert points(near)[:, 0].max() == 16
    assert points(far)[:, 0].max() == 1024
    crosses = [line for line in far.get_lines() if line.get_marker() == "x"]
    assert [len(line.get_xdata()) for line in crosses] == [4]


def test_speeds_have_the_proved_powers_beside_them(frames):
    frame = frames["speed_panels"]
    figure = drawn(figures.speed_panels, frame)
    curve, guide = figure.axes[0].get_lines()[:2]
    first = frame[frame["curve"] == "tree"]
    np.testing.assert_allclose(curve.get_ydata(), first["distance"])
    np.testing.assert_allclose(guide.get_ydata(), first["distance"])
    bound = [line for line in figure.axes[3].get_lines() if set(line.get_ydata()) == {1.0}]
    assert len(bound) == 1


def test_the_fan_marks_where_it_should_start(frames):
    frame = frames["singular_fan"]
    figure = drawn(figures.singular_fan, frame)
    for axes in figure.axes:
        marks = [line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "^"]
        assert marks == pytest.approx(frame.groupby("index")["start"].first().to_list())
        assert axes.xaxis_inverted()


def test_the_law_stands_beside_what_is_measured(frames):
    frame = frames["proxy_law_panels"]
    figure = drawn(figures.proxy_law_panels, frame)
    for axes, column in zip(figure.axes, ("excess", "cosine", "slack", "rank"), strict=True):
        law = frame.loc[frame["curve"] == "law", column]
        np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), law)
        assert len(axes.containers) == 2
    assert figure.axes[0].get_yscale() == "log"


def test_the_rule_is_dotted_beside_the_paths_only(frames):
    frame = frames["without_strictness_panels"]
    figure = drawn(figures.without_strictness_panels, frame)
    distance, point = figure.axes
    assert len(distance.get_lines()) == 3
    dotted = [line.get_ydata()[0] for line in point.get_lines() if line.get_linestyle() == ":"]
    assert dotted == pytest.approx([0.11, 0.0, 0.36])
    assert distance.get_ylim()[0] == 0
