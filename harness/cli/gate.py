"""`gate`: may a release stay? Verifies it, notes who earned GO, and rolls a bad one back."""

from typing import Annotated

import typer

from harness.cli._duration import seconds

PANEL = "Verify"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def gate(
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")],
    release: Annotated[str, typer.Option(help="The release that every service must report.")],
    rollback: Annotated[
        bool, typer.Option("--rollback", help="After NO_GO, bring back the last one with a GO.")
    ] = False,
    bake: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Run the checks again and again for so long: 10m."),
    ] = None,
    bake_every: Annotated[
        str, typer.Option(metavar="TIME", help="From one round of the bake to the next.")
    ] = "60s",
    bake_limit: Annotated[
        int, typer.Option(min=0, help="End the bake after more results that were no pass.")
    ] = 3,
    suite: Annotated[
        list[str] | None, typer.Option(help="A suite that is required as well; repeatable.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; no check is run.")
    ] = False,
    timeout: Annotated[
        str, typer.Option(metavar="TIME", help="Until the verdict, bake and suites aside.")
    ] = "600s",
    ready_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="Until all of the release is there.")
    ] = "60s",
    verify_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For the checks, once.")
    ] = "120s",
    suite_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For each suite of --suite.")
    ] = "480s",
    rollback_timeout: Annotated[
        str, typer.Option(metavar="TIME", help="For the platform to bring it back.")
    ] = "300s",
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
        bool, typer.Option("--verbose", "-v", help="Each check, as it ends.")
    ] = False,
) -> None:
    """May a release stay? GO 0, NO_GO 10, HOLD 20."""
    from harness.bake import Bake
    from harness.cli._gate_run import Request, gate_run
    from harness.cli._site import Limits

    request = Request(
        env=env,
        release=release,
        rollback=rollback,
        bake=Bake(seconds(bake, "--bake"), seconds(bake_every, "--bake-every"), bake_limit)
        if bake
        else None,
        suites=tuple(suite or ()),
        dry_run=dry_run,
        limits=Limits(
            whole_s=seconds(timeout, "--timeout"),
            ready_s=seconds(ready_timeout, "--ready-timeout"),
            verify_s=seconds(verify_timeout, "--verify-timeout"),
            suite_s=seconds(suite_timeout, "--suite-timeout"),
            rollback_s=seconds(rollback_timeout, "--rollback-timeout"),
        ),
        rehearse=rehearse,
        format=output_format,
        output=output,
        verbosity=0 if quiet else 2 if verbose else 1,
    )
    raise typer.Exit(gate_run(request))
