"""On either sheet every text of every drawing is large enough to read, inside the figure and apart from others."""

import itertools
from contextlib import ExitStack

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from ntp_lib import figures
from ntp_lib.figures import lettering
from ntp_lib.figures.rendering import drawn
from ntp_lib.figures.sheet import NARROW, WIDE, drawn_on, panels
from ntp_lib.figures.style import LIGHT, themed

on_both_sheets = pytest.mark.parametrize("sheet", [WIDE, NARROW], ids=lambda sheet: sheet.name)

LEAST_PIXELS = 10.0
# matplotlib's constant size of a script against its base.
SCRIPT = 0.7
PIXELS = 96 / 72
# The columns of a page at 1280 and at 390 pixels: what is drawn wider is shown smaller.
COLUMNS = {"wide": 671.04, "narrow": 358.0}


@pytest.fixture
def draw_on():
    """Draw a frame on a sheet; its theme holds for the whole test, for the numbers on an axis depend on it."""
    with ExitStack() as held:

        def draw_on(sheet, draw, frame):
            held.enter_context(drawn_on(sheet))
            held.enter_context(themed(LIGHT))
            figure = drawn(frame, draw)
            figure.set_dpi(96)
            FigureCanvasAgg(figure).draw()
            return figure

        yield draw_on


def written(figure):
    """Texts that show something; numbers of ticks beyond the ends of an axis do not."""
    beyond = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not _within(tick.get_loc(), axis.get_view_interval())
    }
    texts = figure.findobj(lambda artist: isinstance(artist, mpl.text.Text) and artist not in beyond)
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def _within(value, interval):
    low, high = sorted(interval)
    return low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high)


def least_pixels(figure, column):
    """The smallest type of a figure in pixels, as it is shown in a column of so many pixels."""
    shown = min(1.0, column / (96 * figure.get_figwidth()))
    sizes = [text.get_fontsize() * (SCRIPT if "$" in text.get_text() else 1.0) for text in written(figure)]
    return min(sizes) * PIXELS * shown


def outside(figure):
    return [
        text.get_text()
        for text in written(figure)
        if not (_box(text).x0 >= -1 and _box(text).y0 >= -1 and _box(text).x1 <= figure.bbox.width + 1
                and _box(text).y1 <= figure.bbox.height + 1)
    ]  # fmt: skip


def touching(figure):
    """Pairs of texts that lie over each other by more than the blank that a line of type has around it."""
    boxes = [(text, _box(text).padded(-1.5)) for text in written(figure)]
    return [
        (one.get_text(), two.get_text())
        for (one, first), (two, second) in itertools.combinations(boxes, 2)
        if first.overlaps(second)
    ]


def _box(text):
    return text.get_window_extent(text.get_figure(root=True).canvas.get_renderer())


@on_both_sheets
def test_type_is_large_enough_and_nothing_is_cut_or_covered(draw_on, sheet, drawing):
    figure = draw_on(sheet, *drawing)
    assert figure.get_figwidth() == sheet.width
    assert least_pixels(figure, COLUMNS[sheet.name]) >= LEAST_PIXELS
    assert outside(figure) == []
    assert touching(figure) == []


@on_both_sheets
def test_those_checks_see_small_type_and_texts_cut_or_covered(draw_on, sheet, frames):
    figure = draw_on(sheet, figures.remainder_panels, frames["remainder_panels"])
    axes = figure.axes[0]
    # Nine points with a script was the size of legends; without one it is large enough.
    small = figure.text(0.5, 0.5, "$x^2$", fontsize=9)
    assert least_pixels(figure, COLUMNS[sheet.name]) < LEAST_PIXELS
    small.set_text("x")
    assert least_pixels(figure, COLUMNS[sheet.name]) >= LEAST_PIXELS
    # What was shown at 9.2 inches came out a quarter smaller.
    assert least_pixels(figure, COLUMNS[sheet.name] * 6.99 / 9.2) < LEAST_PIXELS
    small.set(text="covers", x=0.0, y=0.0, transform=axes.title.get_transform())
    small.set_position(axes._left_title.get_position())
    assert touching(figure)
    small.set(transform=figure.transFigure, position=(0.99, 0.5), text="cut off")
    assert outside(figure) == ["cut off"]


def axis_of(low, high):
    figure = Figure()
    axes = figure.subplots()
    axes.set(yscale="log", ylim=(low, high))
    lettering.readable_logs(figure)
    FigureCanvasAgg(figure).draw()
    minor = [text.get_text() for text in axes.yaxis.get_ticklabels(minor=True)]
    return [tick.label1.get_text() for tick in axes.yaxis.get_major_ticks()], [text for text in minor if text]


@pytest.mark.parametrize(("low", "high"), [(0.4, 0.8), (0.03, 2), (3, 40), (0.9, 1.1), (900, 60000), (0.002, 0.4)])
def test_a_short_logarithmic_axis_has_plain_numbers(low, high):
    numbers, minor = axis_of(low, high)
    shown = [float(number) for number in numbers if low <= float(number) <= high]
    assert len(shown) >= 2
    assert minor == []


@pytest.mark.parametrize(("low", "high"), [(1e-6, 1), (1, 1e4)])
def test_a_long_logarithmic_axis_has_powers_of_ten(low, high):
    numbers, minor = axis_of(low, high)
    assert all("10^{" in number for number in numbers if number)
    assert minor == []


def test_beyond_plain_numbers_stand_powers():
    assert [lettering._decimal(value) for value in (0.02, 5000, 1e-5, 2e-7)] == [
        "0.02", "5000", "$10^{-5}$", r"$2\cdot 10^{-7}$",
    ]  # fmt: skip


def test_lines_are_broken_where_they_are_too_long_and_never_in_a_formula():
    font = FontProperties(size=10)
    text = r"Length of $P_{\perp} W_k$ and more"
    assert lettering.lines(text, 1000, font) == [text]
    broken = lettering.lines(text, 80, font)
    assert " ".join(broken) == text
    assert len(broken) > 1
    assert all(line.count("$") % 2 == 0 for line in broken)
    assert all(lettering.width(line, font) <= 80 for line in broken)


def test_panels_stand_side_by_side_or_below_each_other():
    wide, grid = panels(3, 2.5)
    assert len(grid) == 3
    assert wide.get_size_inches().tolist() == [WIDE.width, 5.0]
    with drawn_on(NARROW):
        narrow, grid = panels(3, 2.5)
    assert len({axes.get_position().x0 for axes in grid}) == 1
    assert np.allclose(narrow.get_size_inches(), [NARROW.width, 7.5])


def test_a_legend_makes_the_figure_higher_and_is_no_wider(draw_on, frames):
    figure = draw_on(NARROW, figures.contender_times, frames["contender_times"])
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
