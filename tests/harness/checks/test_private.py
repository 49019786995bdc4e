"""A private service passes only where nothing answers outside, and where one could tell."""

import asyncio
import itertools
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from harness.environment import Service
from harness.model import Outcome, Result
from harness.network import bracketed
from tests.harness.checks.certified import Authority
from tests.harness.checks.outside import (
    HOST,
    INSTANCE,
    KEYS,
    PUBLIC,
    PUBLIC_6,
    VOUCHING,
    World,
    edge,
    health,
    mute,
)
from tests.harness.loopback import needs_ipv6
from tests.harness.server import Answer, Handler, Seen, Server, serving

NO_VIA: dict[str, Any] = {"health": {}}


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever keeps silent is waited for a shorter time."""
    monkeypatch.setattr("harness.reach.ATTEMPT_LIMIT_S", 0.7)
    monkeypatch.setattr("harness.names.LOOKUP_LIMIT_S", 0.5)


def look(tmp_path: Path, world: World) -> Result:
    return asyncio.run(world.looked_at(tmp_path))


def look_at(
    tmp_path: Path,
    what: AbstractAsyncContextManager[Any],
    address: str,
    world: World,
    port: int = 80,
) -> Result:
    """With something that answers at a public address, which the private name leads to."""

    async def run() -> Result:
        async with what as there:
            at = there.url.rpartition("/")[2] if isinstance(there, Server) else there
            hosts = world.hosts or {HOST: [address]}
            return await replace(world, hosts=hosts, outside={(address, port): at}).looked_at(
                tmp_path
            )

    return asyncio.run(run())


def not_at(tmp_path: Path, what: AbstractAsyncContextManager[Any], **world: Any) -> Result:
    """With an address of this machine under `not_at`."""

    async def run() -> Result:
        async with what as there:
            at = there.url.rpartition("/")[2] if isinstance(there, Server) else there
            keys = {"not_at": [at], **world.pop("keys", {})}
            return await World(keys=keys, **world).looked_at(tmp_path)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "hosts",
    [{}, {HOST: []}, {HOST: ["10.1.2.3", "100.64.0.9", "fd00::1"]}, {HOST: ["127.0.0.1"]},
     {HOST: ["10.1.2.3"], "other.test": [PUBLIC]}],
    ids=["no such name", "no address", "private addresses", "loopback", "other names"],
)  # fmt: skip
def test_a_name_that_leads_nowhere_public_is_private(
    tmp_path: Path, hosts: dict[str, list[str]]
) -> None:
    assert (Outcome.PASS, "") == (
        (result := look(tmp_path, World(hosts=hosts))).outcome,
        result.message,
    )


def test_a_public_address_that_refuses_on_every_port_is_not_reachable(tmp_path: Path) -> None:
    result = look(tmp_path, World(hosts={HOST: [PUBLIC, PUBLIC_6]}))
    assert Outcome.PASS is result.outcome
    tried = {one.url for one in result.attempts[0].exchanges if one.method in ("TCP", "TLS")}
    assert 12 + 2 == len(tried), tried  # two families, three ports, two ways; and beside the edge


@pytest.mark.parametrize("status", [200, 301, 401, 403, 404, 500])
def test_any_http_answer_at_a_public_address_fails(tmp_path: Path, status: int) -> None:
    server = serving(lambda seen: Answer(status=status))
    result = look_at(tmp_path, server, PUBLIC, World())
    assert (Outcome.FAIL, "keys is publicly reachable", f"{PUBLIC}:80 answers HTTP {status}") == (
        result.outcome,
        result.message,
        result.came,
    )


@pytest.mark.parametrize("port", [80, 443, 0], ids=["80", "443", "its own"])
def test_every_usual_port_is_tried(tmp_path: Path, port: int) -> None:
    result = look_at(tmp_path, serving(lambda seen: Answer()), PUBLIC, World(), port)
    assert Outcome.FAIL is result.outcome


@needs_ipv6
def test_ipv6_is_tried_as_well(tmp_path: Path) -> None:
    server = serving(lambda seen: Answer(status=404), "::1")

    async def run() -> Result:
        async with server as there:
            at = f"[::1]:{there.url.rpartition(':')[2]}"
            world = World(hosts={HOST: [PUBLIC, PUBLIC_6]}, outside={(PUBLIC_6, 443): at})
            return await world.looked_at(tmp_path)

    result = asyncio.run(run())
    assert (Outcome.FAIL, f"[{PUBLIC_6}]:443 answers HTTP 404") == (result.outcome, result.came)


@pytest.mark.usefixtures("brief")
def test_a_tls_handshake_fails_also_without_http(tmp_path: Path) -> None:
    context = Authority(tmp_path).context("else.test")
    hanging = serving(lambda seen: Answer(hang=True), tls=context)
    result = look_at(tmp_path, hanging, PUBLIC, World(), 443)
    assert (Outcome.FAIL, f"{PUBLIC}:443 answers TLS") == (result.outcome, result.came)


def test_an_answer_over_tls_fails_whatever_the_certificate(tmp_path: Path) -> None:
    context = Authority(tmp_path).context("else.test", ends_d=-0.5)
    result = look_at(tmp_path, serving(lambda s: Answer(), tls=context), PUBLIC, World(), 443)
    assert (Outcome.FAIL, f"{PUBLIC}:443 answers HTTP 200 over TLS") == (
        result.outcome,
        result.came,
    )


@pytest.mark.usefixtures("brief")
def test_what_accepts_and_is_mute_leaves_it_open(tmp_path: Path) -> None:
    started = time.perf_counter()
    result = look_at(tmp_path, mute(), PUBLIC, World())
    assert Outcome.NO_DATA is result.outcome
    assert f"{PUBLIC}:80 accepts connections and speaks no HTTP" in result.message
    assert time.perf_counter() - started < 8


@pytest.mark.usefixtures("brief")
def test_the_failure_is_repeated_by_the_request_that_showed_it(tmp_path: Path) -> None:
    async def run() -> Result:
        async with serving(lambda seen: Answer(status=404)) as found, mute() as later:
            world = World(
                hosts={HOST: [PUBLIC]},
                outside={(PUBLIC, 80): found.url.rpartition("/")[2]},
                keys={"not_at": [later]},
            )
            return await world.looked_at(tmp_path)

    curl = asyncio.run(run()).curl
    assert curl.endswith(f"http://{PUBLIC}:80/health")
    assert f"-H 'host: {HOST}'" in curl


# A sibling that nobody has given out leads to where `keys` does.
WILD = {HOST: [PUBLIC], "*.internal.test": [PUBLIC]}


def test_a_wildcard_leaves_it_open_whose_answer_it_is(tmp_path: Path) -> None:
    world = World(hosts=WILD)
    result = look_at(tmp_path, serving(lambda seen: Answer(status=404)), PUBLIC, world)
    assert Outcome.NO_DATA is result.outcome
    assert "wildcard DNS" in result.message


def test_a_wildcard_leaves_it_open_where_nothing_answers(tmp_path: Path) -> None:
    result = look(tmp_path, World(hosts=WILD))
    assert Outcome.NO_DATA is result.outcome


@pytest.mark.parametrize(
    "answer", [KEYS, health(None, instanceId=INSTANCE)], ids=["id", "instance"]
)
def test_a_wildcard_is_no_excuse_for_who_says_its_name(tmp_path: Path, answer: Answer) -> None:
    world = World(hosts=WILD)
    result = look_at(tmp_path, serving(lambda seen: answer), PUBLIC, world)
    assert (Outcome.FAIL, f"{PUBLIC}:80 answers HTTP 200") == (result.outcome, result.came)


@pytest.mark.usefixtures("brief")
def test_a_silent_nameserver_leaves_it_open(tmp_path: Path) -> None:
    started = time.perf_counter()
    result = look(tmp_path, World(hosts=None))
    assert Outcome.NO_DATA is result.outcome
    assert f"{HOST} could not be looked up: no answer within 0.5 s" in result.message
    assert time.perf_counter() - started < 8


def test_what_may_not_be_contacted_leaves_it_open(tmp_path: Path) -> None:
    world = World(hosts={HOST: ["8.8.4.4"]}, rules={"loopback_only": True})
    result = look(tmp_path, world)
    assert Outcome.NO_DATA is result.outcome
    assert "8.8.4.4:80 is beyond this machine" in result.message
    assert not any("8.8.4.4" in one.url for one in result.attempts[0].exchanges)


def test_without_an_inside_control_one_cannot_tell(tmp_path: Path) -> None:
    result = look(tmp_path, World(keys=NO_VIA))
    assert Outcome.NO_DATA is result.outcome
    assert "nothing sees it from inside" in result.message


@pytest.mark.parametrize(
    "answer",
    [
        health("gateway", checks={"keys:responseTime": [{"status": "fail"}]}),
        health("gateway"),
        Answer(status=503),
        Answer(status=404),
    ],
    ids=["fails", "says nothing", "503", "404"],
)
def test_where_it_is_not_seen_inside_one_cannot_tell(tmp_path: Path, answer: Answer) -> None:
    result = look(tmp_path, World(edge=lambda seen: answer))
    assert Outcome.NO_DATA is result.outcome
    assert "not healthy as seen from inside" in result.message


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("keys", [NO_VIA, {"health": {"via": "gateway", "path": "/gone"}}], ids=str)
def test_what_answers_outside_fails_whatever_else_cannot_be_told(
    tmp_path: Path, keys: dict[str, Any]
) -> None:
    found = serving(lambda seen: Answer(status=404))
    result = not_at(tmp_path, found, keys=keys, hosts=None, edge=lambda seen: Answer(status=503))
    assert Outcome.FAIL is result.outcome


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_an_address_where_it_must_not_answer_is_tried_also_on_this_machine(
    tmp_path: Path, host: str
) -> None:
    async def run() -> tuple[Result, str]:
        async with serving(lambda seen: Answer(status=401), host) as there:
            at = f"{bracketed(host)}:{there.url.rpartition(':')[2]}"
            return await World(keys={"not_at": [at]}).looked_at(tmp_path), at

    result, at = asyncio.run(run())
    assert (Outcome.FAIL, f"{at} answers HTTP 401") == (result.outcome, result.came)


def test_an_address_that_refuses_is_fine(tmp_path: Path) -> None:
    assert Outcome.PASS is look(tmp_path, World(keys={"not_at": ["127.0.0.1:1"]})).outcome


@pytest.mark.usefixtures("brief")
def test_an_address_that_only_accepts_leaves_it_open(tmp_path: Path) -> None:
    result = not_at(tmp_path, mute())
    assert Outcome.NO_DATA is result.outcome
    assert "accepts connections and speaks no HTTP" in result.message


def test_a_further_name_must_not_lead_to_it_either(tmp_path: Path) -> None:
    world = World(hosts={"keys.public.test": [PUBLIC]}, keys={"not_at": ["keys.public.test:443"]})
    assert Outcome.PASS is look(tmp_path / "closed", world).outcome
    result = look_at(tmp_path / "open", serving(lambda seen: Answer()), PUBLIC, world, 443)
    assert (Outcome.FAIL, f"{PUBLIC}:443 answers HTTP 200") == (result.outcome, result.came)


def beside(tmp_path: Path, *, staged: bool) -> Result:
    """With an answer on this machine, at the port that `keys` has elsewhere."""

    async def run() -> Result:
        async with serving(lambda seen: Answer()) as there:
            keys = {"url": f"http://{HOST}:{there.url.rpartition(':')[2]}"}
            return await World(keys=keys, staged=staged).looked_at(tmp_path)

    return asyncio.run(run())


def test_its_port_beside_the_edge_must_not_answer(tmp_path: Path) -> None:
    result = beside(tmp_path, staged=False)
    assert Outcome.FAIL is result.outcome
    assert result.came.startswith("127.0.0.1:")
    assert "port beside the edge" in {step.name for step in result.attempts[0].steps if step.ok}


def test_a_port_that_the_edge_has_as_well_is_the_edges(tmp_path: Path) -> None:
    assert Outcome.PASS is look(tmp_path, World(same_port=True)).outcome


def test_beside_an_edge_that_is_staged_here_anything_may_answer(tmp_path: Path) -> None:
    assert Outcome.PASS is beside(tmp_path, staged=True).outcome


def test_a_service_of_this_machine_may_answer_on_it(tmp_path: Path) -> None:
    async def run() -> Result:
        async with serving(lambda seen: KEYS) as there:
            return await World(keys={"url": there.url}).looked_at(tmp_path)

    assert Outcome.PASS is asyncio.run(run()).outcome


def by_host(seen: Seen) -> bool:
    return seen.headers["host"] == HOST


def by_forwarded_host(seen: Seen) -> bool:
    return seen.headers.get("x-forwarded-host") == HOST


def by_path(seen: Seen) -> bool:
    return seen.path == "/keys/health"


def by_two_slashes(seen: Seen) -> bool:
    return seen.path == f"//{HOST}/health"


FORGED = [by_host, by_forwarded_host, by_path, by_two_slashes]


def leaking(way: Any, leaked: Answer, otherwise: Handler = edge) -> Handler:
    return lambda seen: leaked if way(seen) else otherwise(seen)


@pytest.mark.parametrize("way", FORGED)
def test_an_edge_that_leads_to_it_fails(tmp_path: Path, way: Any) -> None:
    result = look(tmp_path, World(edge=leaking(way, KEYS)))
    assert Outcome.FAIL is result.outcome
    assert "answers 200 to GET " in result.came
    assert result.curl


@pytest.mark.parametrize(
    ("answer", "service_id"),
    [
        (replace(health("keys"), status=503), None),
        (health("the-keys"), "the-keys"),
        (health(None, instanceId=INSTANCE), None),
        (health("other", instanceId=INSTANCE), None),
        (health(None), None),
    ],
    ids=["unhealthy", "declared id", "instance", "instance of another id", "no id"],
)
def test_its_answer_is_known_by_what_it_says(
    tmp_path: Path, answer: Answer, service_id: str | None
) -> None:
    keys = {"health": {"via": "gateway", "service_id": service_id}}
    result = look(tmp_path, World(edge=leaking(by_path, answer), keys=keys))
    assert Outcome.FAIL is result.outcome


@pytest.mark.parametrize(
    "otherwise",
    [
        Answer(status=421), Answer(status=400), Answer(status=404), Answer(status=502),
        Answer(status=308, headers={"location": "/"}), VOUCHING, Answer(body=b"<html>"),
        health(None),
    ],
    ids=["421", "400", "404", "502", "308", "own health", "own page", "own health without id"],
)  # fmt: skip
def test_an_edge_that_answers_for_itself_is_fine(tmp_path: Path, otherwise: Answer) -> None:
    def answer(seen: Seen) -> Answer:
        plain = seen.path == "/health" and seen.headers["host"].startswith("127.0.0.1")
        return VOUCHING if plain and "x-forwarded-host" not in seen.headers else otherwise

    result = look(tmp_path, World(edge=answer))
    assert (Outcome.PASS, "") == (result.outcome, result.message)


BARE = {"health": {"via": "gateway", "format": "none"}}


def page(seen: Seen) -> Answer:
    """A page for every path, which repeats it, and tells of `keys` anyway."""
    if seen.path == "/health" and seen.headers["host"].startswith("127.0.0.1"):
        return VOUCHING
    said = f"<html>our keys at {seen.path} of {seen.headers['host']}</html>"
    return Answer(body=said.encode(), headers={"content-type": "text/html"})


@pytest.mark.parametrize("way", FORGED)
def test_without_a_format_an_answer_for_it_alone_fails(tmp_path: Path, way: Any) -> None:
    ready = Answer(body=b"ready", headers={"content-type": "text/plain"})
    result = look(tmp_path, World(edge=leaking(way, ready, page), keys=BARE))
    assert Outcome.FAIL is result.outcome


def test_without_a_format_another_page_of_the_same_kind_fails_too(tmp_path: Path) -> None:
    other = Answer(body=b"<html>ready</html>", headers={"content-type": "text/html"})
    result = look(tmp_path, World(edge=leaking(by_path, other, page), keys=BARE))
    assert Outcome.FAIL is result.outcome


@pytest.mark.parametrize("otherwise", [edge, page])
def test_without_a_format_an_answer_for_any_name_is_fine(
    tmp_path: Path, otherwise: Handler
) -> None:
    result = look(tmp_path, World(edge=otherwise, keys=BARE))
    assert (Outcome.PASS, "") == (result.outcome, result.message)


def test_without_a_format_pages_that_are_never_the_same_leave_it_open(tmp_path: Path) -> None:
    count = itertools.count()

    def fresh(seen: Seen) -> Answer:
        return edge(seen) if seen.path == "/health" else Answer(body=f"{next(count)}".encode())

    result = look(tmp_path, World(edge=fresh, keys=BARE))
    assert Outcome.NO_DATA is result.outcome
    assert "one cannot tell whose answer it is" in result.message


def test_forged_requests_come_in_every_way_and_from_nobody(tmp_path: Path) -> None:
    seen: list[Seen] = []

    def note(one: Seen) -> Answer:
        seen.append(one)
        return edge(one)

    assert Outcome.PASS is look(tmp_path, World(edge=note)).outcome
    control, *forged = seen
    assert ("/health", "1") == (control.path, control.headers["x-own"])
    assert len(FORGED) == len(forged)
    assert all(any(way(one) for one in forged) for way in FORGED)
    assert not any("x-own" in one.headers for one in forged)


def test_an_edge_that_closes_without_a_word_has_refused(tmp_path: Path) -> None:
    def closes(seen: Seen) -> Answer:
        return edge(seen) if seen.path == "/health" else Answer(raw=b"")

    assert Outcome.PASS is look(tmp_path, World(edge=closes)).outcome


@pytest.mark.parametrize("text", ["keys.test", "keys.test:8080", "10.0.0.1", "[::1]:80", "::1"])
def test_not_at_takes_hosts_and_ports(text: str) -> None:
    assert [text] == Service(url="http://keys.test", not_at=[text]).not_at


@pytest.mark.parametrize("text", ["http://keys.test", "keys.test/x", "a:b", "keys:0", "a b", ""])
def test_not_at_takes_nothing_that_could_never_answer(text: str) -> None:
    with pytest.raises(ValidationError, match="write host:port"):
        Service(url="http://keys.test", not_at=[text])
