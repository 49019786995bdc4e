"""The local stack for as long as a run needs it: the one that is up, or one of the run's own."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from harness.environment import Environment, missing, resolve
from harness.errors import UsageError
from harness.rehearsal import NAMESERVER, invented, led_here
from harness.stack.source import Source, can_be_asked_of, must_be_of


@contextmanager
def leased(
    file: Path,
    environment: Environment,
    progress: Callable[[str], None],
    release: str | None = None,
    *,
    rehearse: bool = False,
    database: Source | None = None,
) -> Iterator[Mapping[str, str]]:
    """What the references of an environment file stand for; nothing where it has no stack.

    Args:
        file: Where the environment was read from.
        progress: Gets a line for each step, where a stack has to be started.
        release: What such a stack reports as its release.
        rehearse: The environment is a deployed one, and a stack in its shape stands for it.
        database: Where the stack has to have its database from; anywhere, unless given.

    Raises:
        UsageError: What is up here does not stand for a deployed environment, or has not the
            database, as wanted.
        StackError: It did not come up.
    """
    can_be_asked_of(environment, database, rehearse=rehearse)
    if environment.stack is None and not rehearse:
        yield {}
        return
    from harness.stack.launch import Wanted, running
    from harness.stack.state import default_directory, running_references

    state_dir = default_directory(file.stem)
    references = running_references(state_dir)
    if references is not None:
        if rehearse and NAMESERVER not in references:
            raise UsageError(
                f"the stack of {environment.name} that is up here was not started to rehearse; "
                f"`keyarc-verify down --env {file}` ends it"
            )
        must_be_of(references, database, f"keyarc-verify down --env {file}")
        yield references
        return
    progress(f"starting {environment.name} for this run")
    wanted = Wanted(
        env=file, state_dir=state_dir, release=release, rehearse=rehearse, database=database
    )
    with running(wanted, progress=progress) as references:
        yield references


def filled_in(
    environment: Environment, references: Mapping[str, str], *, rehearse: bool = False
) -> Environment:
    """The environment as checks see it: its references filled in, its names led here if wanted.

    Raises:
        UsageError: A variable that it needs is not set, and it is not rehearsed.
    """
    if not rehearse:
        return resolve(environment, references, os.environ)
    # Suites look for them where they would be in a pipeline.
    os.environ.update(invented(missing(environment, os.environ)))
    return led_here(resolve(environment, references, os.environ), references)


def secrets_in(references: Mapping[str, str]) -> list[str]:
    """Those of its values that must not be written: generated ones, and passwords in URLs."""
    generated = [value for key, value in references.items() if key.startswith("generated:")]
    passwords = [urlsplit(value).password for value in references.values() if "://" in value]
    return generated + [password for password in passwords if password]
