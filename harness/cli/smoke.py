"""`smoke`: runs every check of an environment and prints the verdict."""

from typing import Annotated

import typer

from harness.cli._database import Database

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def smoke(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")],
    database: Database = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text, html, json or junit.")
    ] = "text",
    only: Annotated[
        str | None, typer.Option(help="Run some checks only: `health.*`. Never GO.")
    ] = None,
    release: Annotated[
        str | None, typer.Option(help="The release that every service must report.")
    ] = None,
    rehearse: Annotated[
        bool,
        typer.Option("--rehearse", help="Let a stack of this machine stand for what is deployed."),
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(help="The run's directory, new or empty. Else one in reports/runs."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, max=86400, help="Seconds for the whole run.")
    ] = 120.0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The verdict's line alone.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Each check, as it ends.")
    ] = False,
) -> None:
    """Verify an environment: GO 0, NO_GO 10, HOLD 20."""
    from harness.cli._smoke_run import Request, smoke_run

    if timeout != timeout:
        raise typer.BadParameter("nan is no number of seconds", param_hint="--timeout")
    request = Request(
        env=env,
        format=output_format,
        only=only,
        output=output,
        timeout_s=timeout,
        release=release,
        rehearse=rehearse,
        database=database,
        verbosity=0 if quiet else 2 if verbose else 1,
    )
    raise typer.Exit(smoke_run(request))
