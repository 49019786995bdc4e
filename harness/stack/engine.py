"""The Docker engine, and what a stack has in it.

Only processes that fork no services load this: what talks to Docker is large, and another's.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, StackError
from harness.stack.state import StateDirectory

if TYPE_CHECKING:
    import docker

# A container bears the state directory of its stack in it.
LABEL = "keyarc-verify.stack"
REACH_LIMIT_S = 1.5
REQUEST_LIMIT_S = 60
APPEAR_LIMIT_S = 3.0
REMOVE_LIMIT_S = 20.0
POLL_S = 0.05


def reach() -> "docker.DockerClient":
    """A client of the engine that the caller's settings name.

    Raises:
        StackError: None answers.
    """
    # Its helper would be pulled from a registry; what it does, a stack does for itself.
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    try:
        client = DockerClient(timeout=REACH_LIMIT_S).client
    except DockerException as error:
        address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        raise StackError(
            f"no Docker engine answers at {address} ({_reason(error)}); start it, or name "
            "another in DOCKER_HOST"
        ) from None
    client.api.timeout = REQUEST_LIMIT_S
    return client


def remove_containers(directory: StateDirectory) -> list[str]:
    """Removes every container that bears the stack's label.

    One that was asked for when its maker was killed may appear only now: it is waited for.

    Returns:
        Their names.

    Raises:
        StackError: The engine does not answer, or does not do it.
    """
    from docker.errors import APIError

    api = reach().api
    removed: set[str] = set()
    started_s = time.monotonic()
    refusal = ""
    while time.monotonic() - started_s < REMOVE_LIMIT_S:
        found = _containers(api, directory.path)
        if not found and (
            not directory.is_making_container() or time.monotonic() - started_s > APPEAR_LIMIT_S
        ):
            directory.container_file.unlink(missing_ok=True)
            return sorted(removed)
        for key, name in found.items():
            try:
                api.remove_container(key, v=True, force=True)
                directory.note_container(name)
                removed.add(name)
            except APIError as error:
                # Gone already, or just going: the next look tells.
                refusal = str(error.explanation or error)
        time.sleep(POLL_S)
    raise StackError(f"Docker does not remove {', '.join(found.values())}: {refusal}")


def _containers(api: Any, path: Path) -> dict[str, str]:
    """Names by id, of those that run and those that don't."""
    found = api.containers(all=True, filters={"label": f"{LABEL}={path}"})
    return {each["Id"]: each["Names"][0].lstrip("/") for each in found}


def _reason(error: BaseException | None) -> str:
    """What the system said, below all that libraries wrapped around it."""
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        if isinstance(error, TimeoutError):
            return "no answer in time"
        error = error.__cause__ or error.__context__
    return "it does not speak Docker's protocol"


def main() -> None:
    """Removes the containers of the stack whose state directory is named; prints their names."""
    try:
        removed = remove_containers(StateDirectory(Path(sys.argv[1])))
    except HarnessError as error:
        sys.exit(str(error))
    sys.stdout.write("\n".join(removed))


if __name__ == "__main__":
    main()
