"""A command group that imports a command only when it is needed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from ntp_lib.companion.cli.streams import end_of_output, from_output, refused, speak_plainly
from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError, in_words, unknown
from ntp_lib.companion.reproduction.system import require_supported_system


@dataclass(frozen=True)
class LazyCommand:
    """A command that is not imported yet.

    Attributes:
        help: shown in the list of commands, so that listing them imports none.
        executes: it executes notebooks, which is not possible on every system.
    """

    help: str
    executes: bool = False


class LazyGroup(click.Group):
    """Commands by name, imported on use; refusals of the pipeline become messages and exit codes."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which they are used."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is no such name.

        Raises:
            RequestError: it executes notebooks, and this system does not.
        """
        if cmd_name not in self.lazy:
            return None
        if self.lazy[cmd_name].executes:
            require_supported_system()
        module = importlib.import_module(f"{__package__}.{cmd_name}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Names the valid commands where the one given does not exist."""
        if args and args[0] not in self.lazy and not args[0].startswith("-"):
            ctx.fail(unknown("command", args[0], self.lazy))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in self.lazy.items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line, whatever the streams behind it can take."""
        speak_plainly()
        try:
            return super().main(*args, **kwargs)
        except SystemExit as end:
            code = end_of_output(end.code if isinstance(end.code, int) else 0 if end.code is None else 1)
        except OSError as error:
            code = refused(error)
        sys.exit(code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command: exit 1 for what cannot be used, 2 for a request that makes no sense."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\nInterrupted: complete runs are kept, and the same command goes on from there.", err=True)
            ctx.exit(130)
        except RequestError as error:
            raise click.UsageError(str(error)) from error
        except ReproductionError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if from_output(error):
                ctx.exit(refused(error))
            raise click.ClickException(in_words(error)) from error
        except MemoryError as error:
            raise click.ClickException("memory has run out; try something smaller, or --jobs 1") from error
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] == "ntp_lib":
                raise
            raise click.ClickException(f"{sys.executable} lacks {error.name}; run: make env") from error
