"""The folder the book is built from: pages, executed notebooks and figures under their repository paths."""

import json
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from ntp_lib.companion.pages import notebook_cells as cells
from ntp_lib.companion.pages.addresses import repository_url, with_addresses
from ntp_lib.companion.pages.chapter_claims import fill_in_chapters
from ntp_lib.companion.pages.claims_page import claims_filled_in
from ntp_lib.companion.pages.evidence import Evidence, gather
from ntp_lib.companion.pages.folders import fresh_folder
from ntp_lib.companion.pages.harness import with_verdicts
from ntp_lib.companion.pages.notebook_page import footer, run_box
from ntp_lib.companion.pages.portability_part import portability_part
from ntp_lib.companion.pages.robustness_part import robustness_part
from ntp_lib.companion.pages.verification_page import filled_in
from ntp_lib.companion.portability.standing import standing
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.fields import mapping, read_yaml
from ntp_lib.companion.reproduction.integrity import alterations
from ntp_lib.companion.reproduction.manifest import Manifest, load_manifest
from ntp_lib.companion.reproduction.notebooks import code_cells, document, stored_errors
from ntp_lib.companion.reproduction.parameters import notebook_parameters
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import NOTEBOOK_FILE, SUFFIXES, figure_file
from ntp_lib.companion.reproduction.verification import Report, verify

# As numpy writes a scalar that it was not asked to format.
RAW_SCALAR = re.compile(r"\bnp\.(?:float|int|uint|bool|complex|str)\w*\(")


@dataclass(frozen=True)
class Shown:
    """What the `ntp-figure` directive knows of a figure."""

    title: str
    caption: str
    alt: str
    paper: str | None
    notebook: str


def stage_folder(project: Project) -> Path:
    """Return where the stage of a project lies."""
    return project.build / "stage"


def stage(project: Project) -> Path:
    """Put everything the book is built from into `_build/stage`, replacing what was there.

    Args:
        project: the project; all notebooks of its table of contents must have been executed.

    Returns:
        The stage.

    Raises:
        PublicationError: a notebook was not executed or stores an error, or a file is missing or not the one
            that its run made.
    """
    manifest = load_manifest(project)
    config = _read_yaml(project.root / "_config.yml")
    notebooks = notebooks_in_toc(project)
    report = verify(project)
    _require_sound(project, report, notebooks)
    evidence = [gather(report, manifest, name) for name in notebooks]
    with fresh_folder(stage_folder(project)) as folder:
        shutil.copytree(project.root / "book", folder / "book", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(project.root / "_toc.yml", folder / "_toc.yml")
        _write_yaml(folder / "_config.yml", with_addresses(config))
        _copy_figures(project, manifest, notebooks, folder / "book" / "_figures")
        (folder / "notebooks").mkdir()
        for item in evidence:
            page = json.dumps(_notebook_page(project, manifest, item, repository_url(config)), ensure_ascii=False)
            (folder / "notebooks" / f"{item.run.notebook}.ipynb").write_text(page, "utf-8")
        _fill_in_verification(folder / "book" / "how-verified.md", evidence, report, project)
        _fill_in_claims(folder / "book", report, notebooks)
    return stage_folder(project)


def notebooks_in_toc(project: Project) -> list[str]:
    """Return the names of the notebooks in the table of contents, in reading order."""
    return [
        Path(entry).name.removesuffix(".ipynb")
        for entry in _files(_read_yaml(project.root / "_toc.yml"))
        if Path(entry).parent.name == "notebooks"
    ]


def executed_notebook(project: Project, name: str) -> cells.Notebook:
    """Return the executed notebook as a reader may have it: outputs in place, the pipeline's traces removed."""
    return cells.without_traces(document(project.runs / name / NOTEBOOK_FILE))


def _require_sound(project: Project, report: Report, notebooks: Sequence[str]) -> None:
    """Refuse what no reader should see: no run, an error in one, or files that are not those it made."""
    runs = {name: report.runs[name].run if name in report.runs else None for name in notebooks}
    if missing := [name for name, run in runs.items() if run is None]:
        reason = next((report.runs[name].unreadable for name in missing if name in report.runs), "")
        raise PublicationError(reason or f"not executed: {', '.join(missing)}; run `ntp run --all` first")
    for name, run in runs.items():
        for change in alterations(project.runs / name, run) if run else ():
            raise PublicationError(f"{name}: {change}; run `ntp run {name}`")
        path = project.runs / name / NOTEBOOK_FILE
        for fault in (*stored_errors(path), *_raw_scalars(path)):
            raise PublicationError(f"{name}: {fault}; mend it and run `ntp run {name}`")


def _raw_scalars(path: Path) -> list[str]:
    """Outputs that would show a reader `np.float64(0.5)` where 0.5 is meant, one sentence each."""
    return [
        f"code cell {cell.number} shows {found.group()}…) as text; make a plain number of it, as by float(…)"
        for cell in code_cells(path)
        for output in cell.outputs
        if (found := RAW_SCALAR.search("".join(output.get("data", {}).get("text/plain", ""))))
    ]


def _notebook_page(project: Project, manifest: Manifest, evidence: Evidence, repository: str) -> cells.Notebook:
    name = evidence.run.notebook
    parameters = list(notebook_parameters(project.notebook(name)).values())
    figures = [entry.id for entry in manifest.of_notebook(name)]
    box = cells.markdown_cell("run-this", run_box(name, parameters, figures, repository=repository))
    shown = cells.with_frames(cells.with_figures(executed_notebook(project, name)))
    shown = with_verdicts(shown, evidence.run.checks)
    page = cells.insert_after_parameters(shown, box)
    page["cells"].append(cells.markdown_cell("how-computed", footer(evidence)))
    return page


def _copy_figures(project: Project, manifest: Manifest, notebooks: Iterable[str], target: Path) -> None:
    target.mkdir()
    index = {}
    for entry in manifest.figures.values():
        files = [figure_file(project.runs / entry.notebook, entry.id, suffix) for suffix in SUFFIXES]
        if entry.notebook not in notebooks or not all(file.is_file() for file in files):
            continue
        for file in files:
            shutil.copy(file, target / file.name)
        index[entry.id] = asdict(Shown(entry.title, entry.caption, entry.alt, entry.paper, entry.notebook))
    (target / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=False), "utf-8")


def _fill_in_verification(page: Path, evidence: list[Evidence], report: Report, project: Project) -> None:
    if page.is_file():
        reports = {
            "robustness": robustness_part(project),
            "portability": portability_part(standing(project, report.manifest, report.runs)),
        }
        page.write_text(filled_in(page.read_text("utf-8"), evidence, report.manifest, reports), "utf-8")


def _fill_in_claims(book: Path, report: Report, notebooks: Sequence[str]) -> None:
    page = book / "claims.md"
    if report.ledger is not None:
        fill_in_chapters(book, report.ledger, notebooks)
    if page.is_file():
        if report.ledger is None:
            raise PublicationError("book/claims.md: the project has no ledger (notebooks/claims.yml)")
        page.write_text(claims_filled_in(page.read_text("utf-8"), report.ledger, notebooks), "utf-8")


def _files(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _files(item)]
    if not isinstance(node, dict):
        return []
    own = [str(node["file"])] if "file" in node else []
    return own + [name for value in node.values() for name in _files(value)]


def _read_yaml(path: Path) -> dict[str, Any]:
    return dict(mapping(read_yaml(path, path.name), path.name))


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
