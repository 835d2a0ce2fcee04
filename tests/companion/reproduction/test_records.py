"""Records of runs and notebooks, altered field by field: refused by name, never green, never a traceback."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_project import notebook

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.notebooks import code_cells, stored_errors, stored_outputs
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.records import SEAL, sealed, without_seal
from ntp_lib.companion.reproduction.runs import RUN_FILE, load_run
from ntp_lib.companion.reproduction.verification import verify

BAD = [None, 7, -1, 0.5, "text", "", [], ["x"], {}, {"a": 1}, True, float("nan"), float("inf"), 10**400]
DELETED = object()


def places(value: Any, *way: Any) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a value."""
    yield way
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, *way, key)


def altered(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at the end of a way, or without any there."""
    if not way:
        return new
    result = copy.deepcopy(value)
    inner = result
    for key in way[:-1]:
        inner = inner[key]
    if new is DELETED:
        del inner[way[-1]]
    else:
        inner[way[-1]] = new
    return result


def alterations(value: Any) -> Iterator[tuple[str, Any]]:
    """Every alteration that is one, with its place in words."""
    for way in places(value):
        for new in [*BAD, *([DELETED] if way else [])]:
            changed = altered(value, way, new)
            if json.dumps(changed) != json.dumps(value):
                yield f"{'.'.join(map(str, way))} = {new if new is not DELETED else 'deleted'!r}", changed


def test_any_altered_field_of_a_run_is_refused(green: Project) -> None:
    path = green.runs / "descent" / RUN_FILE
    record = json.loads(path.read_text("utf-8"))
    assert verify(green).ok
    for words, changed in alterations(record):
        path.write_text(json.dumps(changed), "utf-8")
        with pytest.raises(ReproductionError) as refusal:
            load_run(path.parent)
        assert str(path) in str(refusal.value), words
        assert len(str(refusal.value).splitlines()) == 1
    assert not verify(green).ok


@pytest.mark.parametrize(
    ("way", "new", "message"),
    [
        (("seconds",), -1.0, "seconds is -1; valid: a number that is not negative"),
        (("seconds",), True, "seconds is True; valid: a finite number"),
        (("seconds",), float("inf"), "seconds is inf; valid: a finite number"),
        (("started",), "soon", "started is 'soon'; valid: an ISO time"),
        (("key",), "0", "key is '0'; valid: 64 hexadecimal digits"),
        (("sekey",), "0", "no field 'sekey'. Did you mean 'key'?"),
        (("python",), DELETED, "python is missing"),
        (("parameters",), {"a": None}, "parameters: a is None; valid: an integer or a finite number or"),
        (("figures", "loss", "csv_sha256"), 7, "figures: loss: csv_sha256 is 7; valid: a text"),
        (("figures", "loss", "source_sha256"), "x", "figures: loss: source_sha256 is 'x'; valid: 64 hexadecimal"),
        (("figures", "../x"), {"csv_sha256": "0" * 64, "source_sha256": None}, "'../x' is not a valid id"),
        (("checks", 0, "relation"), "≈", "checks[0]: relation is '≈'; valid: ≤ ≥ ∈ ="),
        (("checks", 0, "bound"), "1", "checks[0]: bound is '1'; valid: a number"),
        (("checks", 0, "holds"), 1, "checks[0]: holds is 1; valid: true or false"),
        (
            ("checks", 0, "observed"),
            {"a": 1},
            "checks[0]: observed is {'a': 1}; valid: numbers, bools, texts or lists",
        ),
    ],
)
def test_what_makes_no_sense_is_named_even_where_it_is_sealed(
    green: Project, way: tuple[Any, ...], new: Any, message: str
) -> None:
    path = green.runs / "descent" / RUN_FILE
    record = without_seal(json.loads(path.read_text("utf-8")))
    path.write_text(json.dumps(sealed(altered(record, way, new))), "utf-8")
    with pytest.raises(ReproductionError) as refusal:
        load_run(path.parent)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"a": 1, "a": 2}', b"9" * 5000, b"\0", b"null"]
)
def test_a_file_that_is_no_record_is_refused(green: Project, content: bytes) -> None:
    (green.runs / "descent" / RUN_FILE).write_bytes(content)
    with pytest.raises(ReproductionError, match="not a readable record of a run"):
        load_run(green.runs / "descent")
    assert not verify(green).ok


def test_a_record_without_its_digest_is_refused(green: Project) -> None:
    path = green.runs / "descent" / RUN_FILE
    record = json.loads(path.read_text("utf-8"))
    assert SEAL in record
    path.write_text(json.dumps(without_seal(record)), "utf-8")
    with pytest.raises(ReproductionError, match="it was altered, or written by another version"):
        load_run(path.parent)


def test_an_altered_notebook_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "altered.ipynb"
    document = json.loads(notebook("x: int = 1", "print(x)", parameters=True))
    document["cells"][1]["outputs"] = [
        {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}
    ]
    refused = 0
    for _, changed in alterations(document):
        path.write_text(json.dumps(changed), "utf-8")
        try:
            [*stored_errors(path), *stored_outputs(path), *map(str, code_cells(path))]
        except ReproductionError:
            refused += 1
    assert refused > 100


NO_NOTEBOOKS = [b"[" * 100_000, b'{"cells": "\xff"}', b'{"cells": {}, "metadata": {}}', b"9" * 5000]


@pytest.mark.parametrize("content", NO_NOTEBOOKS)
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.ipynb").write_bytes(content)
    with pytest.raises(ReproductionError, match=r"no\.ipynb: not a readable notebook"):
        code_cells(tmp_path / "no.ipynb")
