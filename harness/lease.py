"""The local stack for as long as a run needs it: the one that is up, or one of the run's own."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from harness.environment import Environment


@contextmanager
def leased(
    file: Path,
    environment: Environment,
    progress: Callable[[str], None],
    release: str | None = None,
) -> Iterator[Mapping[str, str]]:
    """What the references of an environment file stand for; nothing where it has no stack.

    Args:
        file: Where the environment was read from.
        progress: Gets a line for each step, where a stack has to be started.
        release: What such a stack reports as its release.

    Raises:
        StackError: It did not come up.
    """
    if environment.stack is None:
        yield {}
        return
    from harness.stack.launch import running
    from harness.stack.state import default_directory, running_references

    state_dir = default_directory(file.stem)
    references = running_references(state_dir)
    if references is not None:
        yield references
        return
    progress(f"starting {environment.name} for this run")
    with running(file, state_dir=state_dir, release=release, progress=progress) as references:
        yield references


def secrets_in(references: Mapping[str, str]) -> list[str]:
    """Those of its values that must not be written: generated ones, and passwords in URLs."""
    generated = [value for key, value in references.items() if key.startswith("generated:")]
    passwords = [urlsplit(value).password for value in references.values() if "://" in value]
    return generated + [password for password in passwords if password]
