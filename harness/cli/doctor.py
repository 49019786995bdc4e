"""`doctor`: can this machine do its work?"""

from typing import Annotated

import typer

PANEL = "Look around"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def doctor(
    env: Annotated[
        str | None, typer.Option(help="Also what this environment needs, and whether it answers.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Look for what is missing on this machine, and how to mend it: 0, or 20."""
    from harness.cli._doctor import examine

    raise typer.Exit(examine(env, output_format))
