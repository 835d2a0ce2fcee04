"""The kernel that executes notebooks: this interpreter's own, away from settings and folders of a person."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

from ntp_lib.companion.reproduction.arithmetic import ONE_THREAD
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.session import FOLDER_VARIABLE
from ntp_lib.companion.reproduction.workspaces import Workspace

TOOLS = ("papermill", "nbclient", "ipykernel")


def require_tools() -> None:
    """Refuse to begin without the packages that execute a notebook.

    Raises:
        ReproductionError: one is missing; the message says how to install it.
    """
    if missing := [tool for tool in TOOLS if importlib.util.find_spec(tool) is None]:
        raise ReproductionError(
            f"{sys.executable} lacks {', '.join(missing)}, without which no notebook can be executed; "
            f"run: make env (or: {sys.executable} -m pip install {' '.join(missing)})"
        )


def own_kernel(space: Workspace) -> dict[str, Any]:
    """Options for papermill by which a notebook runs in this interpreter.

    Args:
        space: where the execution works; connection file and sockets go there.

    Returns:
        Keyword arguments.
    """
    import zmq
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default
    from traitlets.config import Config

    class OwnKernelManager(AsyncKernelManager):
        """Knows the kernel of this interpreter alone, whatever kernels a person has installed."""

        @default("kernel_spec_manager")
        def _kernel_spec_manager_default(self) -> KernelSpecManager:
            return KernelSpecManager(kernel_dirs=[])

    settings = {"connection_file": str(space.folder / "kernel.json")}
    if zmq.has("ipc"):
        # Kernels that choose TCP ports at the same time take each other's; sockets in a folder cannot clash.
        settings |= {"transport": "ipc", "ip": str(space.sockets / "k")}
    return {
        "kernel_name": "python3",
        "language": "python",
        "kernel_manager_class": OwnKernelManager,
        "config": Config({"KernelManager": settings}),
        # A database of what was typed is of no use, and some network disks cannot hold one.
        "extra_arguments": ["--HistoryManager.enabled=False"],
    }


def kernel_environment(project: Project, space: Workspace) -> dict[str, str]:
    """Variables for the kernel's process.

    Args:
        project: the project, whose modules the notebook may import.
        space: where the execution works.

    Returns:
        Their values; a person's start-up files and settings of figures are left out.
    """
    paths = [str(project.root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **ONE_THREAD,
        FOLDER_VARIABLE: str(space.run),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONSTARTUP": "",
        "IPYTHONDIR": str(space.folder / "ipython"),
        "MATPLOTLIBRC": os.devnull,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
