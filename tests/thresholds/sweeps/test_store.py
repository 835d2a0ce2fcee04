"""Finished cells: written wholly or not at all, found again, never mistaken for others."""

import errno
import gc
import json
import os

import pytest
from tasks import counted

import ntp_lib as ntp
from ntp_lib.thresholds.sweeps.grid import FULL, parse_grid
from ntp_lib.thresholds.sweeps.run import run_cells
from ntp_lib.thresholds.sweeps.store import Store
from ntp_lib.thresholds.trials import Cell


def cells(count=5, **changes):
    base = {"question": "separability", "vocab_size": 4, "supports": "2", "dim": 2, "trials": 6, "seed": 0}
    return [Cell(num_contexts=m, **(base | changes)) for m in range(1, count + 1)]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cells.jsonl")


class Worker:
    """Counts its calls; interrupted after some."""

    def __init__(self, until=10**9):
        self.until, self.seen = until, []

    def __call__(self, cell):
        if len(self.seen) == self.until:
            raise KeyboardInterrupt
        self.seen.append(cell)
        return counted(cell)


def test_an_interrupted_sweep_resumes_and_equals_an_uninterrupted_one(store):
    first, second = Worker(until=3), Worker()
    with pytest.raises(KeyboardInterrupt):
        run_cells(cells(), store=store, work=first)
    frame = run_cells(cells(), store=store, work=second)
    assert (len(first.seen), len(second.seen)) == (3, 2)
    assert frame.equals(run_cells(cells(), work=counted))


def test_a_line_cut_short_is_dropped_and_its_cell_done_again(store):
    run_cells(cells(), store=store, work=counted)
    store.path.write_bytes(store.path.read_bytes()[:-20])
    again = Worker()
    frame = run_cells(cells(), store=store, work=again)
    assert again.seen == cells()[-1:]
    assert len(frame) == len(store.load()) == 5


@pytest.mark.parametrize("change", [{"seed": 1}, {"trials": 7}, {"supports": "1-2"}, {"dim": 3}])
def test_cells_of_another_sweep_are_not_taken_for_these(store, change):
    run_cells(cells(**change), store=store, work=counted)
    worker = Worker()
    run_cells(cells(), store=store, work=worker)
    assert worker.seen == cells()
    assert len(store.load()) == 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nonsense\n", "line 1 is no finished cell"),
        ("{}\n", "line 1 is no finished cell"),
        ("[1]\n", "line 1 is no finished cell"),
    ],
)
def test_another_file_is_refused(store, content, message):
    store.path.write_text(content)
    with pytest.raises(ntp.NTPDataError, match=message):
        run_cells(cells(), store=store, work=counted)


def test_a_file_that_is_no_store_is_left_as_it_is(store):
    store.path.write_text("a line without its end")
    with pytest.raises(ntp.NTPDataError, match="nor the beginning of one"):
        run_cells(cells(), store=store, work=counted)
    assert store.path.read_text() == "a line without its end"


def test_counts_that_do_not_add_up_or_contradict_are_refused(store):
    run_cells(cells(1), store=store, work=counted)
    record = json.loads(store.path.read_text())
    store.path.write_text(json.dumps(record | {"yes": 0}) + "\n")
    with pytest.raises(ntp.NTPDataError, match="do not sum to 6 trials"):
        store.load()
    swapped = json.dumps(record | {"yes": record["no"], "no": record["yes"]})
    store.path.write_text(json.dumps(record) + "\n" + swapped + "\n")
    with pytest.raises(ntp.NTPDataError, match="line 2 contradicts"):
        store.load()


def test_a_full_disk_leaves_whole_lines_only(store, monkeypatch):
    """A short write raises nothing by itself; the next cell would be glued to the half line."""
    run_cells(cells(2), store=store, work=counted)
    before = store.path.read_bytes()

    def short(file, content):
        return written(file, content[:50])

    written = os.write
    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="No space left on device") as failure:
        store.append(counted(cells(3)[2]))
    assert failure.value.errno == errno.ENOSPC
    monkeypatch.undo()
    assert store.path.read_bytes() == before
    again = Worker()
    run_cells(cells(), store=store, work=again)
    assert again.seen == cells()[2:]
    assert sorted(store.load()) == cells()


def damaged(record, **changes):
    return json.dumps(record | changes)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda record: damaged(record) + damaged(record), "Extra data"),
        (lambda record: damaged(record)[:40] + damaged(record), "line 3 is no finished cell"),
        (lambda record: damaged(record, surprise=1), "valid: a mapping of question, vocab_size"),
        (lambda record: damaged(record, trials=True), "trials is True; valid: an integer"),
        (lambda record: damaged(record, yes=1.5), "yes is 1.5; valid: an integer"),
        (lambda record: damaged(record, no=float("inf")), "no is inf; valid: an integer"),
        (lambda record: damaged(record, supports=None), "supports is None; valid: a text"),
        (lambda record: damaged(record, dim="2"), "dim is 2; valid: an integer"),
        (lambda record: damaged(record).replace('"dim": 2', f'"dim": {"2" * 5000}'), "line 3 is no finished cell"),
        (lambda record: "[" * 100_000, "line 3 is no finished cell"),
        (lambda record: "", "line 3 is no finished cell"),
        (lambda record: "\0", "line 3 is no finished cell"),
    ],
)
def test_a_damaged_line_in_the_middle_is_named_by_its_number(store, damage, message):
    run_cells(cells(), store=store, work=counted)
    # What earlier tests left is not to be collected at the bottom of a recursion.
    gc.collect()
    lines = store.path.read_text().splitlines()
    lines[2] = damage(json.loads(lines[2]))
    store.path.write_text("\n".join(lines) + "\n")
    before = store.path.read_bytes()
    with pytest.raises(ntp.NTPDataError, match=r"cells\.jsonl: line 3 ") as refusal:
        run_cells(cells(), store=store, work=counted)
    assert message in str(refusal.value)
    assert store.path.read_bytes() == before


def test_another_encoding_is_refused(store):
    run_cells(cells(1), store=store, work=counted)
    store.path.write_bytes(store.path.read_text().encode("utf-16") + b"\n")
    with pytest.raises(ntp.NTPDataError, match="line 1 is no finished cell"):
        store.load()


def test_a_cell_given_twice_is_refused():
    with pytest.raises(ntp.NTPDataError, match="given twice"):
        run_cells(cells() + cells(1), work=counted)


def test_a_real_cell_does_not_depend_on_the_order():
    forward = run_cells(cells(3)).set_index("num_contexts")
    backward = run_cells(cells(3)[::-1]).set_index("num_contexts")
    assert forward.equals(backward.loc[forward.index])


def test_grids_are_products():
    found = parse_grid(
        "vocab=4,5 supports=2,zipf:1-3 dim=10 ratio=1:2:3", question="separability", trials=2, seed=0
    )
    assert len(found) == len(set(found)) == 12
    assert {cell.num_contexts for cell in found} == {10, 15, 20}
    close = parse_grid("vocab=4 supports=2 dim=10 ratio=1.01,1.02", question="separability", trials=2, seed=0)
    assert len(close) == 1


@pytest.mark.parametrize("grid", FULL)
def test_the_full_diagram_is_valid_and_brackets_every_law(grid):
    from ntp_lib.thresholds.predictions import predicted_ratio

    found = parse_grid(grid, question="separability", trials=20, seed=0)
    for V, law in {(cell.vocab_size, cell.supports) for cell in found}:
        ratios = [cell.ratio for cell in found if (cell.vocab_size, cell.supports) == (V, law)]
        assert min(ratios) < predicted_ratio("separability", V, law) < max(ratios)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("", "vocab=… is missing"),
        ("vocab=4 supports=2 dim=10", "ratio=… is missing"),
        ("vocab=4 supports=2 dim=10 ratio=1 depth=3", "'depth=3'; valid: vocab=…"),
        ("vocab=4 vocab=5 supports=2 dim=10 ratio=1", "vocab is given twice"),
        ("vocab=x supports=2 dim=10 ratio=1", "vocab=x: must be integers"),
        ("vocab=4 supports=2 dim=10 ratio=a:b:3", "must be numbers or start:stop:count"),
        ("vocab=4 supports=2 dim=10 ratio=0", "all positive and finite"),
        ("vocab=4 supports=2 dim=10 ratio=1:2:0", "there must be ratios"),
        ("vocab=4 supports=2 dim=10 ratio=1:0:5", "all positive and finite"),
        ("vocab=4 supports=2 dim=10 ratio=nan", "all positive and finite"),
        ("vocab=4 supports=2 dim=10 ratio=inf", "all positive and finite"),
        ("vocab=4 supports=2 dim=10 ratio=-1", "all positive and finite"),
        ("vocab=4 supports=2 dim=10 ratio=1:nan:3", "all positive and finite"),
        ("vocab=4 supports=2 dim=10 ratio=1:2:1000000000", "at most 100000 ratios"),
        ("vocab=4 supports=2 dim=10 ratio=1:2:" + "9" * 5000, "at most 100000 ratios"),
        ("vocab=4,5 supports=2 dim=10 ratio=1:2:60000", "has 120000 cells; at most 100000"),
        ("vocab=4 supports=2 dim=10 ratio=1e300", "more than 100000000 numbers"),
        ("vocab=4 supports=2 dim=1000000000 ratio=1", "more than 100000000 numbers"),
        ("vocab=1000000000 supports=2 dim=10 ratio=1", "more than 100000000 numbers"),
        ("vocab=" + "9" * 5000 + " supports=2 dim=10 ratio=1", "integers of at most 12 digits"),
        ("vocab=1_0 supports=2 dim=10 ratio=1", "must be integers"),
        ("vocab=4 supports=" + "9" * 5000 + " dim=10 ratio=1", "support law"),
        ("vocab=-4 supports=2 dim=10 ratio=1", "vocab_size is -4"),
        ("vocab=4 supports=2 dim=-10 ratio=1", "dim is -10"),
        ("vocab=4 supports=5 dim=10 ratio=1", "5 tokens, but the vocabulary has 4"),
        ("vocab=4 supports=2 dim=0 ratio=1", "dim is 0"),
    ],
)
def test_bad_grids_are_named(grid, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        parse_grid(grid, question="separability", trials=2, seed=0)
