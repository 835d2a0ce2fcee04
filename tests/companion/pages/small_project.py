"""A small project as the pipeline leaves it: a chapter, a manifest, an executed notebook, a figure and a check."""

import base64
import json
import re
import shutil
from dataclasses import replace
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.inputs import current_inputs
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import RecordedFigure, Run
from ntp_lib.companion.reproduction.runs import save_run

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOK = "growth"
PARAMETERS = "rate: float = 0.5  # growth per step\nsteps: int = 10  # number of steps"

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

INDEX = r"""# A small book

{cite:t}`cover1965` counts dichotomies. Notation: $\Wmm$, $\Wstar \in \F$, $\Fp$.

```{ntp-figure} growth-curve
:unnumbered:
```

See [the chapter](chapter.md) and [](../notebooks/growth.ipynb).
"""

CHAPTER = r"""# A chapter

What grows? {numref}`growth-curve` shows it, {prf:ref}`def-growth` says it.

```{prf:definition} Growth
:label: def-growth
A sequence *grows* when $\norm{W_k} \to \infty$.
```

```{prf:theorem}
:label: thm-growth
Under {prf:ref}`def-growth`,

$$
\CE(W) - \Ent = \sum_{j} \piHat_j \log\Bigl(1 + \sum_{v \notin \Sj} e^{\ell_{jv} - \lse_{z\in\Sj}\ell_{jz}}\Bigr)
 + \sum_j \piHat_j \KL{\pHat_j}{\softmax_{\Sj}(W_{\F}\hb_j)} \ge 0,
\qquad W_{\F} = \PF W, \quad \ip{A}{B} = \tr A^{\T}B .
$$ (split)
```

```{prf:proof}
Equation {eq}`split` is an identity, and $\argmin_{W} \norm{W}$ exists. $\square$
```

```{exercise} Grow
:label: ex-grow
Double the rate.
```

```{solution} ex-grow
It grows faster.
```

| a | a wide table | with | many | columns | and | long | headings | indeed |
|---|---|---|---|---|---|---|---|---|
| `ntp.gradient_flow(data, log_times=[…])` | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |

```python
a_long_line = "that is certainly wider than a telephone held upright, so that its box scrolls, not the page"
```

:::{admonition} We find
A box.
:::
"""

FIGURES = {
    "growth-curve": {
        "notebook": NOTEBOOK,
        "paper": "Figure 9",
        "title": "Growth",
        "caption": "The norm $\\norm{W_k}$ against the step *k*. Notice that it grows.",
        "alt": "The norm grows with every step.",
        "source": None,
        "key": ["step"],
        "columns": {"norm": {"relative": 1e-6, "absolute": 0.0, "reason": "sums of | ten | terms"}},
    },
}


def small_project(folder: Path, *, url: str = "") -> Project:
    """Write the project below ``folder``; its theme, extensions and configuration are the real book's."""
    (folder / "notebooks" / "references").mkdir(parents=True)
    (folder / "book").mkdir()
    for name in ("_ext", "_static"):
        shutil.copytree(ROOT / "book" / name, folder / "book" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("references.bib", "bibliography.md", "how-verified.md"):
        shutil.copy(ROOT / "book" / name, folder / "book" / name)
    # The pages to which it refers are not in the small book.
    page = folder / "book" / "how-verified.md"
    page.write_text(re.sub(r"{doc}`([a-z-]+)`", r"\1", page.read_text("utf-8")), "utf-8")
    (folder / "book" / "index.md").write_text(INDEX, "utf-8")
    (folder / "book" / "chapter.md").write_text(CHAPTER, "utf-8")
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    config["repository"]["url"] = url
    (folder / "_config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    (folder / "_toc.yml").write_text(yaml.safe_dump(_toc()), "utf-8")
    (folder / "notebooks" / "figures.yml").write_text(yaml.safe_dump({"figures": FIGURES}), "utf-8")
    (folder / "requirements.lock").write_text("", "utf-8")
    project = Project(folder)
    write_notebook(project.notebooks / f"{NOTEBOOK}.ipynb", executed=False)
    write_run(project)
    return project


def _toc() -> dict[str, Any]:
    chapter = {"file": "book/chapter", "sections": [{"file": f"notebooks/{NOTEBOOK}"}]}
    reference = [{"file": "book/how-verified"}, {"file": "book/bibliography"}]
    return {
        "format": "jb-book",
        "root": "book/index",
        "parts": [
            {"caption": "The theory", "numbered": 1, "chapters": [chapter]},
            {"caption": "Reference", "chapters": reference},
        ],
    }


def write_notebook(path: Path, *, executed: bool) -> None:
    """Write the notebook, with outputs and papermill's traces when ``executed``."""
    shown = {"id": "growth-curve"}
    picture = {"image/png": base64.b64encode(PNG).decode(), "application/vnd.ntp.figure+json": shown}
    cells = [
        _markdown("title", "# Growth, measured\n\nHow fast does $\\norm{W_k}$ grow?"),
        _code("parameters", PARAMETERS, tags=["parameters"]),
        _code("compute", "norms = [rate * step for step in range(steps)]\nlen(norms)", outputs=[_result("10")]),
        _code("draw", "record_figure(...)", outputs=[_stream("drawn\n"), _display(picture)], tags=["hide-input"]),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata: dict[str, Any] = {"kernelspec": kernel}
    if executed:
        cells.insert(2, _code("injected", "# Parameters\nrate = 0.5", tags=["injected-parameters"]))
        metadata["papermill"] = {"input_path": "/home/somebody/growth.ipynb"}
        for cell in cells:
            cell["metadata"]["papermill"] = {"duration": 0.1, "status": "completed"}
    else:
        for cell in cells:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), "utf-8")


def write_run(project: Project) -> None:
    """Write the notebook's run, with a figure that agrees with its reference and a check that holds."""
    run = project.runs / NOTEBOOK
    write_notebook(run / "notebook.ipynb", executed=True)
    (run / "figures").mkdir()
    table = "step,norm\n" + "".join(f"{step},{0.5 * step}\n" for step in range(10))
    (run / "figures" / "growth-curve.csv").write_text(table, "utf-8")
    project.reference("growth-curve").write_text(table, "utf-8")
    (run / "figures" / "growth-curve.png").write_bytes(PNG)
    for suffix, ink in (("svg", "#222222"), ("dark.svg", "#eeeeee")):
        (run / "figures" / f"growth-curve.{suffix}").write_text(_drawing(ink), "utf-8")
        (run / "figures" / f"growth-curve.narrow.{suffix}").write_text(_drawing(ink, width=360), "utf-8")
    inputs = current_inputs(project, NOTEBOOK)
    inputs = replace(inputs, packages={name: metadata.version(name) for name in ("numpy", "torch")})
    record = Run(
        notebook=NOTEBOOK,
        key=inputs.key,
        inputs=inputs.files,
        seen=inputs.seen,
        names=inputs.names,
        parameters={"rate": 0.5, "steps": 10},
        overrides={},
        python=inputs.python,
        packages=inputs.packages,
        started="2026-01-02T03:04:05+00:00",
        seconds=75.0,
        figures={"growth-curve": RecordedFigure(sha256(table.encode()).hexdigest(), None)},
        checks=(Check(**CHECK),),
    )
    save_run(record, run)


CHECK: dict[str, Any] = {
    "name": "growth/grows",
    "observed": 4.5,
    "relation": "≥",
    "bound": 1.0,
    "control_observed": 0.0,
    "holds": True,
    "control_fails": True,
    "scope": "all",
    "reason": "Ten steps | of one half.",
}


def _drawing(ink: str, width: int = 720) -> str:
    size = f'width="{width}" height="{width * 5 // 12}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 300" {size}>'
        f'<path d="M40 260 680 40" stroke="{ink}" stroke-width="3"/>'
        f'<text x="40" y="290" fill="{ink}" font-size="16">step</text></svg>'
    )


def _markdown(cell_id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def _code(
    cell_id: str, source: str, *, outputs: list[dict[str, Any]] | None = None, tags: list[str] | None = None
) -> dict[str, Any]:
    metadata = {"tags": tags} if tags else {}
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": metadata,
        "source": source,
        "outputs": outputs or [],
        "execution_count": 1,
    }


def _result(text: str) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": 1}


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _display(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}
