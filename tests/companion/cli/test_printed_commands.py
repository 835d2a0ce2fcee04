"""Every command that the project prints works as printed; where it would take long, on a smaller project.

What names the book's own notebooks is executed by `test_readme_runs.py` where README prints it, by `make book`
where it runs with the book's parameters, and by `make mutants` where it stands in the box of a page. Here each of
those is checked against the book: the notebook, the figure and the parameter exist, and the value is another one.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from printed_commands import BOOK, ROOT, everything, in_boxes, in_file, in_text
from test_readme_runs import EXECUTED
from tiny_project import put_ledger

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.pages.notebook_page import run_box
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.parameters import notebook_parameters, parse_overrides
from ntp_lib.companion.reproduction.project import Project

PRINTED = sorted({command for place, command in everything() if place != "box"})
MAKE = [command for command in PRINTED if command.split()[0] == "make"]
OURS = [command for command in PRINTED if command.split()[0] == "ntp"]
# What `make env` makes, and the two commands of README in a script.
OTHERS = ("source .venv/bin/activate", ".ci/run")
# Words in capitals and the names of the small project that stand for them.
STANDING_FOR = {"NAME": "descent", "NOTEBOOK": "descent", "ID": "loss", "FIGURE": "loss", "name=value": "seed=1"}
# Whole sweeps and measurements take hours: the same command on one small cell, or on tiny problems.
SMALLER = {
    "sweep": ("--grid", "vocab=2 supports=1 dim=3 ratio=2", "--trials", "1", "--jobs", "1"),
    "bench": ("--smoke", "--only", "svm", "--repeats", "1"),
    "networks": ("--smoke",),
    "robustness": ("--seeds", "0", "--jobs", "1"),
}
# In a sentence the name alone stands for the command: what it takes is in its help. Other arithmetic is slow.
NAMED_ALONE = ("run", "figure", "data", "sweep", "portability")
# What needs a built book is executed on one, by tests/companion/editions/test_whole_editions.py.
ON_A_BUILT_BOOK = ("editions",)
TEXT = "the cat sat on the mat and the dog sat on the rug\n" * 5


def named(command: str) -> list[str]:
    """Notebooks and figures of the book that a command names."""
    figures = load_manifest(BOOK).figures
    return [word for word in command.split() if word in figures or word in BOOK.notebook_names()]


def ntp(project: Project, words: list[str]) -> Result:
    return CliRunner().invoke(main, ["--project", str(project.root), *words])


def test_nothing_else_is_printed() -> None:
    assert [command for command in PRINTED if command not in {*MAKE, *OURS, *OTHERS}] == []
    assert (ROOT / ".ci/run").is_file()
    assert {place for place, _ in everything()} >= {
        "README.md",
        "CONTRIBUTING.md",
        "book/index.md",
        "message",
        "box",
    }


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_the_target(command: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    words = shlex.split(command)
    subprocess.run([make, "--dry-run", *words[1:]], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("command", [
    command for command in OURS if not named(command) and command.split()[1] not in ON_A_BUILT_BOOK
])  # fmt: skip
def test_command_on_a_small_project(
    green: Project, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put_ledger(green)
    monkeypatch.chdir(tmp_path)
    for name in ("my-text.txt", "FILE"):
        Path(name).write_text(TEXT)
    words = [STANDING_FOR.get(word, word) for word in shlex.split(command)[1:]]
    smaller = ("--help",) if len(words) == 1 and words[0] in NAMED_ALONE else SMALLER.get(words[0], ())
    result = ntp(green, [*words, *smaller])
    assert "Traceback" not in result.output
    # Executed again, the small project's second notebook records no figure, as `ntp run` then says.
    expected = 1 if words == ["run", "--all", "--fresh"] else 0
    assert result.exit_code == expected, f"{command}: {result.output}"


@pytest.mark.parametrize("command", [command for command in OURS if named(command)])
def test_command_that_names_a_part_of_the_book(command: str) -> None:
    words = shlex.split(command)[1:]
    if "-p" in words:
        assert command in EXECUTED, f"{command}: executed by no test"
        assert_other_parameters(command)
    else:
        # `make book` runs every notebook and verifies every figure with the book's parameters.
        assert words[0] in ("run", "accept", "figure")
        assert named(command) == words[1:]


def assert_other_parameters(command: str) -> None:
    kind, name, *rest = shlex.split(command)[1:]
    notebook = name if kind == "run" else load_manifest(BOOK).figure(name).notebook
    assignments = [word for word in rest if word != "-p"]
    assert parse_overrides(BOOK.notebook(notebook), assignments), f"{command}: that is what the book runs already"


@pytest.mark.parametrize("command", in_boxes())
def test_command_in_the_box_of_a_page(command: str) -> None:
    assert_other_parameters(command)


def test_the_box_of_a_small_project(green: Project) -> None:
    parameters = list(notebook_parameters(green.notebook("descent")).values())
    commands = in_text(run_box("descent", parameters, ["loss"]))
    assert commands == ["ntp run descent -p steps=5", "ntp figure loss -p steps=5"]
    for command in commands:
        result = ntp(green, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
        assert "✗ loss differs from its reference" in result.stdout


def test_the_python_of_the_readme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my-text.txt").write_text(TEXT)
    (command,) = (command for command in in_file("README.md") if command.startswith("ntp data"))
    assert CliRunner().invoke(main, shlex.split(command)[1:]).exit_code == 0
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(block, {})
