"""What is known of an executed notebook: its run with its checks, and the verdict of each of its figures."""

from dataclasses import dataclass

from ntp_lib.companion.pages.markdown import verdict
from ntp_lib.companion.reproduction.manifest import FigureEntry, Manifest
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.verification import Report


@dataclass(frozen=True)
class FigureVerdict:
    """A figure, and in a few words how its data compare with the reference."""

    entry: FigureEntry
    good: bool
    words: str

    @property
    def verdict(self) -> str:
        """The words as Markdown."""
        return verdict(self.good, self.words)


@dataclass(frozen=True)
class Evidence:
    """One executed notebook, with the verdicts of its figures in the manifest's order."""

    run: Run
    figures: tuple[FigureVerdict, ...]


def gather(report: Report, manifest: Manifest, notebook: str) -> Evidence:
    """Return what is known of one notebook.

    Args:
        report: the verdict on everything.
        manifest: the figures, with the tolerances they are judged by.
        notebook: its name; it has a run. Where its inputs have changed since, no verdict is good and each says so.
    """
    run, stale = report.runs[notebook].run, bool(report.runs[notebook].changes)
    assert run is not None
    results = {result.figure: result for result in report.figures}
    verdicts = []
    for entry in manifest.of_notebook(notebook):
        result = results[entry.id]
        words = f"{result.state.value}, but is older than its inputs" if stale else result.state.value
        verdicts.append(FigureVerdict(entry, result.ok and not stale, words))
    return Evidence(run, tuple(verdicts))
