import subprocess
import sys

import pytest
from click.testing import CliRunner, Result
from tiny_project import descent_frame, notebook, put_run

from ntp_lib.companion.cli.main import COMMANDS, main
from ntp_lib.companion.reproduction.parameters import digest_of
from ntp_lib.companion.reproduction.project import Project

# What neither a list of commands nor one of figures needs, and what takes most of a second to import.
HEAVY = ("pandas", "scipy", "torch", "numpy", "matplotlib", "papermill", "nbclient", "seaborn", "sphinx")


def ntp(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(project.root), *arguments])


def imported_by(*arguments: str) -> tuple[list[str], list[str]]:
    """The lines that a command of the book prints, and the modules that it imports."""
    code = (
        f"import sys\nfrom ntp_lib.companion.cli.main import main\ntry:\n    main({list(arguments)})\n"
        "except SystemExit:\n    print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, modules = done.stdout.splitlines()
    return lines, modules.split()


def test_help_names_every_command_and_imports_none() -> None:
    lines, modules = imported_by("--help")
    assert all(any(line.startswith(f"  {name} ") for line in lines) for name in COMMANDS)
    commands = [name for name in modules if name.startswith("ntp_lib.companion.cli.")]
    assert sorted(commands) == [f"ntp_lib.companion.cli.{name}" for name in ("lazy", "main", "streams")]
    assert not {*HEAVY} & {*modules}


def test_the_list_imports_no_mathematics(green: Project) -> None:
    lines, modules = imported_by("--project", str(green.root), "list")
    assert lines[0] == "descent"
    assert not {*HEAVY} & {*modules}
    assert "pandas" in imported_by("--project", str(green.root), "verify")[1], "control: what compares needs it"


def test_unknown_command_suggests_the_nearest(green: Project) -> None:
    result = ntp(green, "verfy")
    assert result.exit_code == 2
    assert "no command 'verfy'. Did you mean 'verify'?" in result.output


def test_folder_that_is_no_project(tmp_path) -> None:
    result = CliRunner().invoke(main, ["--project", str(tmp_path), "verify"])
    assert result.exit_code == 1
    assert "no project at or above" in result.output


def test_list(green: Project) -> None:
    result = ntp(green, "list")
    assert result.exit_code == 0
    assert "  loss                     Descent (Figure 1 of the paper)" in result.output
    assert "-p gradient_scale: float = 1.0" in result.output


def test_verify(green: Project) -> None:
    result = ntp(green, "verify")
    assert result.exit_code == 0
    assert "✓ 2 of 2 figures verified, checks recorded: 1" in result.output
    put_run(green, "descent", {"loss": descent_frame(gradient_scale=1.01)})
    result = ntp(green, "verify")
    assert result.exit_code == 1
    assert "columns that differ: value, norm" in result.output
    assert "✗ 1 of 2 figures verified" in result.output


def test_run_of_an_unchanged_notebook_ends_with_yours_against_reference(green: Project) -> None:
    result = ntp(green, "run", "descent")
    assert result.exit_code == 0
    assert "✓ descent: unchanged, not executed again" in result.output
    assert result.output.endswith("✓ loss agrees with its reference\n")
    put_run(green, "descent", {"loss": descent_frame(seed=1)})
    result = ntp(green, "run", "--all")
    assert result.exit_code == 1
    assert "columns that differ: value, norm" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "give one notebook or --all. Notebooks: descent, text"),
        (["run", "descent", "--all"], "give one notebook or --all"),
        (["run", "--all", "-p", "seed=1"], "parameters belong to a notebook"),
        (["run", "desent"], "no notebook 'desent'. Did you mean 'descent'?"),
        (["run", "descent", "-p", "sed=1"], "no parameter 'sed'. Did you mean 'seed'?\nParameters of descent:"),
        (["run", "descent", "-p", "seed=x"], "seed: 'x' is not of type int"),
        (["figure", "los"], "no figure 'los'. Did you mean 'loss'?"),
        (["figure", "loss", "-p", "gradientscale=1"], "Did you mean 'gradient_scale'?"),
        (["accept"], "give figures or --all"),
        (["accept", "los"], "no figure 'los'"),
    ],
)
def test_senseless_requests_execute_nothing(green: Project, arguments: list[str], message: str) -> None:
    result = ntp(green, *arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert not green.custom.exists()
    assert not green.work.exists()


def test_out_never_replaces_what_is_not_a_run(green: Project) -> None:
    result = ntp(green, "run", "descent", "--out", str(green.notebooks))
    assert result.exit_code == 2
    assert "exists and is not an earlier run" in result.output
    assert green.manifest.exists()


def test_accept_shows_the_difference_and_settles_it(green: Project) -> None:
    put_run(green, "descent", {"loss": descent_frame(seed=1)})
    result = ntp(green, "accept", "loss")
    assert result.exit_code == 0
    assert "columns that differ: value, norm" in result.output
    assert "→ notebooks/references/loss.csv written" in result.output
    assert ntp(green, "verify").exit_code == 0
    assert "its reference stays as it is" in ntp(green, "accept", "--all").output


def test_accept_writes_nothing_unless_all_can_be_accepted(green: Project) -> None:
    put_run(green, "descent", {"loss": descent_frame(seed=1)})
    before = green.reference("loss").read_bytes()
    green.notebook("text").write_text(notebook("changed = True"))
    result = ntp(green, "accept", "--all")
    assert result.exit_code == 1
    assert "words: its run is stale (notebooks/text.ipynb has changed); run: ntp run text" in result.output
    assert green.reference("loss").read_bytes() == before


def test_figure_with_another_parameter_names_the_columns_that_differ(green: Project) -> None:
    result = ntp(green, "figure", "loss", "-p", "gradient_scale=1.01")
    assert result.exit_code == 0, result.output
    folder = f"_build/figures/loss-{digest_of({'gradient_scale': 1.01})}"
    assert f"    {folder}/figures/loss.svg\n" in result.output
    assert "columns that differ: value, norm" in result.output
    assert ntp(green, "verify").exit_code == 0
    result = ntp(green, "figure", "loss")
    assert result.exit_code == 0
    assert "loss agrees with its reference" in result.output
