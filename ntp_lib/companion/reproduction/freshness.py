"""Whether a run still belongs to its inputs."""

from __future__ import annotations

from collections.abc import Mapping

from ntp_lib.companion.reproduction.inputs import current_inputs
from ntp_lib.companion.reproduction.parameters import Value
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run


def staleness(
    project: Project, notebook: str, run: Run, overrides: Mapping[str, Value] | None = None
) -> list[str]:
    """What changed since a run, one phrase each; empty where it is current.

    Args:
        project: The project.
        notebook: Name of the notebook.
        run: Its run.
        overrides: The parameters that it should have; by default the notebook's own.

    Returns:
        The changes.
    """
    recorded = run.all_inputs()
    current = current_inputs(project, notebook, overrides, earlier=recorded)
    changes = current.changes_since(recorded)
    if not changes and current.key != run.key:
        return ["its key does not belong to its inputs"]
    return changes
