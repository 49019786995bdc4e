"""`report`: a finished run once more, in any format."""

from typing import Annotated

import typer

PANEL = "Look around"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def report(
    run: Annotated[str, typer.Argument(help="Its directory, its id, or `last`.")] = "last",
    output_format: Annotated[
        str, typer.Option("--format", help="text, html, json or junit.")
    ] = "text",
) -> None:
    """Show a finished run again. Judges nothing: 0, or 2 where there is no such run."""
    from harness.cli._report import print_report

    print_report(run, output_format)
