"""The environment beside the lock file: which of the packages that results come from have other versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ntp_lib.companion.reproduction.inputs import installed_version
from ntp_lib.companion.reproduction.project import Project


def lock_note(project: Project, packages: Iterable[str]) -> str:
    """One sentence on packages whose installed version is not that of the lock file; empty where all agree.

    Such an environment is allowed, for figures are judged by their tolerances; but a reader should know.

    Args:
        project: the project.
        packages: names of the packages that matter.
    """
    wanted = {canonicalize_name(name) for name in packages}
    found = []
    for requirement in _locked(project):
        if canonicalize_name(requirement.name) not in wanted:
            continue
        installed = installed_version(requirement.name)
        if not installed or not requirement.specifier.contains(installed, prereleases=True):
            found.append(f"{requirement.name} {installed or 'is missing'} (lock: {requirement.specifier})")
    if not found:
        return ""
    return f"note: the environment differs from {project.relative(project.lock_file)}: {', '.join(found)}"


def _locked(project: Project) -> Iterator[Requirement]:
    """The lines of the lock file that hold for this interpreter; hashes and options are passed over."""
    if not project.lock_file.is_file():
        return
    for line in project.lock_file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text = line.partition(" #")[0].partition(" --")[0].strip()
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            # An option, a comment, an empty line or an address.
            continue
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement
