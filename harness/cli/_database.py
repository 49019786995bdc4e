"""The option `--database`."""

from typing import Annotated

import typer

from harness.stack.source import Source

Database = Annotated[
    Source | None,
    typer.Option(help="Where the stack has its database from; else as the environment file says."),
]
