"""Imports, once, what the services of a stack need, in the process that they are forked from."""

import importlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from harness.environment import Program, Stack
from harness.errors import UsageError

SERVER = (
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)


def preload(stack: Stack) -> Iterator[str]:
    """Imports a module a step: the migration's first, so that it can begin.

    Yields:
        The module's name; in between, the caller may look around.

    Raises:
        UsageError: A module cannot be imported, or started a thread.
    """
    programs: list[Program] = [
        *([stack.migrate] if stack.migrate else []),
        *stack.services.values(),
    ]
    modules = [module for each in programs if each.python for module in each.python.preload]
    if any(service.python for service in stack.services.values()):
        modules += SERVER
    # As `python -m` does: a program is looked for where the command was given.
    sys.path.insert(0, str(Path.cwd()))
    for module in dict.fromkeys(modules):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise UsageError(f"preload: {module} cannot be imported: {error}") from None
        if _threads() > 1:
            raise UsageError(
                f"preload: {module} starts a thread, and a process with threads cannot be forked "
                "safely; leave it out, and the service imports it for itself"
            )
        yield module


def is_loaded(program: Program) -> bool:
    """Whether all that a program wants preloaded is."""
    return not program.python or all(each in sys.modules for each in program.python.preload)


def _threads() -> int:
    """Also those that Python does not know of, where the system tells."""
    if sys.platform == "linux":
        return len(list(Path("/proc/self/task").iterdir()))
    return threading.active_count()
