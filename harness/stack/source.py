"""Where a stack has its PostgreSQL from, where somebody says otherwise than the environment file.

embedded   the wheel's, whatever variables are set
container  in a container of the Docker engine
existing   the server that the variable of `stack.postgres.url_from` names
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

from harness.errors import StackError, UsageError

if TYPE_CHECKING:
    from harness.environment import Environment, Postgres

Source = Literal["embedded", "container", "existing"]
SOURCES: tuple[Source, ...] = get_args(Source)
# Where a stack that is up tells its own.
REFERENCE = "stack:postgres.source"
# The image of `container`, where the file names none.
IMAGE = "KEYARC_VERIFY_POSTGRES_IMAGE"


def source_of(declared: "Postgres") -> Source:
    """Where it comes from as things are: from a server that exists, once its variable is set."""
    return (
        "existing" if declared.url_from and os.environ.get(declared.url_from) else declared.source
    )


def with_source(environment: "Environment", source: Source) -> "Environment":
    """The environment with its stack's database from elsewhere.

    Raises:
        UsageError: There is none to be had from there.
    """
    if environment.stack is None:
        raise UsageError(_not_ours(environment.name, source))
    declared = environment.stack.postgres
    if declared is None:
        raise UsageError(f"--database {source}: the stack of {environment.name} has no `postgres`")
    stack = environment.stack.model_copy(update={"postgres": _from(declared, source)})
    return environment.model_copy(update={"stack": stack})


def _from(declared: "Postgres", source: Source) -> "Postgres":
    if source == "existing":
        if source_of(declared) != source:
            raise UsageError(f"--database existing: {_how_to_name_one(declared)}")
        return declared
    image = declared.image or os.environ.get(IMAGE) if source == "container" else None
    return declared.model_copy(update={"source": source, "image": image, "url_from": None})


def _how_to_name_one(declared: "Postgres") -> str:
    if declared.url_from is None:
        return "the environment file names no variable for its URL, as stack.postgres.url_from"
    return f"set {declared.url_from} to its URL, postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


def can_be_asked_of(environment: "Environment", source: Source | None, *, rehearse: bool) -> None:
    """
    Raises:
        UsageError: Nothing is started for this environment that could have another database.
    """
    if source is not None and environment.stack is None and not rehearse:
        raise UsageError(_not_ours(environment.name, source))


def _not_ours(name: str, source: Source) -> str:
    return (
        f"--database {source}: {name} has no `stack`, so it is not started here and has the "
        "database that it has"
    )


def must_be_of(references: Mapping[str, str], source: Source | None, down: str) -> None:
    """
    Args:
        references: Those of a stack that is up.
        down: The command that ends it.

    Raises:
        UsageError: It has its database from elsewhere.
    """
    has = references.get(REFERENCE, "no")
    if source is not None and has != source:
        raise UsageError(
            f"--database {source}: the stack that is up here has its database from elsewhere "
            f"({has}); `{down}` ends it"
        )


def must_be_within_reach(source: Source | None) -> None:
    """Finds out at once, for whom that is said on the command line, whether it can be had.

    Raises:
        UsageError: What talks to Docker is not installed.
        StackError: No Docker engine answers.
    """
    if source != "container":
        return
    from harness.stack.container import Container

    Container.check()
    from harness.stack import engine

    try:
        engine.reach().close()
    except StackError as error:
        raise StackError(f"--database container needs a Docker engine: {error}") from None
