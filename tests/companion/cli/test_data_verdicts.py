"""`ntp data`: what it says of the two conditions, in which process, and within which limits."""

import multiprocessing
import os
import signal
import time

import pytest
from story import run

from ntp_lib.companion.cli import verdicts as module


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


def test_large_problems_are_decided_in_a_child(folder, monkeypatch):
    """The same answers, whichever process finds them."""
    (folder / "line.txt").write_text("a x a x a y b x b y b y")
    options = ("line.txt", "--dim", 1, "--context-length", 1, "--explain", "--force")
    here = run(*options).stdout
    monkeypatch.setattr(module, "SMALL_MULTIPLICATIONS", -1)
    assert run(*options).stdout == here
    assert "Not separable: " in here


def ready_then_sleep(sending, sent):
    sending.send(None)
    sent.set()
    time.sleep(300)


def verdict_then_sleep(sending, sent):
    sending.send(None)
    sending.send(("no", ""))
    sent.set()
    time.sleep(300)


def ready_then_die(sending, sent):
    sending.send(None)
    sent.set()
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("target", "limit", "verdict", "reasons"),
    [
        (ready_then_sleep, 1.0, "not decided within 1 s", ""),
        (verdict_then_sleep, 1.0, "no", "No reasons within 1 s"),
        (ready_then_die, 200.0, "not decided: its process was ended (exit code -9; memory?)", ""),
    ],
)
def test_a_child_that_finds_nothing_costs_no_more_than_the_limit(monkeypatch, target, limit, verdict, reasons):
    """What the child says lies in the pipe before the clock starts: a busy machine does not decide the test."""
    monkeypatch.setattr(module, "GRACE", 0.0)
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    sent = context.Event()
    child = context.Process(target=target, args=(sending, sent), daemon=True)
    child.start()
    sending.close()
    try:
        assert sent.wait(200)
        found = module._awaited("separable?", receiving, child, module.Request(explain=True, time_limit=limit))
    finally:
        child.kill()
        child.join()
    assert found[0] == verdict
    assert found[1].startswith(reasons)


def test_what_is_not_decided_says_what_may_decide_it(folder, monkeypatch):
    def gives_up(data, time_limit):
        assert time_limit == 7.5
        return f"not decided within {time_limit:g} s: for a test", None

    monkeypatch.setitem(module._QUESTIONS, "separable?", gives_up)
    options = ("story.txt", "--dim", 3, "--time-limit", 7.5, "--force")
    verdict = verdict_lines(run(*options))[1][1]
    assert verdict.startswith("not decided within 7.5 s: for a test; what may decide it: a larger --time-limit")
    assert "--dim 13 (independent contexts meet both conditions)" in verdict
    assert "--dim" not in verdict_lines(run(*options, "--embedding", "composed"))[1][1]
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert [found for _, found in verdict_lines(run("story.txt", "--dim", 13, "--force"))] == ["yes", "yes"]


def test_a_text_too_large_for_the_memory_is_not_decided(folder, monkeypatch):
    def needs_too_much(data, time_limit):
        raise MemoryError

    monkeypatch.setitem(module._QUESTIONS, "compatible?", needs_too_much)
    result = run("story.txt")
    assert result.exit_code == 0
    assert verdict_lines(result)[0][1].startswith("not decided: it needs more memory than there is; what may")


def test_many_singleton_contexts_are_refuted_in_seconds(folder):
    """One next token after every context, and more contexts than two dimensions hold."""
    words = [f"id{i} id{(i * i * 7) % 300}" for i in range(300)]
    (folder / "ids.txt").write_text("\n".join(words))
    assert verdict_lines(run("ids.txt", "--dim", 2)) == [["compatible?", "yes"], ["separable?", "no"]]


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf"])
def test_time_limits_are_finite_and_positive(folder, limit):
    result = run("story.txt", "--time-limit", limit)
    assert result.exit_code == 2
    assert "--time-limit is" in result.stderr
    assert not (folder / "story.npz").exists()


def test_verdicts_are_explained_on_request(folder):
    (folder / "line.txt").write_text("a x a x a y b x b y b y")
    options = ("line.txt", "--dim", 1, "--context-length", 1, "--force")
    explained = run(*options, "--explain").stdout
    assert "Not compatible: the log-odds of 2 contexts contradict each other." in explained
    assert "Not separable: " in explained
    assert "“a”" in explained
    assert "Not compatible" not in run(*options).stdout


def test_checks_can_be_left_out(folder):
    lines = verdict_lines(run("story.txt", "--no-check"))
    assert [verdict for _, verdict in lines] == ["not decided: not asked for"] * 2


def test_a_full_support_has_no_margin(folder):
    (folder / "full.txt").write_text("a a b b a a")
    result = run("full.txt", "--context-length", 1)
    assert result.exit_code == 0
    assert verdict_lines(result)[1][1].startswith("not defined: every context has the whole vocabulary")
