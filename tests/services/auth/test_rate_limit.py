"""How often one client may try."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from limits.aio.storage import MemoryStorage
from starlette.types import ASGIApp

from services.auth.app import create
from services.auth.settings import AuthSettings
from services.problem import Problem
from services.rate_limit import RateLimit
from services.settings import Rate
from tests.services.auth.conftest import settings
from tests.services.auth.people import blob, credentials, person

Serve = Callable[[ASGIApp], httpx.Client]


def test_limits_are_those_of_the_contract_unless_set(database_url: str) -> None:
    given = settings(database_url).model_dump(exclude={"rate_limit_login", "rate_limit_signup"})
    defaults = AuthSettings.model_validate(given)

    assert (defaults.rate_limit_login, defaults.rate_limit_signup) == (Rate(5, 60), Rate(10, 60))


def test_a_limit_can_be_of_other_seconds(database_url: str) -> None:
    assert settings(database_url, rate_limit_login="5/2s").rate_limit_login == Rate(5, 2)


def test_every_login_counts_and_the_next_is_429(database_url: str, serve: Serve) -> None:
    auth = serve(create(settings(database_url, rate_limit_login="5")))
    someone = person()
    auth.post("/signup", json=someone)
    right, wrong = credentials(someone), {**credentials(someone), "auth_hash": blob(32)}

    statuses = [
        auth.post("/login", json=body).status_code for body in (right, wrong, wrong, right, right)
    ]
    answer = auth.post("/login", json=right)

    assert statuses == [200, 401, 401, 200, 200]
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert 50 <= int(answer.headers["retry-after"]) <= 60
    assert auth.post("/auth/login", json=right).status_code == 429


def test_signups_have_a_limit_of_their_own(database_url: str, serve: Serve) -> None:
    limits = {"rate_limit_login": "1", "rate_limit_signup": "2"}
    auth = serve(create(settings(database_url, **limits)))
    someone = person()

    statuses = [auth.post("/signup", json=someone).status_code for _ in range(3)]

    assert statuses == [201, 409, 429]
    token = auth.post("/login", json=credentials(someone)).json()["access_token"]
    assert auth.post("/login", json=credentials(someone)).status_code == 429
    for _ in range(3):
        header = {"Authorization": f"Bearer {token}"}
        assert auth.post("/token/refresh", headers=header).status_code == 200


def test_invalid_request_is_no_attempt(database_url: str, serve: Serve) -> None:
    auth = serve(create(settings(database_url, rate_limit_login="1")))

    assert [auth.post("/login", json={}).status_code for _ in range(3)] == [422] * 3
    assert auth.post("/login", json=credentials(person())).status_code == 401


def login_from(auth: httpx.Client, address: str) -> int:
    headers = {"X-Client": address}
    return auth.post("/login", json=credentials(person()), headers=headers).status_code


def test_each_address_behind_a_trusted_proxy_has_its_own_limit(
    database_url: str, serve: Serve
) -> None:
    proxies = {"trusted_proxies": "127.0.0.0/8", "client_address_header": "X-Client"}
    auth = serve(create(settings(database_url, rate_limit_login="1", **proxies)))

    assert [login_from(auth, address) for address in ("192.0.2.1", "192.0.2.2")] == [401, 401]
    assert [login_from(auth, address) for address in ("192.0.2.1", "192.0.2.2")] == [429, 429]


@pytest.mark.parametrize(
    "proxies",
    [
        {},
        {"client_address_header": "X-Client"},
        {"trusted_proxies": "127.0.0.1"},
        {"trusted_proxies": "10.0.0.0/8", "client_address_header": "X-Client"},
    ],
)
def test_header_of_another_peer_changes_nothing(
    database_url: str, serve: Serve, proxies: dict[str, str]
) -> None:
    auth = serve(create(settings(database_url, rate_limit_login="1", **proxies)))

    assert [login_from(auth, address) for address in ("192.0.2.1", "192.0.2.2")] == [401, 429]


async def attempts(limit: RateLimit, address: str, count: int) -> list[str | None]:
    """The `Retry-After` of each attempt; None where it was taken."""
    waits: list[str | None] = []
    for _ in range(count):
        try:
            await limit.count(address)
        except Problem as refusal:
            waits.append(refusal.headers["Retry-After"])
        else:
            waits.append(None)
    return waits


def test_attempt_is_taken_again_after_the_window() -> None:
    async def run() -> None:
        limit = RateLimit(2, window_s=1)
        assert await attempts(limit, "192.0.2.1", 4) == [None, None, "1", "1"]
        async with asyncio.timeout(5):
            while await attempts(limit, "192.0.2.1", 1) != [None]:  # noqa: ASYNC110 - time alone helps
                await asyncio.sleep(0.02)

    asyncio.run(run())


def test_concurrent_attempts_never_exceed_the_limit() -> None:
    async def run() -> list[list[str | None]]:
        limit = RateLimit(7)
        return await asyncio.gather(*(attempts(limit, "192.0.2.1", 1) for _ in range(50)))

    assert asyncio.run(run()).count([None]) == 7


def test_addresses_are_forgotten_after_the_window() -> None:
    async def run() -> None:
        limit = RateLimit(2, window_s=1)
        storage = limit._limiter.storage
        assert isinstance(storage, MemoryStorage)
        for number in range(300):
            await limit.count(f"192.0.2.{number}")
        async with asyncio.timeout(10):
            # The storage tidies up when it is used.
            while len(storage.events) > 1 or len(storage.locks) > 1:
                await attempts(limit, "198.51.100.1", 1)
                await asyncio.sleep(0.02)

    asyncio.run(run())
