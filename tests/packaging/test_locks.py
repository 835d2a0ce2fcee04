"""The locks name what is installed, each file with a digest, and hold what pyproject.toml asks for."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-cpu.lock", "requirements-cuda.lock", "requirements-bench.lock")
SYSTEMS = [
    {"python_version": minor, "python_full_version": f"{minor}.9", "sys_platform": system}
    for minor in ("3.11", "3.12", "3.13")
    for system in ("linux", "darwin", "win32")
]


def entries(name: str) -> list[tuple[Requirement, list[str]]]:
    """Requirements and digests of one lock."""
    text = (ROOT / name).read_text("utf-8").replace(" \\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [
        (Requirement(line.split(" --hash=")[0]), re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line))
        for line in lines
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_is_one_version_with_digests(name: str) -> None:
    for requirement, digests in entries(name):
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert digests, requirement
    assert "://" not in (ROOT / name).read_text("utf-8")


def test_lock_satisfies_pyproject_on_every_system() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    for system in SYSTEMS:
        locked: dict[str, Version] = {}
        for requirement, _ in (*entries("requirements.lock"), *entries("requirements-bench.lock")):
            if requirement.marker is None or requirement.marker.evaluate(system):
                assert requirement.name not in locked, (requirement, system)
                locked[requirement.name] = Version(next(iter(requirement.specifier)).version)
        for text in wanted:
            asked = Requirement(text)
            assert locked[canonicalize_name(asked.name)] in asked.specifier, (asked, system)


def test_torch_is_the_same_with_and_without_cuda() -> None:
    with_cuda = next(item for item, _ in entries("requirements.lock") if item.name == "torch")
    ((without, digests),) = entries("requirements-cpu.lock")
    assert str(without.specifier) == f"{with_cuda.specifier}+cpu"
    assert len(set(digests)) == len(digests) == 6
    assert all("linux" in str(item.marker) for item, _ in entries("requirements-cuda.lock"))


def test_this_environment_is_the_lock() -> None:
    """What a test run proves, it proves for the versions that everybody gets."""
    for requirement, _ in entries("requirements.lock"):
        if requirement.marker is None or requirement.marker.evaluate():
            installed = Version(metadata.version(requirement.name))
            assert installed.public == next(iter(requirement.specifier)).version, requirement
