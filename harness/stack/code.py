"""Which code an instance runs: that of the directory where `up` was given, or a stored release."""

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.environment import Environment
from harness.errors import UsageError
from harness.stack.trees import Parts, Sources, identity, parts_of

# Where nobody can tell what files a service was started from.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What an instance is started from.

    Attributes:
        release: What its service reports as its release.
        identity: That of its files.
        tree: Where they are, for a stored release; else they are as they were imported at `up`.
        packages: Those top-level packages and modules that belong to it.
    """

    release: str
    identity: str
    tree: Path | None = None
    packages: frozenset[str] = frozenset()

    def enter(self) -> None:
        """Has this process, a fresh fork, run this code and no other.

        What others wrote stays imported: only the packages of the release are imported anew.
        """
        if self.tree is None:
            return
        os.chdir(self.tree)
        for name in list(sys.modules):
            if name.partition(".")[0] in self.packages:
                del sys.modules[name]
        sys.path.insert(0, str(self.tree))
        importlib.invalidate_caches()


def code_at_up(environment: Environment, release: str) -> Code:
    """What the services are started from at `up`: the files that this process imports."""
    try:
        sources = at_up(parts_of(environment))
        found = identity(sources) if sources is not None else UNKNOWN
    except (OSError, UsageError):
        found = UNKNOWN  # Whether they can be started is another matter, and seen when they are.
    return Code(release=release, identity=found)


def at_up(parts: Parts) -> Sources | None:
    """The files that this process imports; None where they cannot be told."""
    if parts.whole:
        return parts.among(Path.cwd())
    for place in dict.fromkeys([str(Path.cwd()), *sys.path]):
        try:
            return parts.among(Path(place))
        except (UsageError, OSError):
            continue
    return None
