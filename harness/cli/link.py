"""`link`: a TCP proxy that can be made to misbehave."""

from typing import Annotated

import typer

PANEL = "Look around"

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def link(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where clients come.")],
    to: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it leads.")],
    name: Annotated[str, typer.Option(help="What its API calls it.")] = "link",
    api: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where its API is, which is Toxiproxy's.")
    ] = "127.0.0.1:8474",
    seed: Annotated[int, typer.Option(help="For what toxics leave to chance.")] = 0,
    beyond_loopback: Annotated[
        bool, typer.Option("--beyond-loopback", help="Let others than this machine come.")
    ] = False,
) -> None:
    """Pass connections on, and do to them what Toxiproxy clients ask for, until Ctrl-C."""
    from harness.cli._link_run import Request, link_run

    link_run(
        Request(
            listen=listen,
            to=to,
            name=name,
            api=api,
            seed=seed,
            beyond_loopback=beyond_loopback,
        )
    )
