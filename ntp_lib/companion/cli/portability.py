"""`ntp portability`."""

from __future__ import annotations

from pathlib import Path

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.reproduction.execution import CELL_TIMEOUT


@click.command("portability")
@click.option("--kernel", "kernels", multiple=True, metavar="NAME", help="A kernel of OpenBLAS; may be repeated.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    multiple=True,
    help="A number of threads; may be repeated. By default 1, 2.",
)
@click.option("--only", "notebooks", multiple=True, metavar="NOTEBOOK", help="One notebook; may be repeated.")
@click.option("--jobs", type=click.IntRange(min=1), help="Notebooks at a time; by default a core per thread.")
@click.option(
    "--timeout", type=click.IntRange(min=1), default=CELL_TIMEOUT, show_default=True, help="Seconds per cell."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File for the report.")
@click.option("--fresh", is_flag=True, help="Execute again what an interrupted call has finished.")
@click.pass_context
def portability_command(
    context: click.Context,
    kernels: tuple[str, ...],
    threads: tuple[int, ...],
    notebooks: tuple[str, ...],
    jobs: int | None,
    timeout: int,
    out: Path | None,
    fresh: bool,
) -> None:
    """Execute the notebooks on other BLAS kernels and numbers of threads; yours against reference.

    Every kernel is combined with every number of threads. Runs go to folders of their own, and the machine's
    settings stay as they are: kernels alone get others. A whole run replaces notebooks/measured/portability.json,
    which the page on verification is made from; a part of one stays in _build/portability unless --out says
    otherwise. An interrupted call goes on where it was.
    """
    from ntp_lib.companion.portability.measuring import measure
    from ntp_lib.companion.portability.settings import settings
    from ntp_lib.companion.portability.storage import NAME, report_file, save_report
    from ntp_lib.companion.portability.wording import table

    project = current_project(context)
    chosen = settings(kernels, threads)
    names = [project.notebook(name).stem for name in notebooks] or project.notebook_names()
    several = len({setting.kernel for setting in chosen}) > 1 and len({setting.threads for setting in chosen}) > 1
    whole = several and set(names) == set(project.notebook_names())
    parts = [f"--kernel {name}" for name in kernels] + [f"--threads {count}" for count in threads]
    command = " ".join(["ntp portability", *parts, *(f"--only {name}" for name in notebooks)])
    report = measure(
        project, chosen, names, command=command, fresh=fresh, jobs=jobs, timeout=timeout, say=click.echo
    )
    destination = out or (report_file(project) if whole else project.build / "portability" / NAME)
    save_report(report, destination)
    for line in table(report):
        click.echo(line)
    for record in report.settings:
        for name, notebook in record.notebooks.items():
            if notebook.failure:
                click.echo(f"✗ {record.setting}: {name}: {notebook.failure}", err=True)
            for figure, found in notebook.figures.items():
                if not found.verified:
                    click.echo(f"✗ {record.setting}: {figure} {found.state.lower()}", err=True)
    click.echo(f"→ {project.relative(destination)}")
    context.exit(0 if all(record.good for record in report.settings) else 1)
