"""A project of two notebooks, small enough to be executed in tests."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.inputs import current_inputs, sources
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.recording import write_data
from ntp_lib.companion.reproduction.run import RecordedFigure, Run
from ntp_lib.companion.reproduction.runs import SUFFIXES, figure_file, save_run

TEXT_SHA256 = "a" * 64
OTHER_TEXT_SHA256 = "b" * 64

MANIFEST = f"""
sources:
  old-text: {{sha256: "{TEXT_SHA256}", description: A text.}}
figures:
  loss:
    notebook: descent
    paper: "Figure 1"
    title: Descent
    caption: Loss by step.
    alt: The loss falls.
    source: null
    key: [step, token]
    columns:
      value: {{relative: 1.0e-6, absolute: 1e-12, reason: rounding only}}
      norm: {{relative: 1.0e-6, absolute: 0, reason: rounding only}}
  words:
    notebook: text
    paper: null
    title: Words
    caption: Words by length.
    alt: Short words are frequent.
    source: old-text
    key: [word]
    columns:
      count: {{relative: 0, absolute: 0, reason: counts are exact}}
"""

DESCENT = '''
import numpy as np
import pandas as pd


def descend(*, steps, gradient_scale=1.0, seed=0):
    """Gradient descent on a quadratic, token by token."""
    x = np.random.default_rng(seed).normal(size=3)
    rows = []
    for step in range(steps):
        rows += [(step, token, x[i], np.linalg.norm(x)) for i, token in enumerate(["a", "b", "NA"])]
        x = x - 0.1 * gradient_scale * x
    return pd.DataFrame(rows, columns=["step", "token", "value", "norm"])


def draw(frame):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot(frame["step"], frame["value"])
    return figure
'''

DESCENT_CELLS = (
    "steps: int = 4  # how many = how long\ngradient_scale: float = 1.0  # 1 is right\nseed: int = 0",
    """
    from tinylib.descent import descend, draw
    from ntp_lib.companion import check, record_figure
    """,
    "frame = descend(steps=steps, gradient_scale=gradient_scale, seed=seed)",
    'record_figure("loss", frame, draw)',
    """
    check("descent/falls", frame["norm"].iloc[-1], at_most=frame["norm"].iloc[0],
          control=descend(steps=steps, gradient_scale=-1.0)["norm"].iloc[-1] + 10, reason="descent")
    """,
)
TEXT_CELLS = ("print('no figure needs a kernel here')",)


def notebook(*cells: str, parameters: bool = False) -> str:
    """A notebook source without outputs; the first cell is the parameters cell where there are any."""
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "id": f"cell-{position}",
                    "metadata": {"tags": ["parameters"]} if parameters and position == 0 else {},
                    "outputs": [],
                    "source": textwrap.dedent(cell).strip(),
                }
                for position, cell in enumerate(cells)
            ],
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def make_project(root: Path) -> Project:
    """Writes the project's sources; nothing has been run and no reference exists."""
    (root / "notebooks").mkdir(parents=True)
    (root / "tinylib").mkdir()
    (root / "_toc.yml").write_text("root: book/index\n")
    (root / "requirements.lock").write_text("numpy==2\n")
    (root / "tinylib/__init__.py").write_text("")
    (root / "tinylib/descent.py").write_text(DESCENT)
    (root / "tinylib/unrelated.py").write_text("")
    (root / "notebooks/figures.yml").write_text(MANIFEST)
    (root / "notebooks/descent.ipynb").write_text(notebook(*DESCENT_CELLS, parameters=True))
    (root / "notebooks/text.ipynb").write_text(notebook(*TEXT_CELLS))
    return Project(root)


def descent_frame(*, gradient_scale: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """What the notebook `descent` computes."""
    scope: dict[str, Any] = {}
    exec(DESCENT, scope)  # the module of the tiny project, which is not installed
    descend: Callable[..., pd.DataFrame] = scope["descend"]
    return descend(steps=4, gradient_scale=gradient_scale, seed=seed)


def words_frame() -> pd.DataFrame:
    """What the notebook `text` would compute."""
    return pd.DataFrame({"word": ["of", "the", "null"], "count": np.array([3, 2, 1])})


def good_check(**changes: Any) -> Check:
    """A check that holds and whose control fails, with changes."""
    fields = {
        "name": "descent/falls",
        "observed": 0.1,
        "relation": "≤",
        "bound": 1.0,
        "control_observed": 2.0,
        "holds": True,
        "control_fails": True,
        "reason": "descent",
    }
    return Check(**{**fields, **changes})


def put_run(
    project: Project,
    name: str,
    frames: dict[str, pd.DataFrame],
    *,
    source_sha256: str | None = None,
    checks: tuple[Check, ...] = (),
) -> None:
    """Puts a complete, current run in place without a kernel."""
    folder = project.runs / name
    folder.mkdir(parents=True, exist_ok=True)
    # What a kernel would have said: the modules it loaded.
    loaded = ("tinylib/__init__.py", "tinylib/descent.py") if name == "descent" else ()
    present = sources(project)
    inputs = replace(current_inputs(project, name), seen={path: present[path] for path in loaded})
    (folder / "notebook.ipynb").write_text(project.notebook(name).read_text())
    digests = {figure: write_data(figure, frame, folder / "figures") for figure, frame in frames.items()}
    for figure in frames:
        for suffix in SUFFIXES[1:]:
            figure_file(folder, figure, suffix).write_text(f"a drawing of {figure} ({suffix})")
    run = Run(
        notebook=name,
        key=inputs.key,
        inputs=inputs.files,
        seen=inputs.seen,
        names=(),
        parameters={},
        overrides={},
        python=inputs.python,
        packages={},
        started="2024-01-01T00:00:00+00:00",
        seconds=1.0,
        figures={figure: RecordedFigure(digest, source_sha256) for figure, digest in digests.items()},
        checks=checks,
    )
    save_run(run, folder)


def put_green(project: Project) -> None:
    """Puts runs and references in place such that everything is verified."""
    put_run(project, "descent", {"loss": descent_frame()}, checks=(good_check(),))
    put_run(project, "text", {"words": words_frame()}, source_sha256=TEXT_SHA256)
    write_data("loss", descent_frame(), project.references)
    write_data("words", words_frame(), project.references)


LEDGER = r"""
required: [falls, slow]
claims:
  falls:
    statement: The norm $\norm{x_k}$ falls.
    paper: Lemma 1
    label: lem-falls
    assumptions: ["$0 < \\eta < 1$"]
    state: proved
    checks: [descent/falls]
  slow:
    statement: It falls slowly.
    paper: null
    label: eq-slow
    assumptions: []
    state: observed
    checks: [descent/falls, descent/slow]
"""

CHAPTER = r"""# A chapter

```{prf:lemma}
:label: lem-falls

It falls, by (eq-slow).
```

$$
x_{k+1} = 0.9\,x_k
$$ (eq-slow)

(a-place)=
## A section
"""


def put_ledger(project: Project, *checks: Check) -> None:
    """Writes a ledger, the chapter it points to, and a run with its checks; by default all of them stand."""
    project.book.mkdir(exist_ok=True)
    (project.book / "chapter.md").write_text(CHAPTER, encoding="utf-8")
    project.ledger.write_text(LEDGER, encoding="utf-8")
    recorded = checks or (good_check(), good_check(name="descent/slow"))
    put_run(project, "descent", {"loss": descent_frame()}, checks=recorded)
