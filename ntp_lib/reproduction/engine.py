"""papermill's way through a notebook, with a witness in the kernel and an end before the last cell if wanted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from ntp_lib.reproduction.errors import ReproductionError

ENGINE = "ntp"
WITNESS = Path(__file__).with_name("witness.py")
# Executed in a namespace of its own, so that the notebook's names stay the notebook's.
BEGIN = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("_ntp_witness", {path!r})
module = sys.modules["_ntp_witness"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.witness = module.Witness({root!r})
"""
TESTIFY = """
import sys
sys.modules["_ntp_witness"].witness.testify({target!r})
"""


@dataclass(frozen=True)
class Watch:
    """What the engine does besides executing cells.

    Attributes:
        root: The project's folder.
        testimony: File for what the witness says after the last cell.
        enough: Asked after every cell; where it says yes, the rest is not executed.
    """

    root: Path
    testimony: Path
    enough: Callable[[], bool]


class _EnoughError(Exception):
    """What was asked for is there."""


class _WatchedClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    def __init__(self, notebook: Any, watch: Watch, **options: Any) -> None:
        super().__init__(notebook, **options)
        self.watch = watch

    def papermill_execute_cells(self) -> None:
        self._tell(BEGIN.format(path=str(WITNESS), root=str(self.watch.root)))
        with suppress(_EnoughError):
            super().papermill_execute_cells()
        self._tell(TESTIFY.format(target=str(self.watch.testimony)))

    def execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:
        executed = super().execute_cell(cell, cell_index, **options)
        if self.watch.enough():
            raise _EnoughError
        return executed

    def _tell(self, code: str) -> None:
        message = self.kc.execute(f"exec({code!r}, {{}})", silent=True, store_history=False)
        # The limit is for cells; a kernel that lives answers.
        self.timeout, limit = None, self.timeout
        reply = self.wait_for_reply(message)
        self.timeout = limit
        if reply is None or reply["content"]["status"] != "ok":
            content = reply["content"] if reply else {}
            raise ReproductionError(
                f"the kernel does not say what it runs ({content.get('ename')}: {content.get('evalue')})"
            )


class _WatchedEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        watch: Watch,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        input_path: object = None,
        **options: Any,
    ) -> Any:
        client = _WatchedClient(
            nb_man,
            watch,
            timeout=execution_timeout,
            startup_timeout=start_timeout,
            kernel_name=kernel_name,
            log=logger,
            **options,
        )
        return client.execute()


papermill_engines.register(ENGINE, _WatchedEngine)
