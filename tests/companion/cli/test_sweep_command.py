"""`ntp sweep`: what it prints, keeps and refuses. The cells run in this process."""

import contextlib
import errno

import pytest
from click.testing import CliRunner

from ntp_lib.companion.cli.sweep import sweep_command
from ntp_lib.thresholds.sweeps import cluster
from ntp_lib.thresholds.sweeps import run as module

GRID = "vocab=2 supports=1 dim=3 ratio=1:3:4"


@pytest.fixture(autouse=True)
def in_process(tmp_path, monkeypatch):
    """The command is handed no workers, and says which address it would have used."""
    asked = []

    @contextlib.contextmanager
    def nobody(address=None, *, processes=None):
        asked.append((address, processes))
        yield None

    monkeypatch.setattr(cluster, "workers", nobody)
    monkeypatch.chdir(tmp_path)
    return asked


def run(*arguments):
    return CliRunner().invoke(sweep_command, [str(argument) for argument in arguments])


def test_a_sweep_prints_its_fifty_percent_points_and_keeps_its_cells(tmp_path):
    result = run("separability", "--grid", GRID, "--trials", 20, "--out", "cells.jsonl")
    assert result.exit_code == 0, result.output
    assert "cells.jsonl: 4 cells, 80 trials, 0 undecided" in result.stdout
    assert "V=2 |S|=1 d=3: law 2.000, 50 % at " in result.stdout
    assert len((tmp_path / "cells.jsonl").read_text().splitlines()) == 4


def test_the_same_command_resumes_and_starts_no_worker_when_nothing_is_missing(in_process, tmp_path):
    command = ("separability", "--grid", GRID, "--trials", 3)
    first = run(*command)
    before = (tmp_path / "separability.jsonl").read_bytes()
    second = run(*command)
    assert first.stdout == second.stdout
    assert (tmp_path / "separability.jsonl").read_bytes() == before
    assert len(in_process) == 1


def test_compatibility_and_several_grids():
    other = "vocab=3 supports=2 dim=2 ratio=1,3"
    result = run("compatibility", "--grid", other, "--grid", other, "--trials", 2)
    assert result.exit_code == 0, result.output
    assert "2 cells, 4 trials" in result.stdout
    assert "law 2.000, 50 % at ? (the outcomes do not overlap" in result.stdout


def test_the_address_and_the_processes_reach_the_workers(in_process):
    run("separability", "--grid", GRID, "--trials", 1, "--scheduler", "tcp://there:1")
    run("separability", "--grid", GRID, "--trials", 2, "--jobs", 3)
    assert in_process == [("tcp://there:1", None), (None, 3)]


def test_an_interrupt_keeps_what_is_finished_and_says_so(monkeypatch, tmp_path):
    def interrupted(cells, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_cells", interrupted)
    result = run("separability", "--grid", GRID)
    assert result.exit_code == 130
    assert "separability.jsonl keeps the finished cells" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("beauty",), "'beauty' is not one of"),
        ((), "Missing argument"),
        (("separability", "--trials", 0), "0 is not in the range"),
        (("separability", "--seed", -1), "-1 is not in the range"),
        (("separability", "--grid", "vocab=2"), "supports=… is missing"),
        (("separability", "--grid", "vocab=2 supports=3 dim=3 ratio=1"), "3 tokens, but the vocabulary has 2"),
        (("separability", "--out", "absent/cells.jsonl"), "its folder does not exist"),
        (("separability", "--trials", 10**30), "is not in the range"),
        (("separability", "--jobs", 10**9), "is not in the range"),
        (("separability", "--grid", "vocab=4 supports=2 dim=10 ratio=1:2:1000000000"), "at most 100000 ratios"),
        (("separability", "--grid", "vocab=4 supports=2 dim=10 ratio=nan"), "all positive and finite"),
        (("separability", "--scheduler", "tcp://there:1", "--jobs", 2), "--jobs starts local processes"),
    ],
)
def test_bad_input_is_named_and_nothing_is_run(in_process, tmp_path, arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert in_process == []
    assert not list(tmp_path.iterdir())


def test_another_file_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not cells\n")
    result = run("separability", "--grid", GRID, "--out", "notes.txt")
    assert (result.exit_code, "line 1 is no finished cell" in result.stderr) == (2, True)
    assert (tmp_path / "notes.txt").read_text() == "not cells\n"


def test_a_full_disk_is_named_in_one_line(monkeypatch):
    def full(cells, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "run_cells", full)
    result = run("separability", "--grid", GRID)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: separability.jsonl: No space left on device; finished cells are kept, and the same command goes "
        "on from there"
    ]


@pytest.mark.parametrize("out", ["/dev/zero", "x" * 5000])
def test_what_is_no_ordinary_file_is_refused(out):
    result = run("separability", "--grid", GRID, "--out", out)
    assert result.exit_code in (1, 2)
    assert len(result.stderr.splitlines()) == 1
    assert "ordinary file" in result.stderr or "too long" in result.stderr
