"""`ntp data`: summary, output, refusals."""

import pytest
from click.testing import CliRunner

from ntp_lib import NTPData
from ntp_lib.cli import verdicts as module
from ntp_lib.cli.data import data_command

SENTENCE = "The cat sat on the mat . The dog sat on the cat . The mat sat . "


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "story.txt").write_text(SENTENCE)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(data_command, [str(argument) for argument in arguments])


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


def verdict_lines(result):
    return [line.split(maxsplit=1) for line in result.stdout.splitlines() if "ble?" in line]


def test_small_problems_are_decided(folder):
    assert verdict_lines(run("story.txt")) == [["compatible?", "yes"], ["separable?", "yes"]]


def test_conditions_that_fail_are_reported(folder):
    # One dimension: after a, x is twice as likely as y, and after b half as likely; one number per token serves
    # both only if the two embeddings are opposite, which random ones are not.
    (folder / "line.txt").write_text("a x a x a y b x b y b y")
    assert verdict_lines(run("line.txt", "--dim", 1, "--context-length", 1)) == [
        ["compatible?", "no"],
        ["separable?", "no"],
    ]


def test_verdicts_are_explained_on_request(folder):
    (folder / "line.txt").write_text("a x a x a y b x b y b y")
    options = ("line.txt", "--dim", 1, "--context-length", 1, "--force")
    explained = run(*options, "--explain").stdout
    assert "Not compatible: the log-odds of 2 contexts contradict each other." in explained
    assert "Not separable: " in explained
    assert "“a”" in explained
    assert "Not compatible" not in run(*options).stdout


def test_large_problems_are_left_undecided_unless_forced(folder, monkeypatch):
    monkeypatch.setattr(module, "CHECK_EQUATIONS", 0)
    monkeypatch.setattr(module, "CHECK_MULTIPLICATIONS", 0)
    options = ("story.txt", "--dim", 3, "--force")
    for _, verdict in verdict_lines(run(*options)):
        assert verdict.startswith("not decided: too large (")
        assert verdict.endswith("--check forces it")
    assert not any("not decided" in verdict for _, verdict in verdict_lines(run(*options, "--check")))


def test_checks_can_be_left_out(folder):
    lines = verdict_lines(run("story.txt", "--no-check"))
    assert [verdict for _, verdict in lines] == ["not decided: not asked for"] * 2


def test_a_full_support_has_no_margin(folder):
    (folder / "full.txt").write_text("a a b b a a")
    result = run("full.txt", "--context-length", 1)
    assert result.exit_code == 0
    assert verdict_lines(result)[1][1].startswith("not defined: every context has the whole vocabulary")


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
