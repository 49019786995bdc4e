"""`sweep`: removes what killed runs left in an environment."""

from typing import Annotated

import typer

from harness.cli._duration import seconds

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def sweep(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")],
    older_than: Annotated[
        str,
        typer.Option("--older-than", metavar="TIME", help="What was made longer ago: 0s is all."),
    ] = "1h",
    runs: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where runs are. Else reports/runs.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
) -> None:
    """Remove what killed runs left: 0 when nothing is left, 20 when something is, or may be."""
    from harness.cli._sweep_run import Request, sweep_run

    age_s = seconds(older_than, "--older-than", may_be_none=True)
    raise typer.Exit(sweep_run(Request(env=env, age_s=age_s, runs=runs, is_dry=dry_run)))
