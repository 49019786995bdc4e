"""The Docker engine, and what a stack has in it.

Only processes that fork no services load this: what talks to Docker is large, and another's.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import (  # type: ignore[import-untyped] # it publishes no types
    APIError,
    DockerException,
)

from harness.errors import HarnessError, StackError
from harness.stack.state import CONTAINER_ASKED_FOR, StateDirectory

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

# A container bears the state directory of its stack in it.
LABEL = "keyarc-verify.stack"
REACH_LIMIT_S = 1.5
REQUEST_LIMIT_S = 60
APPEAR_LIMIT_S = 3.0
REMOVE_LIMIT_S = 20.0
POLL_S = 0.05


def reach() -> Any:
    """Docker's client of the engine that the caller's settings name.

    Raises:
        StackError: None answers.
    """
    # Its helper would be pulled from a registry; what it does, a stack does for itself.
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
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


def start(declared: "DockerContainer") -> Any:
    """Makes a container and starts it; pulls its image if that is not here.

    Returns:
        Docker's own object for it.

    Raises:
        StackError: The engine refuses.
    """
    try:
        return declared.start().get_wrapped_container()
    except DockerException as error:
        raise StackError(
            f"{declared.image}: no container could be started from this image: "
            f"{_explanation(error)}; pull or build it, or name another in stack.postgres.image"
        ) from None


def remove_containers(directory: StateDirectory) -> list[str]:
    """Removes every container that bears the stack's label.

    One that was asked for when its maker was killed may appear only now: it is waited for.

    Returns:
        Their names.

    Raises:
        StackError: The engine does not answer, or does not do it.
    """
    api = reach().api
    removed: set[str] = set()
    started_s = time.monotonic()
    refusal, found = "", dict[str, str]()
    while time.monotonic() - started_s < REMOVE_LIMIT_S:
        found = _containers(api, directory.path)
        is_late = time.monotonic() - started_s > APPEAR_LIMIT_S
        if not found and (removed or is_late or not _is_asked_for(directory)):
            directory.container_file.unlink(missing_ok=True)
            return sorted(removed)
        for key, name in found.items():
            try:
                api.remove_container(key, v=True, force=True)
                removed.add(name)
            except APIError as error:
                # Gone already, or just going: the next look tells.
                refusal = _explanation(error)
        time.sleep(POLL_S)
    raise StackError(f"Docker does not remove {', '.join(found.values())}: {refusal}")


def _is_asked_for(directory: StateDirectory) -> bool:
    """Whether the engine may be about to make one."""
    file = directory.container_file
    return file.exists() and file.read_text() in ("", CONTAINER_ASKED_FOR)


def _containers(api: Any, path: Path) -> dict[str, str]:
    """Names by id, of those that run and those that don't."""
    found = api.containers(all=True, filters={"label": f"{LABEL}={path}"})
    return {each["Id"]: "".join(each["Names"] or [])[1:] or each["Id"] for each in found}


def _explanation(error: DockerException) -> str:
    """What the engine said."""
    return str(getattr(error, "explanation", None) or error)


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
    except (DockerException, OSError) as error:
        sys.exit(f"the Docker engine does not answer any more: {error}")
    sys.stdout.write("\n".join(removed))


if __name__ == "__main__":
    main()
