"""`ntp editions`: what a reader takes away, made from the built book."""

from __future__ import annotations

import click

KINDS = ("text", "pages", "epub", "pdf")


@click.command("editions")
@click.option(
    "--only", "kinds", type=click.Choice(KINDS), multiple=True, help="One kind of edition; may be repeated."
)
@click.option("--fresh", is_flag=True, help="Make also what was made from this very book before.")
@click.pass_context
def editions_command(context: click.Context, *, kinds: tuple[str, ...], fresh: bool) -> None:
    """Make PDF, EPUB, one file per page and plain text from the built book, in _build/editions.

    The PDF has an outline and links that stay inside; a file per page needs nothing else; llms.txt and
    llms-full.txt are for programs. Chromium typesets and prints, which takes minutes. What was made before stays
    until the new edition is whole, and an interrupted call goes on where it was.
    """
    from ntp_lib.companion.cli.main import current_project
    from ntp_lib.companion.editions.making import make_editions
    from ntp_lib.companion.reproduction.errors import PublicationError, ReproductionError

    project = current_project(context)
    try:
        editions = make_editions(project, kinds or KINDS, fresh=fresh, say=click.echo)
    except (PublicationError, ReproductionError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"→ {project.relative(editions.folder)}")
