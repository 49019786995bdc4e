"""`journeys`: walks through the system as its users do, and prints the verdict."""

from typing import Annotated

import typer

from harness.cli._database import Database
from harness.cli._duration import seconds

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def journeys(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")],
    only: Annotated[
        str | None, typer.Option(help="Run some tests only: `*permissions*`. Never GO.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-n", min=0, max=64, help="Processes; the suite's own choice."),
    ] = None,
    shuffle: Annotated[
        str | None, typer.Option(metavar="SEED", help="In another order; the same for a seed.")
    ] = None,
    timeout: Annotated[str, typer.Option(metavar="TIME", help="For the whole run.")] = "10m",
    rehearse: Annotated[
        bool,
        typer.Option("--rehearse", help="Let a stack of this machine stand for what is deployed."),
    ] = False,
    database: Database = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text, html, json or junit.")
    ] = "text",
    output: Annotated[
        str | None,
        typer.Option(help="The run's directory, new or empty. Else one in reports/runs."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The verdict's line alone.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Each test, as it ends.")
    ] = False,
) -> None:
    """Walk through an environment as its users do: GO 0, NO_GO 10, HOLD 20."""
    from harness.cli._suite_run import Request, suite_run

    request = Request(
        suite="journeys",
        env=env,
        format=output_format,
        only=only,
        output=output,
        timeout_s=seconds(timeout, "--timeout"),
        workers=workers,
        shuffle=shuffle,
        rehearse=rehearse,
        database=database,
        verbosity=0 if quiet else 2 if verbose else 1,
    )
    raise typer.Exit(suite_run(request))
