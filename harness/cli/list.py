"""`list`: what `smoke` would run."""

from typing import Annotated

import typer

PANEL = "Look around"

app = typer.Typer()


@app.command("list", rich_help_panel=PANEL)
def list_checks(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")],
    only: Annotated[str | None, typer.Option(help="Those alone whose id matches.")] = None,
    output_format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """List the checks of an environment; nothing is sent and nothing started."""
    from harness.cli._list import print_checks

    print_checks(env, only, output_format)
