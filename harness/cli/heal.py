"""`heal`: mends what a killed run of `health --here` has left broken."""

import typer

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def heal() -> None:
    """Mend what a killed run has left broken in the stacks of this folder."""
    import asyncio

    from harness.cli._mending import mended
    from harness.matrix.mending import left_broken

    with left_broken() as breaches:
        lines = asyncio.run(mended(breaches)) if breaches else ["nothing is left broken here"]
    for line in lines:
        typer.echo(line)
