"""Plain http that answers itself, or leads elsewhere, fails; so does one that is to be closed."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from harness.checks.redirect import derive
from harness.environment import Environment
from harness.model import Outcome, Result
from tests.harness.server import Answer, Handler, Seen, serving
from tests.harness.verifying import environment, only, verified

# Nothing listens there: nobody goes where a redirect leads.
SECURE = "https://127.0.0.1:9/auth"
PATH = "/auth/health?keyarc-verify=1"
THERE = f"https://127.0.0.1:9{PATH}"


def run(tmp_path: Path, handler: Handler, service: dict[str, Any] | None = None) -> Result:
    """A service whose plain address is a server that answers so."""

    async def inside() -> Result:
        async with serving(handler) as server:
            plain = {"url": f"{server.url}/auth"}
            where = environment({"auth": {"url": SECURE, "http": plain, **(service or {})}})
            return only(await verified(where, list(derive(where)), tmp_path / "run"))

    return asyncio.run(inside())


def leading(location: str, status: int = 308) -> Handler:
    return lambda seen: Answer(status=status, headers={"location": location})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location", [THERE, THERE.replace("https", "HTTPS")])
def test_a_redirect_to_the_same_place_passes(tmp_path: Path, status: int, location: str) -> None:
    assert Outcome.PASS is run(tmp_path, leading(location, status)).outcome


def test_a_redirect_to_a_declared_second_address_of_the_host_passes(tmp_path: Path) -> None:
    also = {"also_at": ["https://127.0.0.1:10"]}
    location = "https://127.0.0.1:10/health?keyarc-verify=1"
    assert Outcome.PASS is run(tmp_path, leading(location), also).outcome


def test_a_plain_host_of_its_own_leads_to_a_declared_address(tmp_path: Path) -> None:
    elsewhere = {"url": "https://site.example"}
    location = "https://site.example/health?keyarc-verify=1"
    assert Outcome.PASS is run(tmp_path, leading(location), elsewhere).outcome
    assert Outcome.FAIL is run(tmp_path / "b", leading(THERE), elsewhere).outcome


def test_a_redirect_to_a_declared_address_of_another_host_fails(tmp_path: Path) -> None:
    also = {"also_at": ["https://elsewhere.example"]}
    location = "https://elsewhere.example/health?keyarc-verify=1"
    assert Outcome.FAIL is run(tmp_path, leading(location), also).outcome


@pytest.mark.parametrize(
    ("location", "status"),
    [
        ("https://127.0.0.1:9/auth/health", 308),
        ("https://127.0.0.1:9/auth/other?keyarc-verify=1", 308),
        ("https://127.0.0.1:9/", 308),
        (f"https://127.0.0.1:10{PATH}", 308),
        (f"https://127.0.0.1{PATH}", 308),
        (f"https://elsewhere.example:9{PATH}", 308),
        (f"https://a@127.0.0.1:9{PATH}", 308),
        (f"http://127.0.0.1:9{PATH}", 308),
        (f"https://[{PATH}", 308),
        (PATH, 308),
        ("", 308),
        (THERE, 303),
        (THERE, 300),
        (THERE, 201),
    ],
)
def test_a_redirect_to_elsewhere_fails(tmp_path: Path, location: str, status: int) -> None:
    result = run(tmp_path, leading(location, status))
    assert (result.outcome, result.expected) == (Outcome.FAIL, f"a redirect to {THERE}")
    assert result.message.endswith(f"{PATH} does not lead to https")
    assert result.came.startswith(str(status))


def test_an_answer_over_plain_http_fails(tmp_path: Path) -> None:
    result = run(tmp_path, lambda seen: Answer())
    assert (result.outcome, result.came) == (Outcome.FAIL, "200")


def test_a_redirect_to_itself_fails_and_is_not_followed(tmp_path: Path) -> None:
    def handler(seen: Seen) -> Answer:
        location = f"http://{seen.headers['host']}{seen.path}"
        return Answer(status=302, headers={"location": location})

    result = run(tmp_path, handler)
    assert Outcome.FAIL is result.outcome
    assert result.came.endswith(", itself")
    assert 1 == len(result.attempts[0].exchanges)


def test_no_answer_over_plain_http_fails(tmp_path: Path) -> None:
    result = run(tmp_path, leading(THERE), {"http": {"url": f"http://127.0.0.1:{unused()}"}})
    assert (result.outcome, result.expected) == (Outcome.FAIL, "an answer")


def test_nothing_secret_is_sent_over_plain_http(tmp_path: Path) -> None:
    seen: list[Seen] = []

    def handler(request: Seen) -> Answer:
        seen.append(request)
        return Answer(status=308, headers={"location": THERE})

    async def inside() -> Result:
        async with serving(handler) as server:
            where = Environment.model_validate(
                {
                    "name": "test",
                    "identities": {"robot": {"token": "the-token"}},
                    "services": {
                        "auth": {
                            "url": SECURE,
                            "http": {"url": f"{server.url}/auth"},
                            "headers": {"X-Secret": "the-key"},
                            "identity": "robot",
                        }
                    },
                }
            )
            return only(await verified(where, list(derive(where)), tmp_path / "run"))

    assert Outcome.PASS is asyncio.run(inside()).outcome
    assert not {"authorization", "x-secret"} & set(seen[0].headers)


def test_where_it_is_to_be_closed_an_open_port_fails(tmp_path: Path) -> None:
    result = closed(tmp_path, open_="both")
    assert (result.outcome, result.came) == (Outcome.FAIL, "a connection was accepted")


def test_a_closed_port_passes_where_the_host_can_be_heard(tmp_path: Path) -> None:
    assert Outcome.PASS is closed(tmp_path, open_="https").outcome


def test_a_closed_port_of_a_host_that_cannot_be_heard_never_passes(tmp_path: Path) -> None:
    result = closed(tmp_path, open_="none")
    assert (result.outcome, result.expected) == (Outcome.FAIL, "an answer")


def test_a_plain_name_that_does_not_resolve_is_not_taken_for_closed(tmp_path: Path) -> None:
    result = closed(tmp_path, open_="https", plain="http://nowhere.invalid")
    assert Outcome.ERROR is result.outcome
    assert "cannot tell whether it is closed" in result.message


def test_a_plain_address_that_may_not_be_contacted_is_not_taken_for_closed(tmp_path: Path) -> None:
    network = {"loopback_only": True}
    result = closed(tmp_path, open_="https", plain="http://192.0.2.1", network=network)
    assert Outcome.ERROR is result.outcome
    assert "cannot tell whether it is closed" in result.message


def closed(
    tmp_path: Path, *, open_: str, plain: str | None = None, network: dict[str, Any] | None = None
) -> Result:
    """A service that is to have no plain http, where `both`, `https` or `none` of its ports is."""

    async def inside() -> Result:
        async with serving(lambda seen: Answer()) as one, serving(lambda seen: Answer()) as two:
            secure = one.url if open_ != "none" else f"http://127.0.0.1:{unused()}"
            other = two.url if open_ == "both" else f"http://127.0.0.1:{unused()}"
            service = {
                "url": secure.replace("http", "https"),
                "http": {"expect": "closed", "url": plain or other},
            }
            where = Environment.model_validate(
                {"name": "test", "network": network or {}, "services": {"auth": service}}
            )
            return only(await verified(where, list(derive(where)), tmp_path / "run"))

    return asyncio.run(inside())


def unused() -> int:
    """A port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_checks_are_for_public_services_whose_plain_address_is_known() -> None:
    where = environment(
        {
            "plain": "http://127.0.0.1:9",
            "usual": {"url": "https://a.example/x", "also_at": ["https://b.example"]},
            "unusual": "https://a.example:8443",
            "given": {"url": "https://a.example:8443", "http": {"url": "http://a.example:8080"}},
            "hidden": {"url": "https://c.example", "visibility": "private"},
        }
    )
    assert {
        "redirect.usual": ("http://a.example/x", "http://b.example"),
        "redirect.given": ("http://a.example:8080",),
    } == {check.id: check.given["plain"] for check in derive(where)}
