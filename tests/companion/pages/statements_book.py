"""A small book with statements, proofs, claims and terms in two chapters."""

from pathlib import Path
from typing import Any

import yaml
from small_project import ROOT, small_project

from ntp_lib.companion.reproduction.project import Project

LEDGER = r"""
required: [growth]
claims:
  growth:
    statement: The sequence grows.
    paper: null
    label: thm-main
    assumptions: []
    state: proved
    checks: [growth/grows]
  formula:
    statement: A formula in a statement.
    paper: null
    label: eq-main
    assumptions: []
    state: proved
    checks: [growth/grows]
"""

FIRST = r"""# First chapter

{term}`anchor`, {cite:t}`cover1965`, {prf:ref}`thm-main` and {eq}`eq-main`; {prf:ref}`lem-late`.

```{prf:definition} Size & shape
:label: def-size
The size of $W$ is $\norm{W}$.
```

```{prf:theorem} The limit of $\PF W$ (ours, 50 %)
:label: thm-main
Sizes of {prf:ref}`def-size` obey

$$
\norm{W} \le 1 .
$$ (eq-main)
```

```{prf:lemma} A helper
:label: lem-helper
It helps.
```

```{prf:proof}
By {prf:ref}`def-size`:

$$
1 \le 2 .
$$ (eq-inner)
```

```{prf:proof}
*Of* {prf:ref}`thm-main`. By {prf:ref}`lem-helper`.
```

FILLER
""".replace("FILLER", "\n\n".join(["A paragraph that takes room on the page."] * 40))

SECOND = r"""# Second chapter

```{prf:lemma} Late
:label: lem-late
It is late.
```

```{prf:proof}
* By {eq}`eq-main`,
* and by {prf:ref}`lem-helper`.
```

```{prf:corollary} Last
:label: cor-last
It ends.
```

```{prf:proof}
By {prf:ref}`lem-late`.
```
"""

GLOSSARY = """# Glossary

:::{glossary}
anchor
  One token chosen in each support: {prf:ref}`def-size`.
:::
"""


def statements_book(folder: Path, *, first: str = FIRST, second: str = SECOND) -> Project:
    """Write a small project whose chapters are `first` and `second`; everything else is the real book's."""
    project = small_project(folder)
    pages = {"first": first, "second": second, "glossary": GLOSSARY}
    for name, text in pages.items():
        (project.book / f"{name}.md").write_text(text, "utf-8")
    (project.book / "argument.md").write_text((ROOT / "book" / "argument.md").read_text("utf-8"), "utf-8")
    claims = (ROOT / "book" / "claims.md").read_text("utf-8").replace("{doc}`errata`", "errata")
    (project.book / "claims.md").write_text(claims, "utf-8")
    project.ledger.write_text(LEDGER, "utf-8")
    _extend_contents(project.root / "_toc.yml")
    return project


def _extend_contents(path: Path) -> None:
    contents: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    theory, reference = contents["parts"]
    theory["chapters"] += [{"file": "book/first"}, {"file": "book/second"}]
    reference["chapters"] += [{"file": f"book/{name}"} for name in ("argument", "glossary", "claims")]
    path.write_text(yaml.safe_dump(contents), "utf-8")
