"""`env`: environment files, what they say and whether they are right. Nothing is sent."""

from typing import Annotated

import typer

PANEL = "Look around"

app = typer.Typer(name="env", help="Environment files: list, show, validate, schema.")

Format = Annotated[str, typer.Option("--format", help="text or json.")]


@app.command("list")
def list_environments(output_format: Format = "text") -> None:
    """List the environments that can be named here."""
    from harness.cli._env import listed

    raise typer.Exit(listed(output_format))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="An environment's name, or its file.")],
    output_format: Annotated[str, typer.Option("--format", help="yaml or json.")] = "yaml",
) -> None:
    """Show an environment with all that its file leaves unsaid; references stay as written."""
    from harness.cli._env import shown

    shown(name, output_format)


@app.command()
def validate(
    names: Annotated[list[str], typer.Argument(help="Names, or files.")],
) -> None:
    """Check environment files: `ok`, or each problem with its line, and exit code 2."""
    from harness.cli._env import validated

    raise typer.Exit(validated(names))


@app.command()
def schema(
    verdict: Annotated[
        bool, typer.Option("--verdict", help="That of verdict.json instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of environment files."""
    from harness.cli._env import print_schema

    print_schema(verdict=verdict)
