import pytest
from tiny_project import MANIFEST

from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.project import Project


def test_figures_in_the_order_of_the_file(project: Project) -> None:
    manifest = load_manifest(project)
    assert list(manifest.figures) == ["loss", "words"]
    assert manifest.figure("loss").columns["value"].allowed(-2.0) == pytest.approx(2e-6 + 1e-12)
    assert [entry.id for entry in manifest.of_notebook("text")] == ["words"]


def test_unknown_figure_suggests_the_nearest(project: Project) -> None:
    with pytest.raises(RequestError, match=r"no figure 'los'\. Did you mean 'loss'\? Valid: loss, words"):
        load_manifest(project).figure("los")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("notebook: descent", "notebook: decsent", "figure 'loss': no notebook 'decsent'. Did you mean 'descent'"),
        ("alt: The loss falls.", "", "figure 'loss': alt is None; valid: a non-empty text"),
        ("title: Descent", "titel: Descent", "figure 'loss': no field 'titel'. Did you mean 'title'?"),
        ("reason: counts are exact", "reason: ''", "column 'count': reason is ''; valid: a non-empty text"),
        ("relative: 0,", "relative: -1,", "column 'count': relative is -1; valid: a finite number"),
        ("relative: 0,", "relative: .nan,", "column 'count': relative is nan"),
        ("relative: 0,", "relative: true,", "column 'count': relative is True"),
        ("key: [word]", "key: []", "figure 'words': key is []; valid: a non-empty list"),
        ("key: [word]", "key: [word, count]", "'count' is a key and a column with tolerances"),
        ("source: old-text", "source: new-text", "figure 'words': no source 'new-text'"),
        ("a" * 64, "a" * 63, "source 'old-text': sha256 is"),
        ("  words:", "  loss:", "'loss' is given twice"),
        ("  words:", "  Words:", "figure 'Words': not a valid id"),
        ("figures:", "figures: [", "figures.yml"),
        ("relative: 0,", "relative: .inf,", "column 'count': relative is inf; valid: a finite number"),
        ("relative: 0,", "relative: 1e400,", "column 'count': relative is inf"),
        ("relative: 0,", f"relative: {'9' * 400},", "column 'count': relative is 9999"),
        ("relative: 0,", "relative: '0',", "column 'count': relative is '0'; valid: a finite number"),
        ("relative: 0,", "relative: 1:30,", "column 'count': relative is '1:30'"),
        ("relative: 0,", "relative: yes,", "column 'count': relative is 'yes'"),
        ("relative: 0,", "relative: 1,", "column 'count': relative is 1; valid: below 1"),
        ("{relative: 0,", "{<<: {relative: 0.5},", "line 25: '<<' merges mappings"),
        ("{relative: 0,", "{relative: 0, relative: 0.5,", "line 25: 'relative' is given twice"),
        ("title: Words", "title: 2001-99-99\n    titel: x", "no field 'titel'"),
        ("title: Words", "title: " + "[" * 2000, "line 19: nested more than 20 levels deep"),
        ("title: Words", "title: &a [*a]", "line 19: the alias *a stands for something that holds it"),
        ("title: Words", "title: " + "9" * 400, "title is 9999"),
        (
            "title: Words",
            "title: !!python/object/apply:os.system [x]",
            "line 19: could not determine a constructor",
        ),
        ("figures:", "figures:\n  7: {}", "the name 7 is not a text; quote it"),
    ],
)
def test_mistakes_are_named(project: Project, old: str, new: str, message: str) -> None:
    assert old in MANIFEST
    project.manifest.write_text(MANIFEST.replace(old, new, 1))
    with pytest.raises(ReproductionError) as caught:
        load_manifest(project)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400


def test_a_manifest_that_is_not_utf8_is_named(project: Project) -> None:
    project.manifest.write_bytes(MANIFEST.encode() + b"\xff")
    with pytest.raises(ReproductionError, match=r"figures\.yml: not UTF-8 \(invalid start byte at byte \d+\)"):
        load_manifest(project)


def test_project_is_found_from_below_and_nowhere_else(project: Project) -> None:
    assert Project.find(project.notebooks / "references").root == project.root
    project.manifest.unlink()
    with pytest.raises(ReproductionError, match="no project at or above"):
        Project.find(project.notebooks)
