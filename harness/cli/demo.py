"""`demo`: a good release, a bad one, and what the gate makes of both, on this machine."""

from typing import Annotated

import typer

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def demo(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")] = "local",
) -> None:
    """Watch the gate: a good release stays, a bad one is rolled back."""
    from harness.cli._demo import Demonstration

    raise typer.Exit(Demonstration(env).run())
