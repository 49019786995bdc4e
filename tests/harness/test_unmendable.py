"""A failure that no release can have caused: the database is down, and all who need it say so."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.database import look, shared_dependencies_down, unmendable
from harness.environment import DatabaseLook, Environment, find, parse, resolve
from harness.errors import DatabaseDown, PlatformError
from harness.exchange import EvidenceClient
from harness.network import Network
from services.database import REVISION
from tests.harness.server import Answer, healthy, serving
from tests.harness.stack.conftest import Sandbox

DOWN, UP = 69, 0
NEEDS = {"depends_on": ["postgres"]}
BEHIND = {**NEEDS, "visibility": "private", "health": {"via": "gateway"}}
# As KeyArc is: one public service with the database, and two that only the gateway shows.
SERVICES: dict[str, dict[str, Any]] = {
    "frontend": {},
    "auth": NEEDS,
    "gateway": {"depends_on": ["account", "keys"]},
    "account": BEHIND,
    "keys": BEHIND,
}
AUTH_DOWN = healthy({"postgres": "fail"}, status="fail", code=503)
AUTH_UP = healthy({"postgres": "pass"})
BOTH_DOWN = healthy({"account": "fail", "keys": "fail"}, status="fail", code=503)
ONE_DOWN = healthy({"account": "fail", "keys": "pass"}, status="fail", code=503)
BOTH_UP = healthy({"account": "pass", "keys": "pass"})


def environment(
    url: str, services: Mapping[str, Any], command: tuple[str, ...] | None
) -> Environment:
    return Environment.model_validate(
        {
            "name": "test",
            "services": {n: {"url": f"{url}/{n}", **each} for n, each in services.items()},
            "database": {"command": {"run": command}} if command else {"told_by": ["auth"]},
        }
    )


class Told:
    """What came of asking, and who was asked.

    Attributes:
        looked: Whether the command has run.
    """

    def __init__(
        self,
        folder: Path,
        answers: Mapping[str, Answer],
        code: int | None = DOWN,
        services: Mapping[str, Any] = SERVICES,
    ) -> None:
        mark = folder / "looked"
        source = (
            f"import sys; open({str(mark)!r}, 'w'); print('{{\"revision\": \"7\"}}'); "
            f"sys.exit({code})"
        )
        command = ("python", "-I", "-S", "-c", source) if code is not None else None

        async def run() -> str | None:
            async with serving(lambda seen: answers[seen.path.split("/")[1]]) as server:
                client = EvidenceClient()
                try:
                    return await unmendable(environment(server.url, services, command), client)
                finally:
                    self.asked = {seen.path.split("/")[1] for seen in server.seen}
                    await client.close()

        try:
            self.why = asyncio.run(run())
        finally:
            self.looked = mark.exists()


def test_all_say_that_it_is_down_and_it_is(tmp_path: Path) -> None:
    told = Told(tmp_path, {"auth": AUTH_DOWN, "gateway": BOTH_DOWN})
    assert told.why == (
        "every service that needs postgres reports it down, and it is: a rollback mends nothing"
    )
    assert told.asked == {"auth", "gateway"}


def test_services_that_say_so_of_a_database_that_answers_are_not_believed(tmp_path: Path) -> None:
    told = Told(tmp_path, {"auth": AUTH_DOWN, "gateway": BOTH_DOWN}, UP)
    assert (told.why, told.looked) == (None, True)


ANOTHER_REASON = {
    "auth reaches it": (AUTH_UP, BOTH_DOWN),
    "keys works": (AUTH_DOWN, ONE_DOWN),
    "all is well": (AUTH_UP, BOTH_UP),
    "auth says nothing of it": (healthy({}, status="fail", code=503), BOTH_DOWN),
    "auth says nothing at all": (Answer(status=503, body=b"<html>"), BOTH_DOWN),
    "auth's health fails by itself": (Answer(status=500, body=AUTH_DOWN.body), BOTH_DOWN),
    "auth's health is not there": (Answer(status=404, body=AUTH_DOWN.body), BOTH_DOWN),
    "auth is silent": (Answer(announced=1000), BOTH_DOWN),
    "gateway says nothing of keys": (
        AUTH_DOWN,
        healthy({"account": "fail"}, status="fail", code=503),
    ),
    "gateway is silent": (AUTH_DOWN, Answer(announced=1000)),
    "gateway's health is none": (AUTH_DOWN, Answer(status=503, body=b'{"checks": []}')),
}


@pytest.mark.parametrize(("auth", "gateway"), ANOTHER_REASON.values(), ids=ANOTHER_REASON)
def test_release_may_be_at_fault_where_not_all_say_so(
    tmp_path: Path, auth: Answer, gateway: Answer
) -> None:
    told = Told(tmp_path, {"auth": auth, "gateway": gateway})
    assert (told.why, told.looked) == (None, False)


def test_somebody_has_to_name_the_database(tmp_path: Path) -> None:
    unnamed = {**SERVICES, "auth": {}}
    told = Told(tmp_path, {"gateway": BOTH_DOWN}, services=unnamed)
    assert (told.why, told.looked, told.asked) == (None, False, {"gateway"})


def test_command_that_cannot_tell_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="ended with 1"):
        Told(tmp_path, {"auth": AUTH_DOWN, "gateway": BOTH_DOWN}, 1)


def test_services_alone_cannot_show_it(tmp_path: Path) -> None:
    told = Told(tmp_path, {"auth": AUTH_DOWN, "gateway": BOTH_DOWN}, None)
    assert (told.why, told.asked) == (None, set())


def test_environment_without_a_database_has_no_such_failure() -> None:
    plain = Environment.model_validate({"name": "test", "services": {"a": {"url": "http://a.b"}}})
    assert asyncio.run(unmendable(plain, EvidenceClient())) is None


def test_each_shared_dependency_is_judged_by_itself_and_services_are_none() -> None:
    services = {
        "auth": {"depends_on": ["postgres", "redis"]},
        "web": {"depends_on": ["redis", "auth"]},
    }
    body = json.loads(healthy({"postgres": "fail", "redis": "fail", "auth": "fail"}).body)
    where = environment("http://a.example", services, None)

    assert shared_dependencies_down(where, {"auth": body, "web": body}) == ["postgres", "redis"]
    assert shared_dependencies_down(where, {"auth": body}) == ["postgres"]
    assert shared_dependencies_down(where, {"web": body}) == []
    assert shared_dependencies_down(where, {}) == []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """KeyArc, as it is started here."""
    system = Sandbox(tmp_path_factory.mktemp("stack"), "local")
    done = system.up()
    assert done.code == 0, done
    yield system
    system.down()
    for process in system.processes():
        process.kill()


def of_stack(stack: Sandbox, ask: Callable[..., Any], told_by: str | None = None) -> Any:
    """Asks `look` or `unmendable` of the running stack: as its own file has it, or by a service."""
    where = resolve(parse(find("local")), stack.references(), {})
    if told_by is not None:
        where = where.model_copy(update={"database": DatabaseLook(told_by=[told_by])})

    async def run() -> Any:
        client = EvidenceClient(Network.of(where))
        try:
            return await ask(where, client)
        finally:
            await client.close()

    return asyncio.run(run())


def databases(stack: Sandbox) -> list[psutil.Process]:
    """PostgreSQL's processes, the first of them first."""
    first = next(each for each in stack.processes() if is_postmaster(each))
    return [first, *first.children(recursive=True)]


def is_postmaster(process: psutil.Process) -> bool:
    parent = process.parent()
    return process.name() == "postgres" and (parent is None or parent.name() != "postgres")


def test_database_of_a_real_stack_is_looked_at_down_and_up_again(stack: Sandbox) -> None:
    found = of_stack(stack, look)
    assert found.revision == str(REVISION)
    for name in ("auth", "account", "keys"):
        assert of_stack(stack, look, told_by=name) == found
    assert of_stack(stack, unmendable) is None
    frozen = databases(stack)
    for process in frozen:
        process.suspend()
    try:
        assert "it is: a rollback mends nothing" in of_stack(stack, unmendable)
    finally:
        for process in frozen:
            process.resume()
    assert of_stack(stack, look).revision == str(REVISION)
    assert of_stack(stack, unmendable) is None

    frozen[0].send_signal(signal.SIGQUIT)
    frozen[0].wait(20)
    with pytest.raises(DatabaseDown):
        of_stack(stack, look)
    with pytest.raises(PlatformError, match="nobody tells which revision"):
        of_stack(stack, look, told_by="keys")
    assert "it is: a rollback mends nothing" in of_stack(stack, unmendable)
