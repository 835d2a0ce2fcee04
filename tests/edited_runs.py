"""Records of runs with other fields, as if the run had written them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ntp_lib.companion.reproduction.runs import load_run, write_record


def edit_run(folder: Path, **changes: Any) -> None:
    """Give fields of a run's record other values and seal it again, as somebody could who means to deceive."""
    run = load_run(folder)
    assert run is not None
    write_record(replace(run, **changes), folder)
