"""Whether a run still belongs to its inputs."""

from __future__ import annotations

from ntp_lib.reproduction.inputs import current_inputs
from ntp_lib.reproduction.project import Project
from ntp_lib.reproduction.runs import Run


def staleness(project: Project, notebook: str, run: Run) -> list[str]:
    """What changed since a run with default parameters, one phrase each; empty where it is current.

    Args:
        project: The project.
        notebook: Name of the notebook.
        run: Its run.

    Returns:
        The changes.
    """
    current = current_inputs(project, notebook)
    changes = current.changes_since(run.all_inputs())
    if not changes and current.key != run.key:
        return ["its key does not belong to its inputs"]
    return changes
