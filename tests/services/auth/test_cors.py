"""Which pages may read the answers."""

from collections.abc import Callable

import httpx
import pytest
from starlette.types import ASGIApp

from services.auth.app import create
from tests.services.auth.conftest import settings
from tests.services.auth.people import credentials, person

OURS = "https://keyarc.example"
OTHERS = [
    "https://evil.example",
    "http://keyarc.example",
    "https://keyarc.example:8443",
    "https://keyarc.example.evil.example",
    "https://sub.keyarc.example",
    "null",
]


@pytest.fixture
def auth(database_url: str, serve: Callable[[ASGIApp], httpx.Client]) -> httpx.Client:
    origins = f"{OURS}, https://www.keyarc.example"
    return serve(create(settings(database_url, allowed_origins=origins)))


def preflight(auth: httpx.Client, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return auth.options("/login", headers=headers)


def test_listed_origin_may_ask_and_read(auth: httpx.Client) -> None:
    answer = auth.post("/login", json=credentials(person()), headers={"Origin": OURS})

    assert (
        preflight(auth, OURS).status_code,
        preflight(auth, OURS).headers["access-control-allow-origin"],
    ) == (200, OURS)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, OURS)
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", OTHERS)
def test_other_origin_may_not(auth: httpx.Client, origin: str) -> None:
    answer = auth.post("/login", json=credentials(person()), headers={"Origin": origin})

    assert "access-control-allow-origin" not in preflight(auth, origin).headers
    assert "access-control-allow-origin" not in answer.headers


def test_nobody_may_unless_set(database_url: str, serve: Callable[[ASGIApp], httpx.Client]) -> None:
    closed = serve(create(settings(database_url)))

    assert "access-control-allow-origin" not in preflight(closed, OURS).headers
