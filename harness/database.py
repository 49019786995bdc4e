"""Which revision the database has, and whether it is the database that is down.

Asked by the command that the environment file gives, or read in the health answers of services.
Only a command can tell that the database is down: a service that says so may be what is broken.
"""

import asyncio
import json
import re
import sys
from collections.abc import Mapping

from pydantic import ValidationError

from harness.checks.health import Health
from harness.deployment import Database
from harness.environment import Command, DatabaseLook, Environment
from harness.errors import DatabaseDown, PlatformError, UsageError
from harness.exchange import EvidenceClient
from harness.healths import heard, speaker
from harness.platforms._tool import Ended, Tool
from harness.pointer import pointed_at
from harness.redaction import Redactor

# With what a command says that the database does not answer: EX_UNAVAILABLE of sysexits.h.
UNAVAILABLE = 69
_LONGEST_REVISION = 64
_CREDENTIALS = re.compile(r"://[^/\s@]*:[^/\s@]+@")


async def look(environment: Environment, client: EvidenceClient) -> Database:
    """Which revision the database has now.

    Args:
        environment: With its references filled in.

    Raises:
        DatabaseDown: The command says that the database does not answer.
        UsageError: The environment file does not say how to look, or names no command that runs.
        PlatformError: Whatever else keeps it from being known.
    """
    declared = environment.database
    if declared is None:
        raise UsageError(
            f"environment {environment.name} does not say how to learn the database's revision:"
            " give `database: {command: …}` or `database: {told_by: […]}`"
        )
    if declared.command is not None:
        return await _by_command(declared, declared.command)
    return await _by_health(environment, declared, client)


async def unmendable(environment: Environment, client: EvidenceClient) -> str | None:
    """Why a rollback would mend nothing: who needs the database says it is down, and it is.

    None where that is not so, and where nobody but the services could tell.

    Raises:
        HarnessError: All say so, and the command that would know cannot tell; as `look`.
    """
    declared = environment.database
    if declared is None or declared.command is None:
        return None
    name = declared.dependency
    needing = [s for s, service in environment.services.items() if name in service.depends_on]
    asked = sorted({speaker(environment, service) for service in needing})
    answers = await asyncio.gather(*(heard(environment, client, each) for each in asked))
    healths = {each: answer.body for each, answer in zip(asked, answers, strict=True)}
    if name not in shared_dependencies_down(environment, healths):
        return None
    try:
        await _by_command(declared, declared.command)
    except DatabaseDown:
        return (
            f"every service that needs {name} reports it down, and it is: a rollback mends nothing"
        )
    return None


def shared_dependencies_down(environment: Environment, healths: Mapping[str, object]) -> list[str]:
    """What is no service itself and, by all services that need it, down.

    A service says so in its own health answer. One that is seen through another counts as saying
    so where that other sees it fail; at least one has to name the dependency.

    Args:
        healths: By service, the body of its health answer; who did not answer reports nothing.
    """
    needed = {each for service in environment.services.values() for each in service.depends_on}
    return [
        dependency
        for dependency in sorted(needed - environment.services.keys())
        if _all_report(environment, dependency, healths)
    ]


def _all_report(environment: Environment, name: str, healths: Mapping[str, object]) -> bool:
    is_named = False
    for own, service in environment.services.items():
        if name not in service.depends_on:
            continue
        component = own if service.health.via else name
        if not _fails(healths.get(speaker(environment, own)), component):
            return False
        is_named |= component == name
    return is_named


def _fails(body: object, component: str) -> bool:
    try:
        return "fail" in Health.model_validate(body).of(component)
    except ValidationError:
        return False


async def _by_command(declared: DatabaseLook, command: Command) -> Database:
    program, *arguments = command.run
    if any(_CREDENTIALS.search(word) for word in command.run):
        raise UsageError(
            "database.command.run: it holds a password, which process lists would show;"
            " give it by way of `env`"
        )
    given = {name: value.get_secret_value() for name, value in command.env.items()}
    tool = Tool(
        program=sys.executable if program == "python" else program,
        to_get="`database.command` of the environment file names it",
        env=given,
    )
    secrets = Redactor(given.values())
    try:
        ended = await tool.run(*arguments, limit_s=command.timeout_s)
        if ended.code == UNAVAILABLE:
            raise DatabaseDown(secrets.text(f"{declared.dependency} does not answer: {ended.told}"))
        return _printed(ended)
    except (PlatformError, UsageError) as error:
        raise type(error)(f"database.command: {secrets.text(str(error))}") from None


def _printed(ended: Ended) -> Database:
    tree = ended.json()
    revision = _revision(pointed_at(tree, "/revision"))
    oldest = pointed_at(tree, "/oldest_compatible")
    if revision is None or (oldest is not None and _revision(oldest) is None):
        right, came = '{"revision": "7", "oldest_compatible": "5"}', json.dumps(tree)[:80]
        raise PlatformError(f"it printed something else than {right}: {came}")
    return Database(revision=revision, oldest_compatible=_revision(oldest))


async def _by_health(
    environment: Environment, declared: DatabaseLook, client: EvidenceClient
) -> Database:
    troubles = []
    for name in declared.told_by:
        asked = speaker(environment, name)
        entry = f"/checks/{declared.dependency if asked == name else name}:schema/0"
        pointer = declared.revision or f"{entry}/observedValue"
        answer = await heard(environment, client, asked)
        revision = _revision(pointed_at(answer.body, pointer))
        if revision is not None:
            since = declared.oldest_compatible or f"{entry}/oldestCompatible"
            oldest = _revision(pointed_at(answer.body, since))
            return Database(revision=revision, oldest_compatible=oldest)
        troubles.append(f"{name}: {answer.trouble or f'nothing usable at {pointer}'}")
    raise PlatformError(f"nobody tells which revision the database has: {'; '.join(troubles)}")


def _revision(value: object) -> str | None:
    """A revision as text; None where it cannot be one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    is_word = isinstance(value, str) and value.isascii() and value.isprintable()
    if not isinstance(value, str) or not is_word or not 0 < len(value) <= _LONGEST_REVISION:
        return None
    return value
