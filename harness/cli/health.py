"""`health`: does health tell the truth? Breaks what the system depends on, and looks."""

from typing import Annotated

import typer

from harness.cli._duration import seconds

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def health(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")],
    only: Annotated[
        str | None, typer.Option(help="Some of it only: `faults.kill.*`. Never GO.")
    ] = None,
    pairs: Annotated[
        int, typer.Option(min=0, max=1000, help="So many pairs of faults at once, beside.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the pairs, and of what users write.")] = 0,
    lanes: Annotated[
        int | None,
        typer.Option(min=1, max=16, help="Stacks in which faults are put, side by side."),
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Break the stack that is up (`up --links`) instead.")
    ] = False,
    in_production: Annotated[
        bool, typer.Option("--in-production", help="Faults in a production that allows them.")
    ] = False,
    timeout: Annotated[str, typer.Option(metavar="TIME", help="For the whole run.")] = "20m",
    rehearse: Annotated[
        bool,
        typer.Option("--rehearse", help="Let a stack of this machine stand for what is deployed."),
    ] = False,
    output_format: Annotated[
        str, typer.Option("--format", help="text, html, json or junit.")
    ] = "text",
    output: Annotated[
        str | None,
        typer.Option(help="The run's directory, new or empty. Else one in reports/runs."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The verdict's line alone.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Each trial, as it ends.")
    ] = False,
) -> None:
    """See whether health tells the truth, also of what is broken: GO 0, NO_GO 10, HOLD 20."""
    from harness.cli._health_run import Request, health_run

    request = Request(
        env=env,
        format=output_format,
        only=only,
        pairs=pairs,
        seed=seed,
        lanes=lanes,
        here=here,
        in_production=in_production,
        timeout_s=seconds(timeout, "--timeout"),
        rehearse=rehearse,
        output=output,
        verbosity=0 if quiet else 2 if verbose else 1,
    )
    raise typer.Exit(health_run(request))
