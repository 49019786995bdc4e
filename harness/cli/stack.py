"""`up`, `down`, `status`, `logs`: the system on this machine."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli._database import Database

PANEL = "Local stack"

app = typer.Typer()

Env = Annotated[str, typer.Option(help="An environment's name, or its file.")]
Format = Annotated[str, typer.Option("--format", help="text or json.")]


@app.command(rich_help_panel=PANEL)
def up(
    env: Env = "local",
    release: Annotated[str | None, typer.Option(help="The release that services report.")] = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Stand for a deployed environment, in its shape.")
    ] = False,
    database: Database = None,
    links: Annotated[
        bool,
        typer.Option("--links", help="Lead each service to its dependencies over links."),
    ] = False,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay until Ctrl-C, then end the stack.")
    ] = False,
) -> None:
    """Start the system and leave it up; returns when all of it answers."""
    from harness.stack import launch

    started_s = time.monotonic()

    def ready(state: dict[str, Any]) -> None:
        _show_addresses(state["references"])
        named = "" if env == "local" else f" --env {env}"
        end = "Ctrl-C" if foreground else f"`keyarc-verify down{named}`"
        _progress(f"up in {time.monotonic() - started_s:.2f} s; {end} ends it")

    start = launch.stay if foreground else launch.up
    wanted = launch.Wanted(
        env=env,
        state_dir=_state_dir(env),
        release=release,
        rehearse=rehearse,
        database=database,
        links=links,
    )
    start(wanted, progress=_progress, ready=ready)
    if foreground:
        _progress("the stack was ended from elsewhere")


@app.command(rich_help_panel=PANEL)
def down(env: Env = "local") -> None:
    """End the system; nothing of it is left."""
    from harness.stack import launch

    was_up = launch.down(_state_dir(env))
    _progress("down" if was_up else "nothing was up here")


@app.command(rich_help_panel=PANEL)
def status(env: Env = "local", output_format: Format = "text") -> None:
    """Show what is up: 0 when all of it runs, 20 otherwise."""
    from harness.stack.state import StateDirectory

    directory = StateDirectory(_state_dir(env))
    state = directory.read() if directory.is_held() else None
    if output_format == "json":
        typer.echo(json.dumps(state))
    elif state is None:
        typer.echo(f"{env} is not up here; `keyarc-verify up --env {env}` starts it")
    else:
        _show_state(state)
    if state is None or state["stopped"] or any(each["end"] for each in state["processes"]):
        raise typer.Exit(20)


@app.command(rich_help_panel=PANEL)
def logs(
    services: Annotated[list[str] | None, typer.Argument(help="All, unless named.")] = None,
    env: Env = "local",
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="The last so many.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Show what the services wrote."""
    from harness.stack.logs import Logs

    found = Logs(_state_dir(env), services or [])
    found.last(lines, sys.stdout.write)
    if follow:
        found.follow(sys.stdout.write)


def _state_dir(env: str) -> Path:
    from harness.stack.state import default_directory

    return default_directory(Path(env).stem)


def _progress(text: str) -> None:
    typer.echo(text, err=True)


def _show_addresses(references: dict[str, str]) -> None:
    for key, url in sorted(references.items()):
        name, _, kind = key.removeprefix("stack:").partition(".")
        if kind == "url" and not url.startswith("postgres"):
            typer.echo(f"{name:<12} {url}")


def _show_state(state: dict[str, Any]) -> None:
    typer.echo(f"release {state['release']}, up since {state['started_at']}, from {state['file']}")
    for process in state["processes"]:
        url = state["references"].get(f"stack:{process['service']}.url", "")
        how = process["end"] or ("leaving" if process["is_leaving"] else "running")
        release = process["release"] or ""
        typer.echo(f"{process['name']:<12} {how:<22} {process['pid']:>8}  {release:<12} {url}")
    for name in state["stopped"]:
        typer.echo(f"{name:<12} ended by order")
    for name in state["changed"]:
        typer.echo(f"{name:<12} runs with other settings than its own")
    if state["disk"] and "refused" in state["disk"]:
        typer.echo(f"{'disk':<12} {state['disk']['refused']}")
