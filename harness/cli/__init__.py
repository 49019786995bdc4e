"""The command line: `keyarc-verify`.

Each file beside this one is a group of commands: `app`, a typer.Typer, whose commands stand at
the top level unless it has a name of its own. Files import what is heavy inside their commands.
"""

import sys
from typing import TYPE_CHECKING, NoReturn

from harness import __version__

if TYPE_CHECKING:
    import typer


def main() -> NoReturn:
    """Runs the command line and exits; 0, 2, 10, 20 or 130, as the README says."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"keyarc-verify {__version__}\n")
        raise SystemExit(0)
    from harness.cli._exits import run

    raise SystemExit(run(application))


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

    for module in COMMANDS.load_all().values():
        root.add_typer(module.app)
    return root
