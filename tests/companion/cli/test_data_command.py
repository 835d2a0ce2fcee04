"""`ntp data`: summary, output, refusals."""

import hashlib
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from story import SENTENCE, run

from ntp_lib import NTPData
from ntp_lib.companion.cli.data import data_command


def test_a_file_becomes_data_with_a_summary(folder):
    result = run("story.txt", "--context-length", 1, "--dim", 5, "--seed", 3, "--embedding", "composed")
    assert result.exit_code == 0, result.output
    loaded = NTPData.load("story.npz")
    assert (loaded.dim, loaded.num_contexts) == (5, 8)
    for part in ("m = 8", "n = 17", "V = 8", "d = 5", "nats", "perplexity", "min 1, median 2, max 3", "% of the"):
        assert part in result.stdout
    assert "story.txt → story.npz" in result.stdout
    assert f"H = {loaded.entropy:.6g}" in result.stdout


def test_options_reach_the_data(folder):
    assert run("story.txt", "--lowercase", "--vocab-size", 4, "--output", "out.npz").exit_code == 0
    assert NTPData.load("out.npz").vocabulary == ("the", "sat", ".", "<other>")


def test_every_file_is_a_data_set_of_its_own(folder):
    (folder / "other.txt").write_text("one two three one two four")
    result = run("story.txt", "other.txt")
    assert result.exit_code == 0, result.output
    assert NTPData.load("story.npz").vocab_size == 8
    assert NTPData.load("other.npz").vocab_size == 4


def test_standard_input_needs_an_output(folder):
    refused = run("-")
    assert (refused.exit_code, "give --output PATH.npz" in refused.stderr) == (2, True)
    result = CliRunner().invoke(data_command, ["-", "--output", "s.npz"], input=SENTENCE)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("standard input → s.npz")
    assert run("story.txt").exit_code == 0
    assert NTPData.load("s.npz").source == NTPData.load("story.npz").source
    empty = CliRunner().invoke(data_command, ["-", "--output", "e.npz"], input="")
    assert empty.stderr == "Error: standard input: the file is empty; a text is needed\n"


def test_the_archive_says_what_it_was_made_of(folder):
    arguments = ("--context-length", 1, "--dim", 5, "--seed", 3, "--embedding", "composed", "--lowercase")
    result = run("story.txt", *arguments, "--vocab-size", 6, "--unit", "character")
    assert result.exit_code == 0, result.output
    source = NTPData.load("story.npz").source
    digest = hashlib.sha256((folder / "story.txt").read_bytes()).hexdigest()
    assert (source.sha256, source.context_length, source.dim, source.seed) == (digest, 1, 5, 3)
    assert (source.embedding, source.unit, source.lowercase) == ("composed", "character", True)
    assert (source.vocab_size, source.left_out) == (6, 0)
    assert digest[:16] in result.stdout
    assert "tokens (characters)" in result.stdout


def test_other_encodings_are_named(folder):
    (folder / "wide.txt").write_text(SENTENCE, encoding="utf-16")
    result = run("wide.txt")
    assert result.exit_code == 0, result.output
    assert "UTF-16, 18 tokens (words)" in result.stdout


def test_what_is_left_out_is_counted(folder):
    (folder / "odd.txt").write_text("don't “go” — it's 😀😀😀 a\ue000b c", encoding="utf-8")
    lines = run("odd.txt").stdout
    assert "left out        9 characters: 😀 3, ' 2, “ 1, ” 1, — 1, U+E000 1" in lines
    assert "left out" not in run("story.txt").stdout


def test_words_that_look_like_whole_sentences_are_noted(folder):
    (folder / "long.txt").write_text("今日は天気がいいから散歩しましょうか。" * 3, encoding="utf-8")
    assert "--unit character" in run("long.txt", "--context-length", 1).stderr
    (folder / "long.txt").write_text(f"{'今日は' * 9} {'天気' * 12} {'散歩' * 15}", encoding="utf-8")
    assert "a word has 27 letters on average" in run("long.txt", "--context-length", 1).stdout


def test_names_near_the_longest_are_written(folder):
    name = "n" * 248
    (folder / f"{name}.txt").write_text(SENTENCE)
    assert run(f"{name}.txt").exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([f"{name}.npz", f"{name}.txt", "story.txt"])
    for arguments in ((f"{name}nnnnnnnnnn.txt",), ("story.txt", "--output", f"{name}nnnn.npz")):
        result = run(*arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "File name too long" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of another kind")
def test_folders_one_may_not_enter_are_named(folder, monkeypatch):
    def refuse(self, *arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert run("story.txt").stderr == "Error: story.txt: cannot be read (Permission denied)\n"
    monkeypatch.setattr("pathlib.Path.exists", refuse)
    assert run("story.txt").stderr == "Error: story.npz: cannot be written (Permission denied)\n"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert run("story.txt").stderr == "Error: story.npz: its folder cannot be written to\n"
    monkeypatch.undo()


def test_an_output_that_is_a_folder_is_refused(folder):
    (folder / "story.npz").mkdir()
    assert "story.npz: is a directory" in run("story.txt", "--force").stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")  # noqa: PTH110
def test_a_full_standard_output_is_one_line(folder):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        command = [sys.executable, "-m", "ntp_lib", "data", "story.txt"]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 2
    expected = "Error: standard output cannot be written (No space left on device); story.npz is complete\n"
    assert result.stderr == expected
    assert NTPData.load("story.npz").vocab_size == 8


def test_a_closed_standard_input_is_named(folder):
    result = subprocess.run(
        f"'{sys.executable}' -m ntp_lib data - --output s.npz 0<&-",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == "Error: -: standard input is closed; give a FILE, or pipe a text into the command\n"


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"", (), "bad.txt: the file is empty"),
        (b" \n", (), "bad.txt: the file holds only white space"),
        (b"a b", (), "bad.txt: tokens has length 2, shorter than one context"),
        (b"a \xff b", (), "bad.txt: byte 2 (0xff) is not UTF-8"),
        (b"a\0b", (), "bad.txt: byte 1 is NUL, so the file is binary"),
        (b"a b c", ("--context-length", "0"), "context_length is 0"),
        (b"a b c", ("--dim", "0"), "dim is 0"),
        (b"a b c", ("--vocab-size", "1"), "vocab_size is 1"),
        (b"a b c", ("--seed", "-1"), "seed is -1"),
        (b"a b c", ("--output", "absent/out.npz"), "absent/out.npz: its folder does not exist"),
        (b"a b c", ("--output", "out.txt"), "out.txt: the output must end in .npz"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(folder, content, arguments, message):
    (folder / "bad.txt").write_bytes(content)
    result = run("bad.txt", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1
    assert not list(folder.glob("*.npz"))


def test_missing_files_and_folders_are_refused(folder):
    assert "absent.txt: no such file" in run("absent.txt").stderr
    assert "is a directory" in run(".").stderr
    assert run("absent.txt").exit_code == run(".").exit_code == run().exit_code == 2


def test_nothing_is_overwritten_without_force(folder):
    assert run("story.txt").exit_code == 0
    before = (folder / "story.npz").read_bytes()
    refused = run("story.txt", "--seed", 1)
    assert (refused.exit_code, "story.npz: exists already" in refused.stderr) == (2, True)
    assert (folder / "story.npz").read_bytes() == before
    assert run("story.txt", "--seed", 1, "--force").exit_code == 0
    assert (folder / "story.npz").read_bytes() != before


def test_outputs_that_clash_are_refused_before_any_work(folder):
    (folder / "story.md").write_text(SENTENCE)
    result = run("story.txt", "story.md")
    assert (result.exit_code, "story.md: its output story.npz is that of story.txt too" in result.stderr) == (
        2,
        True,
    )
    assert not list(folder.glob("*.npz"))
    assert run("story.txt", "story.md", "--output", "x.npz").exit_code == 2
