"""`rollback`: brings back a release that earned GO, by the rules that the gate follows."""

from typing import Annotated

import typer

from harness.cli._duration import seconds

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def rollback(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")],
    to: Annotated[
        str | None, typer.Option(help="A release with a GO here. The last one, unless given.")
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(
            help="The release to be left. It is held where another one runs, or came after it."
        ),
    ] = None,
    ready_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="Until all of it is there.")
    ] = "60s",
    rollback_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For the platform to bring it back.")
    ] = "300s",
    rehearse: Annotated[
        bool,
        typer.Option("--rehearse", help="Let a stack of this machine stand for what is deployed."),
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(help="The run's directory, new or empty. Else one in reports/runs."),
    ] = None,
) -> None:
    """Bring back the last good release, and verify it: 0, or 20; action.json says what was done."""
    from harness.cli._rollback_run import rollback_run
    from harness.cli._site import Limits

    limits = Limits(
        ready_s=seconds(ready_timeout, "--ready-timeout"),
        rollback_s=seconds(rollback_timeout, "--rollback-timeout"),
    )
    raise typer.Exit(
        rollback_run(env, limits, to=to, release=release, rehearse=rehearse, output=output)
    )
