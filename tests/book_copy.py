"""Copies of the repository with a few of its notebooks, to be changed and executed in tests."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def copy_book(folder: Path, notebooks: Collection[str]) -> Path:
    """Copy the library and the notebooks named, with their figures and references; return the folder."""
    shutil.copytree(ROOT / "ntp_lib", folder / "ntp_lib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.lock", "_toc.yml"):
        shutil.copy(ROOT / name, folder)
    manifest = yaml.safe_load((ROOT / "notebooks/figures.yml").read_text(encoding="utf-8"))
    manifest["figures"] = {k: v for k, v in manifest["figures"].items() if v["notebook"] in notebooks}
    (folder / "notebooks/references").mkdir(parents=True)
    (folder / "notebooks/figures.yml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    for notebook in notebooks:
        shutil.copy(ROOT / f"notebooks/{notebook}.ipynb", folder / "notebooks")
    for reference in (ROOT / "notebooks/references").glob("*.csv"):
        if reference.stem in manifest["figures"]:
            shutil.copy(reference, folder / "notebooks/references")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that occurs exactly once; fail where it does not, so that no edit vanishes unseen."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} holds {old!r} {text.count(old)} times, not once: adapt this edit"
    path.write_text(text.replace(old, new), encoding="utf-8")
