"""The command line: `keyarc-verify`.

Each file beside this one is a group of commands: `app`, a typer.Typer, whose commands stand at
the top level unless it has a name of its own, and `PANEL`, where help shows them. Files import
what is heavy inside their commands.
"""

import gc
import sys
from typing import TYPE_CHECKING, NoReturn

from harness import __version__

if TYPE_CHECKING:
    import typer

PANELS = ("Verify", "Local stack", "Look around")


def main() -> NoReturn:
    """Runs the command line and exits; 0, 2, 10, 20 or 130, as the README says."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"keyarc-verify {__version__}\n")
        raise SystemExit(0)
    # Next to nothing of what is imported ever becomes garbage: looking for it costs, finds nothing.
    gc.set_threshold(100_000)
    try:
        from harness.cli._exits import run

        code = run(application)
    except KeyboardInterrupt:
        from harness.cli._exits import end

        code = end()
    # Nor when the interpreter ends: the process gives everything back.
    gc.freeze()
    raise SystemExit(code)


def application() -> "typer.Typer":
    """All commands, found by their files."""
    import typer

    from harness.registry import COMMANDS

    root = typer.Typer(
        name="keyarc-verify",
        help="Decides whether a release that has just been deployed may stay.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @root.callback()
    def options(
        version: bool = typer.Option(False, "--version", help="Show the version and exit."),
    ) -> None:
        if version:
            typer.echo(f"keyarc-verify {__version__}")
            raise typer.Exit

    modules = COMMANDS.load_all().values()
    for module in sorted(modules, key=lambda module: PANELS.index(module.PANEL)):
        root.add_typer(module.app, rich_help_panel=module.PANEL)
    return root
