from importlib import metadata
from pathlib import Path

import pytest

from ntp_lib.companion.reproduction.environment import lock_note
from ntp_lib.companion.reproduction.project import Project

NUMPY = metadata.version("numpy")


@pytest.mark.parametrize(
    ("lock", "note"),
    [
        (f"numpy=={NUMPY}\n", ""),
        (f"NumPy=={NUMPY} \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n", ""),
        ("numpy==0.0.1\n", f"numpy {NUMPY} (lock: ==0.0.1)"),
        ('numpy==0.0.1 ; python_version < "3"\n', ""),
        ("--index-url https://example.org\n# numpy==0.0.1\n", ""),
        ("no-such-package==1\n", "no-such-package is missing (lock: ==1)"),
        ("pandas==0.0.1\n", ""),
    ],
)
def test_packages_that_differ_from_the_lock_are_named(tmp_path: Path, lock: str, note: str) -> None:
    (tmp_path / "requirements.lock").write_text(lock)
    found = lock_note(Project(tmp_path), ["numpy", "no_such.package"])
    assert found == (f"note: the environment differs from requirements.lock: {note}" if note else "")


def test_a_project_without_a_lock(tmp_path: Path) -> None:
    assert lock_note(Project(tmp_path), ["numpy"]) == ""
