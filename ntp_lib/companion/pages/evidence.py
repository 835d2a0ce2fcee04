"""What is known of an executed notebook: its run with its checks, and the verdict of each of its figures."""

from dataclasses import dataclass

from ntp_lib.companion.pages.markdown import verdict
from ntp_lib.companion.reproduction.freshness import staleness
from ntp_lib.companion.reproduction.judgement import judge_run
from ntp_lib.companion.reproduction.manifest import FigureEntry, Manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run


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


def gather(project: Project, manifest: Manifest, run: Run) -> Evidence:
    """Return what is known of one run.

    Args:
        project: The project.
        manifest: Its figures, with the tolerances they are judged by.
        run: The run of one notebook. Where its inputs have changed since, no verdict is good and each says so.
    """
    folder, stale = project.runs / run.notebook, bool(staleness(project, run.notebook, run))
    verdicts = []
    for entry in manifest.of_notebook(run.notebook):
        result = judge_run(project, manifest, entry, run, folder)
        words = f"{result.state.value}, but is older than its inputs" if stale else result.state.value
        verdicts.append(FigureVerdict(entry, result.ok and not stale, words))
    return Evidence(run, tuple(verdicts))
