"""Stacks with links: whose way leads where, and what is left of them."""

import asyncio
import json
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import yaml

from harness.environment import parse
from harness.errors import UsageError
from harness.link.client import Links
from harness.stack.ways import ways
from tests.harness.stack.conftest import APP, Sandbox, kept, until
from tests.harness.stack.test_switch_postgres import run

ENV = {
    "ONE_URL": "${stack:one.url}",
    "ONE_PORT": "${stack:one.port}",
    "DATABASE_URL": "${stack:postgres.url}",
}
DEPENDS_ON = {"one": ["postgres"], "two": ["one", "postgres", "elsewhere"], "elsewhere": []}


def declare(sandbox: Sandbox, **stack: Any) -> None:
    """Two services, the second of which depends on the first, the database, and a stranger."""
    health = {"path": "/health", "format": "none"}
    services = {
        name: {
            "url": f"${{stack:{name}.url}}" if name != "elsewhere" else "https://elsewhere.test",
            "depends_on": needs,
            "health": health,
            "release": {"from": "none"},
        }
        for name, needs in DEPENDS_ON.items()
    }
    program = {"python": {"app": APP}, "env": ENV}
    declared = {
        "postgres": {"database": "app"},
        "services": {"one": program, "two": program},
        **stack,
    }
    environment = {"name": "here", "services": services, "stack": declared}
    sandbox.file.write_text(yaml.safe_dump(environment))


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with kept(tmp_path_factory.mktemp("stack")) as here:
        declare(here)
        done = here.up("--links")
        assert done.code == 0, done
        yield here


def about(sandbox: Sandbox, service: str) -> dict[str, Any]:
    with urllib.request.urlopen(sandbox.references()[f"stack:{service}.url"]) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def port_of(url: str) -> int | None:
    return urlsplit(url).port


def test_each_way_is_its_services_alone(linked: Sandbox) -> None:
    direct = linked.references()
    one, two = (about(linked, name)["environment"] for name in ("one", "two"))
    database = {port_of(each) for each in (direct["stack:postgres.url"], one["DATABASE_URL"])}
    assert len({*database, port_of(two["DATABASE_URL"])}) == 3
    # `one` does not depend on itself: it has its own address as it is.
    assert one["ONE_URL"] == direct["stack:one.url"]
    assert two["ONE_URL"] == f"http://127.0.0.1:{two['ONE_PORT']}" != direct["stack:one.url"]
    state = linked.state.read()
    assert state is not None
    assert state["links"] == ["one.postgres", "two.one", "two.postgres"]


def test_a_way_is_broken_for_its_service_alone(linked: Sandbox) -> None:
    url = about(linked, "two")["environment"]["ONE_URL"]

    async def refuse(on: bool) -> None:
        async with Links(linked.state.links) as links:
            await links.enable("two.one", on)

    asyncio.run(refuse(False))
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)
    assert about(linked, "one")["pid"]
    asyncio.run(refuse(True))
    with urllib.request.urlopen(url) as answer:
        assert json.load(answer)["pid"] == about(linked, "one")["pid"]


def test_their_api_is_for_the_owner_alone(linked: Sandbox) -> None:
    assert stat.S_ISSOCK(linked.state.links.stat().st_mode)
    assert stat.S_IMODE(linked.state.path.stat().st_mode) == 0o700
    ports = {port_of(value) for name, value in linked.references().items() if "url" in name}
    process = links_of(linked)
    listening = [c for c in process.net_connections() if c.status == "LISTEN"]
    # A link each, none of a service's or the database's own ports, and none of the API's.
    assert len(listening) == 3
    assert not ports & {each.laddr.port for each in listening}


def links_of(sandbox: Sandbox) -> psutil.Process:
    state = sandbox.state.read()
    assert state is not None
    return psutil.Process(next(p["pid"] for p in state["processes"] if p["name"] == "links"))


def test_without_them_nothing_of_them_is_there(sandbox: Sandbox) -> None:
    declare(sandbox)
    sandbox.up()
    two, direct = about(sandbox, "two"), sandbox.references()
    assert not two["has_links"]
    assert two["environment"]["ONE_URL"] == direct["stack:one.url"]
    assert two["environment"]["DATABASE_URL"] == direct["stack:postgres.url"]
    state = sandbox.state.read()
    assert state is not None
    assert state["links"] is None
    assert not sandbox.state.links.exists()


def test_they_go_with_a_supervisor_that_is_killed(sandbox: Sandbox) -> None:
    declare(sandbox)
    assert sandbox.up("--links").code == 0
    assert run(sandbox, "SELECT 1") == 1
    sandbox.supervisor().kill()
    until(lambda: sandbox.processes() == [])
    sandbox.down()
    assert sandbox.left() == []


@pytest.mark.parametrize(
    ("url", "upstream", "moved"),
    [
        ("postgresql://u:p%40@db.test:5499/app?sslmode=disable", ("db.test", 5499), "u:p%40@"),
        ("postgresql://db.test/app", ("db.test", 5432), ""),
        ("postgresql://u:p@[::1]/app", ("::1", 5432), "u:p@"),
    ],
)
def test_a_way_leads_to_the_callers_own_database(
    tmp_path: Path, url: str, upstream: tuple[str, int], moved: str
) -> None:
    sandbox = Sandbox(tmp_path)
    declare(sandbox)
    known = {"stack:one.url": "http://127.0.0.1:1", "stack:postgres.url": url}
    found = list(ways(parse(sandbox.file), known))
    one = next(way for way in found if str(way) == "one.postgres")
    port = one.references["stack:postgres.port"]
    expected = url.replace(urlsplit(url).netloc, f"{moved}127.0.0.1:{port}")
    assert (one.upstream, one.references["stack:postgres.url"]) == (upstream, expected)
    for way in found:
        way.held.close()


@pytest.mark.parametrize("url", ["postgresql:///app?host=/run", "postgresql://a.test,b.test/app"])
def test_a_database_that_no_way_leads_to_is_told(tmp_path: Path, url: str) -> None:
    sandbox = Sandbox(tmp_path)
    declare(sandbox)
    known = {"stack:one.url": "http://127.0.0.1:1", "stack:postgres.url": url}
    with pytest.raises(UsageError, match="a link cannot lead there"):
        list(ways(parse(sandbox.file), known))


def test_a_name_with_a_certificate_keeps_it(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    declare(sandbox)
    known = {"stack:one.url": "https://one.localhost:1", "stack:postgres.url": "postgresql://a/b"}
    found = list(ways(parse(sandbox.file), known))
    two = next(way for way in found if str(way) == "two.one")
    assert two.references["stack:one.url"] == f"https://one.localhost:{two.held.getsockname()[1]}"
    assert two.upstream == ("127.0.0.1", 1)
    for way in found:
        way.held.close()
