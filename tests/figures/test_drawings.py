"""Every drawing function draws its documented frame, in both themes, without a warning, and shows its data."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ntp_lib import figures
from ntp_lib.figures.style import DARK, LIGHT, dash, ink, palette, themed

both_themes = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def luminance(colour):
    """Relative luminance of the web's accessibility guidelines."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def drawn(draw, frame, theme=LIGHT):
    with themed(theme):
        return draw(frame)


def assert_readable(figure, theme):
    texts = [t for t in figure.findobj(mpl.text.Text) if t.get_text().strip() and t.get_visible()]
    assert texts
    for text in texts:
        # 4.5 is what the guidelines ask of body text.
        assert contrast(text.get_color(), theme.paper) >= 4.5, text.get_text()


def assert_labelled(figure):
    shared = figure.get_supxlabel(), figure.get_supylabel()
    for axes in figure.axes:
        if axes.get_visible():
            # A colour bar has one axis, upright or lying; the second scale of a panel no horizontal one.
            if axes.get_label() == "<colorbar>":
                assert axes.get_xlabel() or axes.get_ylabel()
                continue
            assert axes.get_xlabel() or shared[0] or axes.yaxis.get_label_position() == "right"
            assert axes.get_ylabel() or shared[1]


@both_themes
def test_a_figure_comes_out_readable_and_labelled(drawing, theme):
    """Drawn to the last pixel, so that a warning of the layout counts too."""
    draw, frame = drawing
    before = frame.copy()
    figure = drawn(draw, frame, theme)
    with themed(theme):
        figure.canvas.draw()
    assert isinstance(figure, Figure)
    assert any(axes.has_data() for axes in figure.axes)
    pd.testing.assert_frame_equal(frame, before)
    assert_readable(figure, theme)
    assert_labelled(figure)


def test_those_checks_see_a_wrong_theme_and_a_missing_label(frames):
    figure = drawn(figures.training_panels, frames["training_panels"], LIGHT)
    with pytest.raises(AssertionError):
        assert_readable(figure, DARK)
    figure.axes[0].set_ylabel("")
    with pytest.raises(AssertionError):
        assert_labelled(figure)


@both_themes
def test_colours_of_lines_stand_out_from_the_page(theme):
    for colour in theme.palette:
        # 3 is what the guidelines ask of graphical objects.
        assert contrast(colour, theme.paper) >= 3
    assert contrast(theme.ink, theme.paper) >= 7
    assert len(set(theme.palette)) == len(theme.palette)


def test_a_theme_leaves_no_trace():
    before = dict(mpl.rcParams)
    with themed(DARK):
        assert ink() == DARK.ink
        assert palette() == list(DARK.palette)
        assert dict(mpl.rcParams) != before
    assert dict(mpl.rcParams) == before


def test_dashes_repeat_rather_than_run_out():
    assert dash(0) == dash(5)
    assert len({str(dash(i)) for i in range(5)}) == 5


def line_data(figure):
    return [np.asarray(line.get_ydata(), dtype=float) for axes in figure.axes for line in axes.get_lines()]


def assert_draws(figure, values):
    assert any(
        len(line) == len(values) and np.allclose(line, values, rtol=1e-12, equal_nan=True)
        for line in line_data(figure)
    )


@pytest.mark.parametrize("column", ["norm", "cosine", "cosine_corrected", "finite_error"])
def test_training_panels_draw_the_columns(column, frames):
    frame = frames["training_panels"]
    figure = drawn(figures.training_panels, frame)
    values = frame.loc[frame["step"] > 0, column].to_numpy()
    assert_draws(figure, values)
    with pytest.raises(AssertionError):
        assert_draws(figure, 1.01 * values)


def test_training_panels_draw_the_loss_above_its_entropy(frames):
    frame = frames["training_panels"].query("step > 0")
    figure = drawn(figures.training_panels, frames["training_panels"])
    assert_draws(figure, (frame["excess_loss"] + frame["entropy"]).to_numpy())
    assert_draws(figure, [0.88, 0.88])


@pytest.mark.parametrize("count", [2, 3, 5])
def test_training_panels_tell_several_curves_apart(count, training_frame):
    names = [f"curve {i}" for i in range(count)]
    figure = drawn(figures.training_panels, training_frame(names))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    for axes in figure.axes:
        looks = [(line.get_color(), str(line.get_linestyle())) for line in axes.get_lines()[:count]]
        # In the panel of directions every curve has two lines of one look, which marks tell apart.
        assert len(set(looks)) == ((count + 1) // 2 if axes is figure.axes[2] else count)


@pytest.mark.parametrize("words", [1, 5, 6])
def test_the_plane_names_every_word(words, frames):
    frame = frames["plane_geometry"]
    frame = pd.concat([frame[frame["kind"] == "context"], _words(words)])
    figure = drawn(figures.plane_geometry, frame)
    texts = {text.get_text() for text in figure.findobj(mpl.text.Text)}
    assert {f"word {i}" for i in range(words)} <= texts
    assert {"A", "B", "C"} <= texts


def test_words_on_one_spot_share_a_label(frames):
    frame = pd.concat([frames["plane_geometry"].query("kind == 'context'"), _words(3).assign(x=1.0, y=0.5)])
    texts = {text.get_text() for text in drawn(figures.plane_geometry, frame).findobj(mpl.text.Text)}
    assert "word 0, 1, 2" in texts


def _words(count):
    angles = np.linspace(0, 5, count)
    names = [str(i) for i in range(count)]
    return pd.DataFrame({"kind": "word", "name": names, "x": np.cos(angles), "y": np.sin(angles)})


def test_bars_have_the_heights_of_the_probabilities(frames):
    frame = frames["distribution_bars"]
    figure = drawn(figures.distribution_bars, frame)
    heights = sorted(patch.get_height() for axes in figure.axes for patch in axes.patches)
    assert heights == pytest.approx(sorted(frame["probability"]))


@pytest.mark.parametrize("contexts", [1, 4, 5, 8])
def test_bars_make_one_panel_per_context(contexts):
    frame = pd.DataFrame({"context": range(contexts), "token": 1, "probability": 1.0})
    figure = drawn(figures.distribution_bars, frame)
    assert sum(axes.get_visible() for axes in figure.axes) == contexts


def test_a_floor_is_drawn_where_it_is_known_and_positive(frames):
    figure = drawn(figures.excess_by_case, frames["excess_by_case"])
    floors = [line[0] for line in line_data(figure) if len(line) == 2 and line[0] == line[1]]
    assert floors == [0.1]


def test_the_map_marks_the_supports(frames):
    frame = frames["certificate_map"]
    figure = drawn(figures.certificate_map, frame)
    image = figure.axes[0].get_images()[0].get_array()
    assert image.tolist() == frame.pivot(index="context", columns="token", values="weight").to_numpy().tolist()
    marks = figure.axes[0].collections[0].get_offsets()
    assert {tuple(mark) for mark in marks.tolist()} == {(0.0, 0.0), (0.0, 1.0), (0.0, 2.0)}


@both_themes
def test_the_map_s_legend_can_be_seen_on_the_page(theme, frames):
    figure = drawn(figures.certificate_map, frames["certificate_map"], theme)
    (ring,) = figure.legends[0].legend_handles
    assert contrast(ring.get_markeredgecolor(), theme.paper) >= 3


def test_the_path_draws_its_columns(frames):
    figure = drawn(figures.path_panels, frames["path_panels"])
    for column in ("excess_loss", "genie_bound", "direction_gap", "finite_error", "radius"):
        assert_draws(figure, frames["path_panels"][column].to_numpy())


def test_ranks_make_one_line_per_length(frames):
    figure = drawn(figures.support_size_ranks, frames["support_size_ranks"])
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["1 token", "2 tokens", "3 tokens"]


def test_more_curves_than_colours_are_drawn_all_the_same(frames):
    cases = [
        pd.DataFrame({"case": f"case {i}", "step": [1, 2], "excess_loss": [1.0, 0.5], "floor": 0.0})
        for i in range(8)
    ]
    figure = drawn(figures.excess_by_case, pd.concat(cases))
    looks = {(line.get_color(), str(line.get_linestyle()), i) for i, line in enumerate(figure.axes[0].get_lines())}
    assert len(looks) == 8


def test_shares_and_gaps_are_drawn(frames):
    figure = drawn(figures.share_panels, frames["share_panels"])
    assert_draws(figure, [0.1, 0.4, 0.7, 0.9])
    figure = drawn(figures.candidate_panels, frames["candidate_panels"])
    assert_draws(figure, [1e-3, 1e-4])
    marks = [np.asarray(line.get_xdata(), dtype=float) for line in figure.axes[1].get_lines()]
    assert marks[0] == pytest.approx([2e-3, 3e-3])
    assert [text.get_text() for text in figure.axes[1].get_yticklabels()] == ["two tokens", "four"]


def test_drifts_are_drawn_without_unknown_slopes(frames):
    figure = drawn(figures.drift_panels, frames["drift_panels"])
    assert_draws(figure, [0.3, 0.6, 0.9])
    lengths, slopes, _ = figure.axes
    assert [len(line.get_xdata()) for line in lengths.get_lines()] == [4, 4]
    assert [len(line.get_xdata()) for line in slopes.get_lines()[:2]] == [3, 3]
