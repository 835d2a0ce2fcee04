"""Files of a figure: the same bytes every time, a light and a dark one that differ, nothing hidden in them."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.cbook import is_math_text

from ntp_lib import figures
from ntp_lib.figures import rendering
from ntp_lib.figures.rendering import render
from ntp_lib.figures.style import DARK, LIGHT, themed
from ntp_lib.figures.words import as_words

NAMES = ["fig.dark.svg", "fig.narrow.dark.svg", "fig.narrow.svg", "fig.png", "fig.svg"]


@pytest.fixture(autouse=True)
def coarse_png(monkeypatch):
    """Pixels cost most of the time here and show nothing that few of them do not."""
    monkeypatch.setattr(rendering, "PNG_DPI", 40)


def rendered(draw, frame, folder):
    folder.mkdir()
    render(frame, draw, folder, "fig")
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# One of each kind: an image with a colour bar, bars, dots, arrows beside a heat map, lines on logarithmic axes.
KINDS = ["certificate_map", "distribution_bars", "sparsity_pattern", "support_and_rows", "support_size_ranks"]


@pytest.mark.parametrize("name", KINDS)
def test_bytes_depend_on_the_frame_alone(name, frames, tmp_path):
    draw, frame = getattr(figures, name), frames[name]
    first = rendered(draw, frame, tmp_path / "first")
    assert rendered(draw, frame.copy(), tmp_path / "again") == first
    assert first["fig.svg"] != first["fig.dark.svg"]
    assert first["fig.png"].startswith(b"\x89PNG")
    for file in NAMES:
        if file == "fig.png":
            continue
        theme, other = (DARK, LIGHT) if ".dark" in file else (LIGHT, DARK)
        text = first[file].decode()
        ET.fromstring(text)
        assert theme.ink in text
        # The rings of the certificate map lie on a map that is light under either theme.
        assert other.ink not in text or draw is figures.certificate_map
        assert "<dc:date>" not in text


def test_other_data_give_other_bytes(frames, tmp_path):
    frame = frames["sparsity_pattern"]
    first = rendered(figures.sparsity_pattern, frame, tmp_path / "first")
    other = rendered(figures.sparsity_pattern, frame.assign(token=frame["token"] + 1), tmp_path / "other")
    assert all(first[name] != other[name] for name in NAMES)


# What people have in a matplotlibrc of their own, or set in a notebook before they run it.
PERSONAL = {
    "text.usetex": True,
    "text.hinting": "none",
    "axes.xmargin": 0.3,
    "axes.formatter.limits": (-1, 1),
    "axes.formatter.useoffset": False,
    "xtick.direction": "in",
    "xtick.minor.visible": True,
    "ytick.labelsize": 20,
    "lines.marker": "x",
    "lines.antialiased": False,
    "path.simplify": False,
    "path.sketch": (3, 100, 2),
    "image.interpolation": "bicubic",
    "image.origin": "lower",
    "figure.dpi": 30,
    "figure.figsize": (2, 2),
    "savefig.bbox": "tight",
    "savefig.pad_inches": 2,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "timezone": "Asia/Tokyo",
}


@pytest.mark.parametrize("name", ["sparsity_pattern", "support_and_rows", "support_size_ranks"])
def test_settings_of_a_person_do_not_reach_the_figures(name, frames, tmp_path):
    draw, frame = getattr(figures, name), frames[name]
    first = rendered(draw, frame, tmp_path / "first")
    with mpl.rc_context(PERSONAL):
        before = dict(mpl.rcParams)
        assert rendered(draw, frame, tmp_path / "again") == first
        assert dict(mpl.rcParams) == before


SCRIPT = """
import sys
from pathlib import Path
import pandas as pd
from ntp_lib.figures import training_panels
from ntp_lib.figures import rendering
rendering.PNG_DPI = 40
rendering.render(pd.read_json(sys.argv[1]), training_panels, Path(sys.argv[2]), "fig")
"""


def test_another_process_writes_the_same_bytes(training_frame, tmp_path, monkeypatch):
    """Also with another order of sets and dictionaries, and where a person's matplotlibrc asks for other looks."""
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\naxes.xmargin: 0.3\nxtick.direction: in\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    frame_file, folder = tmp_path / "frame.json", tmp_path / "there"
    training_frame(["one", "two"]).reset_index(drop=True).to_json(frame_file)
    folder.mkdir()
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    subprocess.run([sys.executable, "-c", SCRIPT, str(frame_file), str(folder)], check=True)
    here = rendered(figures.training_panels, pd.read_json(frame_file), tmp_path / "here")
    assert {name: (folder / name).read_bytes() for name in NAMES} == here


def test_a_panel_without_a_number_says_so_and_the_others_are_drawn(frames, tmp_path):
    """Where the data have no W^mm or no W*, the loss and the norm are drawn all the same."""
    undefined = frames["training_panels"].assign(
        cosine=float("nan"), cosine_corrected=float("nan"), finite_error=0.0
    )
    files = rendered(figures.training_panels, undefined, tmp_path / "undefined")
    with mpl.rc_context({"svg.hashsalt": "ntp"}), themed(LIGHT):
        figure = rendering.drawn(undefined, figures.training_panels)
    said = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert [rendering.UNDEFINED in texts for texts in said] == [False, False, True, True]
    assert len(figure.axes[0].lines[0].get_xdata()) > 2
    assert (
        files["fig.svg"]
        != rendered(figures.training_panels, frames["training_panels"], tmp_path / "all")["fig.svg"]
    )


def test_nothing_is_said_of_panels_that_show_something(frames):
    """For every drawing function of the book."""
    for name, frame in frames.items():
        with themed(LIGHT):
            figure = rendering.drawn(frame, getattr(figures, name))
        assert not [
            text for axes in figure.axes for text in axes.texts if text.get_text() == rendering.UNDEFINED
        ], name


HOSTILE = [
    r"$\input{x}$",
    "$",
    "$$",
    "$a$ $",
    r"\$x\$",
    "$\\frac{$",
    "a\0b\x1b",
    "two\nlines",
    "\ud800",
    "<b>&amp;",
]


def test_a_name_is_drawn_as_it_is_whatever_it_looks_like(frames, tmp_path):
    """As a tick's text: no formula is read, and what is written is XML."""
    bars = frames["distribution_bars"].iloc[:1]
    frame = pd.concat([bars.assign(token=name) for name in HOSTILE])
    first = rendered(figures.distribution_bars, frame, tmp_path / "bars")
    for file in ("fig.svg", "fig.dark.svg"):
        ET.fromstring(first[file].decode())
    assert not any(is_math_text(name) for name in as_words(frame)["token"])


def test_a_frame_without_such_texts_is_drawn_itself():
    frame = pd.DataFrame({"x": [1.0, 2.0], "name": ["$a$", "b"], "kind": ["c", None], "flag": [True, False]})
    assert as_words(frame)["name"].tolist() == [r"\$a\$", "b"]
    plain = frame[["x", "flag"]]
    assert as_words(plain) is plain
