"""Records of runs with other fields, as if the run had written them."""

import json
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.records import sealed, without_seal
from ntp_lib.reproduction.runs import RUN_FILE


def edit_run(folder: Path, **changes: Any) -> None:
    """Give fields of a run's record other values."""
    path = folder / RUN_FILE
    record = without_seal(json.loads(path.read_text("utf-8")))
    path.write_text(json.dumps(sealed({**record, **changes})), "utf-8")
