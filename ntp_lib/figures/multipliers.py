"""The multipliers of the NTP-SVM as a matrix of contexts and words: who pushes and who pulls (book, thm-kkt)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ntp_lib.figures.lettering import shared_legend
from ntp_lib.figures.sheet import panels, sheet
from ntp_lib.figures.style import ink, palette

# A margin this near one counts as met with equality, a multiplier this small is written as zero.
ACTIVE_TOLERANCE = 1e-6
# Even the strongest shade leaves the numbers on it readable.
DEEPEST = 0.4
INSET = 0.06
# Width and dashes of the frames: of a support's words, and of active pairs.
FRAMES: dict[bool, tuple[float, str | tuple[int, tuple[float, ...]]]] = {
    False: (1.2, "-"),
    True: (2.6, (0, (3, 1.5))),
}


def multiplier_map(frame: pd.DataFrame) -> Figure:
    """Draw every multiplier with its margin; supports and active pairs are framed.

    Args:
        frame: columns context, word, multiplier, in_support, margin; margin is that of the pair, and 0 in the
            support.
    """
    contexts, words = list(frame["context"].unique()), list(frame["word"].unique())
    reach = max(float(frame["multiplier"].abs().max()), 1e-300)
    # A telephone has room for three columns: there the words go downwards.
    turned = sheet().stacked and len(words) > len(contexts)
    across, down = (contexts, words) if turned else (words, contexts)
    high = 0.8 * len(down) + 0.6
    figure, (axes,) = panels(1, high, narrow_height=high)
    for row in frame.itertuples():
        place = words.index(row.word), contexts.index(row.context)
        place = place[::-1] if turned else place
        _cell(axes, place, row.multiplier / reach)
        _number(axes, place, row.multiplier if abs(row.multiplier) > ACTIVE_TOLERANCE * reach else 0.0)
        active = not row.in_support and abs(row.margin - 1) < ACTIVE_TOLERANCE
        if row.in_support:
            _frame(axes, place, active=False)
        else:
            axes.text(place[0], place[1] + 0.24, f"margin {row.margin:.3g}", ha="center", va="center")
        if active:
            _frame(axes, place, active=True)
    axes.set(xlim=(-0.5, len(across) - 0.5), ylim=(len(down) - 0.5, -0.5))
    axes.set(xlabel="context" if turned else "word", ylabel="word" if turned else "context")
    axes.set_xticks(range(len(across)), [str(name) for name in across])
    axes.set_yticks(range(len(down)), [str(name) for name in down])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    handles = [
        Patch(facecolor="none", ec=ink(), lw=FRAMES[False][0], label="word in the support"),
        Patch(facecolor="none", ec=ink(), lw=FRAMES[True][0], ls=FRAMES[True][1], label="active pair, margin 1"),
        Patch(facecolor=(*to_rgb(palette()[0]), DEEPEST), lw=0, label="positive: pulls the word's row"),
        Patch(facecolor=(*to_rgb(palette()[1]), DEEPEST), lw=0, label="negative: pushes it away"),
    ]
    shared_legend(figure, handles)
    return figure


def _cell(axes: Axes, place: tuple[int, int], share: float) -> None:
    color = palette()[0] if share > 0 else palette()[1]
    shade = (*to_rgb(color), DEEPEST * float(np.abs(share)))
    axes.add_patch(
        Rectangle((place[0] - 0.5 + INSET, place[1] - 0.5 + INSET), 1 - 2 * INSET, 1 - 2 * INSET, fc=shade, lw=0)
    )


def _frame(axes: Axes, place: tuple[int, int], *, active: bool) -> None:
    corner = (place[0] - 0.5 + INSET, place[1] - 0.5 + INSET)
    width, dashes = FRAMES[active]
    side = 1 - 2 * INSET
    axes.add_patch(Rectangle(corner, side, side, fill=False, ec=ink(), lw=width, ls=dashes))


def _number(axes: Axes, place: tuple[int, int], value: float) -> None:
    text = "0" if value == 0 else f"{value:+.2f}".replace("-", "−")
    axes.text(*place, text, ha="center", va="center", color=ink())
