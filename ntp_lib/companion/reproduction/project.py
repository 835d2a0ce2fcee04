"""Where everything lives: one object that knows the project's folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError, unknown

MARKERS = ("notebooks/figures.yml", "_toc.yml")


@dataclass(frozen=True)
class Project:
    """The folders and files of one project.

    Attributes:
        root: the folder that holds `notebooks/figures.yml` and `_toc.yml`.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Look for the project upwards from a folder.

        Args:
            start: where to begin; by default the working directory, then around the installed library.

        Returns:
            The project found.

        Raises:
            ReproductionError: no folder on the way has both markers.
        """
        begin = (start or Path.cwd()).resolve()
        # A notebook downloaded from the book may lie anywhere; only a folder asked for is taken at its word.
        checkout = [Path(__file__).resolve().parents[3]] if start is None else []
        for folder in (begin, *begin.parents, *checkout):
            if all((folder / marker).is_file() for marker in MARKERS):
                return cls(folder)
        raise ReproductionError(f"no project at or above {begin}: a project has {' and '.join(MARKERS)}")

    @property
    def notebooks(self) -> Path:
        """Notebook sources."""
        return self.root / "notebooks"

    @property
    def manifest(self) -> Path:
        """The manifest of figures."""
        return self.notebooks / "figures.yml"

    @property
    def ledger(self) -> Path:
        """The ledger of claims; a project may do without one."""
        return self.notebooks / "claims.yml"

    @property
    def book(self) -> Path:
        """Written chapters."""
        return self.root / "book"

    @property
    def references(self) -> Path:
        """Committed reference data."""
        return self.notebooks / "references"

    @property
    def measured(self) -> Path:
        """Committed measurements, `NAME.json` for the notebook of that name."""
        return self.notebooks / "measured"

    @property
    def lock_file(self) -> Path:
        """Exact versions of the environment."""
        return self.root / "requirements.lock"

    @property
    def build(self) -> Path:
        """Everything generated."""
        return self.root / "_build"

    @property
    def runs(self) -> Path:
        """Complete runs with default parameters, one folder per notebook."""
        return self.build / "runs"

    @property
    def custom(self) -> Path:
        """Complete runs with other parameters, one folder per notebook and set of parameters."""
        return self.build / "custom"

    @property
    def figures(self) -> Path:
        """Executions that ended with a figure asked for, one folder per figure and set of parameters."""
        return self.build / "figures"

    @property
    def work(self) -> Path:
        """Temporary folders of runs in progress."""
        return self.build / "work"

    @property
    def failed(self) -> Path:
        """Partial notebooks of runs that failed."""
        return self.build / "failed"

    @property
    def interactive(self) -> Path:
        """Figures recorded by a person in Jupyter."""
        return self.build / "interactive"

    def reference(self, figure: str) -> Path:
        """The reference data of a figure, whether or not it exists."""
        return self.references / f"{figure}.csv"

    def notebook_names(self) -> list[str]:
        """Names of all notebooks, sorted."""
        return sorted(path.stem for path in self.notebooks.glob("*.ipynb"))

    def notebook(self, name: str) -> Path:
        """The source of a notebook given by name or by path.

        Args:
            name: `overparameterised`, or `notebooks/overparameterised.ipynb`.

        Returns:
            Path of the source.

        Raises:
            RequestError: no such notebook; the message lists those that exist.
        """
        path = self.notebooks / f"{Path(name).name.removesuffix('.ipynb')}.ipynb"
        if not path.is_file():
            raise RequestError(unknown("notebook", name, self.notebook_names()))
        return path

    def relative(self, path: Path) -> str:
        """A path as shown to people: relative to the root where possible."""
        path = path.resolve()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
