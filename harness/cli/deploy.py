"""`deploy`: puts a release in the place of what runs on this machine, without a failed request."""

from typing import Annotated

import typer

PANEL = "Local stack"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def deploy(
    release: Annotated[str, typer.Option(help="The id that it has, or is to have.")],
    env: Annotated[str, typer.Option(help="An environment's name, or its file.")] = "local",
    origin: Annotated[
        str | None,
        typer.Option("--from", help="A directory or a git ref. Else the release is stored here."),
    ] = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="To the stack that stands for what is deployed.")
    ] = False,
) -> None:
    """Replace what runs here by a release, service by service, while it serves."""
    from harness.cli._deploy import Request, deploy_release

    deploy_release(Request(env=env, release=release, origin=origin, rehearse=rehearse))
