"""`ntp book`: stage the executed notebooks with the chapters and build the HTML book."""

import click


@click.command("book")
@click.option("--fresh", is_flag=True, help="Build although nothing has changed since the last build.")
@click.pass_context
def book_command(context: click.Context, *, fresh: bool) -> None:
    """Build the HTML book from the chapters and the executed notebooks.

    The build is strict: any Sphinx warning fails it, and the book that was there before stays.
    """
    from ntp_lib.companion.cli.main import current_project
    from ntp_lib.companion.pages.site import build_site
    from ntp_lib.companion.reproduction.errors import PublicationError, ReproductionError

    try:
        site = build_site(current_project(context), fresh=fresh)
    except (PublicationError, ReproductionError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{'Built' if site.rebuilt else 'Nothing has changed; kept'} {site.folder}")
    click.echo(f"Open {site.front_page.as_uri()}")
