"""What the contract tests of platforms need of a test: a rig for each platform.

`test_contract.py` holds the claims; they run over every platform that there is. A platform joins by
a file beside this one, `rig_NAME.py`, with

    def rigged(folder: Path) -> AbstractAsyncContextManager[Rig]

which puts something behind the platform that can be told to misbehave. There is no list to edit,
and a platform without a rig fails.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from harness.deployment import Vector
from harness.platforms import Platform


class Ill(StrEnum):
    """How what is behind a platform can misbehave."""

    DOES_NOTHING = "says that it is done, and has done nothing"
    HALF = "replaces some of the instances, and says that it is done"
    FAILS = "refuses to roll back"
    PRUNED = "has lost the artifacts to go back to"
    STOPPED = "has a service of which nothing runs"
    MISSING = "does not know one of the services"
    BUSY = "has an operation under way that does not end"
    HANGS = "never answers"
    RUBBISH = "answers something else than was asked"
    EMPTY = "answers nothing"
    UNREACHABLE = "cannot be reached"


class Rig(Protocol):
    """One platform, connected, and what is behind it.

    Attributes:
        good: What ran once, and can be had; every service of it.
        bad: What runs at first: another artifact for every service.
        cannot: What cannot be planted here, and why.
    """

    platform: Platform
    good: Vector
    bad: Vector
    cannot: Mapping[Ill, str]

    async def falls_ill(self, how: Ill) -> None:
        """From now on it misbehaves, when it is asked and when it is to roll back."""
        ...

    async def really(self) -> Mapping[str, tuple[str, ...]]:
        """The identities of all instances, by service, seen without the platform's code."""
        ...


Rigged = Callable[[Path], AbstractAsyncContextManager[Rig]]


def rigged(name: str) -> Rigged:
    """The rig of a platform.

    Raises:
        LookupError: It has none.
    """
    module = f"{__package__}.rig_{name}"
    if find_spec(module) is None:
        raise LookupError(f"the platform {name} has no rig: write {module.replace('.', '/')}.py")
    found: Rigged = import_module(module).rigged
    return found
