"""What an environment needs of its caller, told before anything is sent."""

import asyncio
import os
import shlex
from collections.abc import Callable, Iterator

from harness.cli._names import public_hosts, unresolved
from harness.environment import Environment, Missing, missing
from harness.errors import UsageError


def must_be_set(environment: Environment, env: str, command: str = "smoke") -> None:
    """Ends the command where variables are missing, with all that keeps it from its work.

    Args:
        env: The environment as the user named it.
        command: What could be called with `--rehearse` instead.

    Raises:
        UsageError: Something is missing.
    """
    absent = missing(environment, os.environ)
    if absent:
        silent = asyncio.run(unresolved(public_hosts(environment)))
        hint = rehearsal_hint(environment, env, command)
        raise UsageError("\n".join(_told(environment, hint, (absent, silent))))


async def obstacles(
    environment: Environment, env: str, tell: Callable[[str], None], command: str = "smoke"
) -> list[str]:
    """A line for each public name, where none of them resolves: there is nobody to ask.

    Args:
        tell: Given what could be done instead.
        command: That which could be called otherwise.
    """
    hosts = public_hosts(environment)
    silent = await unresolved(hosts)
    if len(silent) < len(hosts):
        return []
    hint = rehearsal_hint(environment, env, command)
    if silent and hint:
        tell(f"none of its names resolves here; {hint}")
    return [f"{host} does not resolve here" for host in silent]


def rehearsal_hint(environment: Environment, env: str, command: str = "smoke") -> str | None:
    """How to run the same checks on this machine; None where the file does not say how."""
    if environment.rehearsal is None:
        return None
    named = shlex.quote(env)
    return f"`keyarc-verify {command} --env {named} --rehearse` runs the same checks here"


def _told(
    environment: Environment, hint: str | None, found: tuple[list[Missing], list[str]]
) -> Iterator[str]:
    absent, silent = found
    width = max(len(each.name) for each in absent)
    yield f"{environment.name} cannot be verified from here; nothing was sent"
    yield "  not set:"
    yield from (f"    {each.name:<{width}}  {each.purpose}" for each in absent)
    if silent:
        yield "  names that do not resolve here:"
        yield from (f"    {host}" for host in silent)
    needed = "set the variables" if len(absent) > 1 else "set the variable"
    dns = ", and run where these names resolve (or give `connect`)" if silent else ""
    yield f"  needed: {needed}{dns}"
    if hint:
        yield f"  or: {hint}"
