"""Asks the supervisor of a stack what runs, and has it replaced, ended or started: the client's
side.

The supervisor finishes what it has begun, whatever becomes of who asked for it.
"""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import StackError, UsageError
from harness.stack.state import StateDirectory

STATUS_LIMIT_S = 30.0
# A database with much to write down takes its time.
ORDER_LIMIT_S = 60.0
# What the system takes as the path of a socket, its end included.
MAX_ADDRESS_BYTES = 104


def status(state_dir: Path, limit_s: float = STATUS_LIMIT_S) -> dict[str, Any]:
    """What runs in a stack.

    Args:
        state_dir: The stack's.
        limit_s: How long to wait for the answer.

    Returns:
        `release`; `serial`, which no two deployments have in common; `replacing`, the release that
        a replacement under way brings, or None; `stopped`, what was ended by order, and `changed`,
        what was started by order with other settings than its own; `services`, each with its
        `instances` (`identity`, `release`, `name`), how many are `wanted`, whether it is
        `changing`, and its `troubles`.

    Raises:
        StackError: Nothing is up here, or the supervisor does not answer.
    """
    for event in _asked(state_dir, {"do": "status"}, limit_s):
        if event.pop("event") == "status":
            return event
    raise StackError(f"the stack in {state_dir} ended just now")


def replace(
    state_dir: Path,
    release: str,
    services: Mapping[str, str],
    *,
    migrate: bool,
    progress: Callable[[str], None],
    limit_s: float | None = None,
) -> None:
    """Has services run stored code, one after the other, without a failed request.

    Args:
        state_dir: The stack's.
        release: What they report after.
        services: The identity of the code that each is to run.
        migrate: Whether the release's migration runs first.
        progress: Gets a line for each step.
        limit_s: How long to wait for its end. The replacement goes on after.

    Raises:
        UsageError: The release, or a service, is not known there.
        StackError: Nothing is up here; another replacement is under way; it did not succeed, and
            what was not replaced by then runs as before; or its end did not come in time.
    """
    asked = {"do": "replace", "release": release, "services": dict(services), "migrate": migrate}
    _order(state_dir, asked, limit_s, progress)


def stop(state_dir: Path, service: str, *, at_once: bool, limit_s: float = ORDER_LIMIT_S) -> None:
    """Ends all processes of a service, or of the database; its port refuses callers after.

    Args:
        state_dir: The stack's.
        service: Which; `postgres` is the database, whose data is kept.
        at_once: By SIGKILL. Else what is begun is finished first, in its grace.
        limit_s: How long to wait until they are gone.

    Raises:
        UsageError: There is none, or none that could be started again.
        StackError: Nothing is up here; a replacement is under way; or it did not end in time.
    """
    _order(state_dir, {"do": "stop", "service": service, "at_once": at_once}, limit_s)


def start(
    state_dir: Path,
    service: str,
    *,
    settings: Mapping[str, str | None] | None = None,
    delay_s: float = 0.0,
    limit_s: float = ORDER_LIMIT_S,
) -> None:
    """Starts a service, or the database on its data; where it runs, it is killed first.

    Returns once it is started: when it is ready, its health tells.

    Args:
        state_dir: The stack's.
        service: Which; `postgres` is the database.
        settings: What it gets above its own, until its next start; None as a value takes one away.
            References are filled in. For the database, those of `postgresql.conf`.
        delay_s: How long it does nothing at first; its port takes callers already.
        limit_s: How long to wait until it is started.

    Raises:
        UsageError: There is none, or a setting refers to something that there is not.
        StackError: Nothing is up here; a replacement is under way; or it does not start.
    """
    asked = {"do": "start", "service": service, "settings": dict(settings or {})}
    _order(state_dir, {**asked, "delay_s": delay_s}, limit_s)


def _order(
    state_dir: Path,
    order: Mapping[str, Any],
    limit_s: float | None,
    progress: Callable[[str], object] = lambda _: None,
) -> None:
    """Has something done, and waits for it."""
    for event in _asked(state_dir, order, limit_s):
        if event["event"] == "done":
            return
        if event["event"] == "failed":
            raise (UsageError if event["code"] == 2 else StackError)(event["text"])
        progress(event["text"])
    raise StackError(f"the stack in {state_dir} ended before what was ordered was over")


@contextmanager
def address(path: Path) -> Iterator[str]:
    """A socket's path as the system takes it, however deep its folder is."""
    if len(os.fsencode(path)) < MAX_ADDRESS_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _asked(
    state_dir: Path, order: Mapping[str, Any], limit_s: float | None
) -> Iterator[dict[str, Any]]:
    """What the supervisor answers, until it ends the line or the time is over."""
    path = state_dir.absolute()
    deadline_s = None if limit_s is None else time.monotonic() + limit_s
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        _connect(end, path)
        try:
            end.settimeout(limit_s)
            end.sendall(json.dumps(order).encode() + b"\n")
            with end.makefile("r", encoding="utf-8") as lines:
                for line in lines:
                    yield _event(line)
                    if deadline_s is not None:
                        end.settimeout(max(deadline_s - time.monotonic(), 0.001))
        except TimeoutError:
            raise StackError(f"the supervisor in {path} was not done in {limit_s:g} s") from None
        except (OSError, ValueError) as error:
            raise StackError(f"the supervisor in {path} gave no usable answer: {error}") from None


def _connect(end: socket.socket, path: Path) -> None:
    try:
        with address(StateDirectory(path).control) as short:
            end.connect(short)
    except OSError:
        raise StackError(f"no stack is up in {path}") from None


def _event(line: str) -> dict[str, Any]:
    event = json.loads(line)
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise ValueError(f"{line[:80]!r} is none")  # noqa: TRY004 - of the line, not of a type
    return event
