"""papermill's way through a notebook, with a witness in the kernel; it may end early or go on after an error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.log import logger

from ntp_lib.companion.reproduction.errors import ReproductionError

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
        root: the project's folder.
        testimony: file for what the witness says after the last cell.
        enough: asked after every cell; where it says yes, the rest is not executed.
        goes_on: the cells after one that failed are executed as well.
    """

    root: Path
    testimony: Path
    enough: Callable[[], bool]
    goes_on: bool


class _WatchedClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    def __init__(self, notebook: Any, watch: Watch, **options: Any) -> None:
        super().__init__(notebook, **options)
        self.watch = watch
        self.ended = False

    def papermill_execute_cells(self) -> None:
        self._tell(BEGIN.format(path=str(WITNESS), root=str(self.watch.root)))
        failed = [index for index, cell in enumerate(self.nb.cells) if not self._execute(cell, index)]
        self._tell(TESTIFY.format(target=str(self.watch.testimony)))
        if failed:
            raise _first_error(self.nb.cells, failed[0])

    def _execute(self, cell: Any, index: int) -> bool:
        """One cell, as papermill does it; False where it failed."""
        if self.ended:
            return True
        try:
            self.nb_man.cell_start(cell, index)
            self.execute_cell(cell, index)
        except CellExecutionError as error:
            self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
            self.ended = not self.watch.goes_on
            return False
        finally:
            self.nb_man.cell_complete(self.nb.cells[index], cell_index=index)
        self.ended = self.watch.enough()
        return True

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


def _first_error(cells: Sequence[Any], index: int) -> PapermillExecutionError:
    """papermill's own error, which would speak of the last cell that failed."""
    cell = cells[index]
    outputs = [output for output in cell.outputs if output.output_type == "error"]
    name, value, traceback = (
        (outputs[0].ename, outputs[0].evalue, outputs[0].traceback) if outputs else ("CellExecutionError", "", [])
    )
    return PapermillExecutionError(index, cell.execution_count, cell.source, name, value, traceback)


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
