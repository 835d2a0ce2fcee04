"""The drawings of a layer that selects show their data."""

import numpy as np

from ntp_lib import figures
from ntp_lib.figures.style import LIGHT, themed


def drawn(draw, frame):
    with themed(LIGHT):
        return draw(frame)


def test_proved_lines_begin_at_the_certificate(frames):
    frame = frames["select_stage_two"]
    figure = drawn(figures.select_stage_two, frame)
    for axes, bound in zip(figure.axes, ("loss_bound", "norm_bound", "bound"), strict=True):
        run, proved, mark = axes.get_lines()
        assert len(run.get_xdata()) == len(frame)
        np.testing.assert_allclose(proved.get_ydata(), frame[bound].dropna())
        assert set(mark.get_xdata()) == {1000}
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear", "log"]


def test_without_a_certificate_the_run_stands_alone(frames):
    frame = frames["select_stage_two"].assign(loss_bound=np.nan, norm_bound=np.nan, bound=np.nan)
    figure = drawn(figures.select_stage_two, frame)
    assert [len(axes.get_lines()[1].get_xdata()) for axes in figure.axes] == [0, 0, 0]
    assert [len(axes.get_lines()) for axes in figure.axes] == [2, 2, 2]


def test_the_map_tells_lost_from_learnt(frames):
    frame = frames["select_trap"]
    figure = drawn(figures.select_trap, frame)
    cells = frame[(frame["panel"] == "map") & (frame["curve"] == "run")]
    lost, learnt, line = figure.axes[1].get_lines()
    assert len(lost.get_xdata()) == cells["value"].sum()
    assert len(learnt.get_xdata()) == (1 - cells["value"]).sum()
    np.testing.assert_allclose(line.get_ydata(), frame.loc[frame["curve"] == "proved", "value"])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"lost", "learnt", "lost: proved above", "values: {i, j}"} <= set(names)


def test_the_limit_stands_beside_the_last_step(frames):
    frame = frames["select_generalise"]
    figure = drawn(figures.select_generalise, frame)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["100 sentences", "400 sentences"]
    curve, mark = figure.axes[0].get_lines()[:2]
    assert mark.get_xdata()[0] > curve.get_xdata()[-1]
    assert mark.get_ydata()[0] == frame["limit"].iloc[0]


def test_each_seed_is_a_curve_and_each_regime_a_name(frames):
    figure = drawn(figures.select_joint, frames["select_joint"])
    assert [len(axes.get_lines()) for axes in figure.axes] == [6, 6]
    assert len(figure.legends[0].get_texts()) == 3
