"""The multipliers of the NTP-SVM as a matrix of contexts and words: who pushes and who pulls (book, thm-kkt)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

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
    figure = Figure(figsize=(1.15 * len(words) + 1.5, 0.95 * len(contexts) + 1.6), layout="constrained")
    axes = figure.subplots()
    for row in frame.itertuples():
        place = words.index(row.word), contexts.index(row.context)
        _cell(axes, place, row.multiplier / reach)
        _number(axes, place, row.multiplier if abs(row.multiplier) > ACTIVE_TOLERANCE * reach else 0.0)
        active = not row.in_support and abs(row.margin - 1) < ACTIVE_TOLERANCE
        if row.in_support:
            _frame(axes, place, active=False)
        else:
            axes.text(
                place[0], place[1] + 0.24, f"margin {row.margin:.4g}", ha="center", va="center", fontsize=8.5
            )
        if active:
            _frame(axes, place, active=True)
    axes.set(xlim=(-0.5, len(words) - 0.5), ylim=(len(contexts) - 0.5, -0.5), xlabel="word", ylabel="context")
    axes.set_xticks(range(len(words)), [str(word) for word in words])
    axes.set_yticks(range(len(contexts)), [str(context) for context in contexts])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    handles = [
        Patch(facecolor="none", ec=ink(), lw=FRAMES[False][0], label="word in the support"),
        Patch(facecolor="none", ec=ink(), lw=FRAMES[True][0], ls=FRAMES[True][1], label="active pair, margin 1"),
        Patch(facecolor=(*to_rgb(palette()[0]), DEEPEST), lw=0, label="positive: pulls the row to the context"),
        Patch(facecolor=(*to_rgb(palette()[1]), DEEPEST), lw=0, label="negative: pushes the row away"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, labelcolor=ink())
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
    axes.text(*place, text, ha="center", va="center", color=ink(), fontsize=11)
