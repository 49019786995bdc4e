"""`release`: what the ledger of an environment says of its releases. No platform is asked."""

from typing import Annotated

import typer

PANEL = "Look around"

app = typer.Typer(
    name="release", help="Releases, as the ledger knows them: list, show, deployed, forget."
)

Env = Annotated[str, typer.Option(help="An environment's name, or its file.")]
Release = Annotated[str, typer.Argument(metavar="ID", help="The release's id.")]
Rehearse = Annotated[bool, typer.Option("--rehearse", help="Of its rehearsals on this machine.")]
Format = Annotated[str, typer.Option("--format", help="text or json.")]


@app.command("list")
def list_releases(env: Env, rehearse: Rehearse = False, output_format: Format = "text") -> None:
    """List the releases of an environment, the newest first, and which a rollback would go to."""
    from harness.cli._ledger import opened
    from harness.cli._release import listed

    listed(opened(env, rehearse=rehearse), output_format)


@app.command()
def show(
    release: Release, env: Env, rehearse: Rehearse = False, output_format: Format = "text"
) -> None:
    """Show all that the ledger holds of a release: verdicts, artifacts, database, evidence."""
    from harness.cli._ledger import opened
    from harness.cli._release import shown

    shown(release, opened(env, rehearse=rehearse), output_format)


@app.command()
def deployed(
    release: Release, env: Env, rehearse: Rehearse = False, output_format: Format = "text"
) -> None:
    """Note that a deploy begins, before it changes anything: no older gate takes it away."""
    from harness.cli._ledger import opened
    from harness.cli._release import noted

    noted(release, opened(env, rehearse=rehearse), output_format)


@app.command()
def forget(
    release: Release,
    env: Env,
    why: Annotated[str, typer.Option(help="In words, for whoever reads the ledger later.")],
    rehearse: Rehearse = False,
    output_format: Format = "text",
) -> None:
    """Take a release's GO away: no rollback goes to it until it earns GO again."""
    from harness.cli._ledger import opened
    from harness.cli._release import forgotten

    forgotten(release, opened(env, rehearse=rehearse), why, output_format)
