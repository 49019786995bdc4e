"""The path form of addresses: the frontend names the app, and does no more. ADR 15."""

from collections.abc import Iterator

import httpx
import pytest

from services.auth.app import create as create_auth
from services.frontend.app import create
from services.request import MAX_BODY_BYTES
from tests.services.auth.conftest import settings as auth_settings
from tests.services.conftest import Servers
from tests.services.frontend.fly_proxy import FlyProxy
from tests.services.frontend.test_frontend import settings
from tests.services.scripted import exchange

AUTH, GATEWAY = "keyarc-auth-some", "keyarc-gateway-some"
APPS = {"auth_replay_app": AUTH, "api_replay_app": GATEWAY}
# Nobody is there: what is asked here needs no database.
NO_DATABASE = "postgresql://nobody@127.0.0.1:9/nothing"


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


@pytest.fixture(scope="module")
def frontend(servers: Servers) -> httpx.Client:
    return servers.start(create(settings(**APPS)))


@pytest.fixture(scope="module")
def site(servers: Servers, frontend: httpx.Client) -> httpx.Client:
    """The site's public name: the stand-in of Fly's proxy before the real frontend and auth."""
    auth = servers.start(create_auth(auth_settings(NO_DATABASE)))
    urls = {"keyarc-frontend-some": str(frontend.base_url), AUTH: str(auth.base_url)}
    return servers.start(FlyProxy("keyarc-frontend-some", urls))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"])
@pytest.mark.parametrize(
    ("path", "app"),
    [
        ("/auth", AUTH),
        ("/auth/", AUTH),
        ("/auth/login", AUTH),
        ("/auth/health/live", AUTH),
        ("/auth/../x", AUTH),
        ("/api", GATEWAY),
        ("/api/keys/secrets?tag=%2F..", GATEWAY),
    ],
)
def test_a_path_of_another_app_is_answered_with_its_name_and_nothing_else(
    frontend: httpx.Client, method: str, path: str, app: str
) -> None:
    request = frontend.build_request(method, "/")
    request.extensions["target"] = path.encode()
    response = frontend.send(request)
    assert (response.status_code, response.content) == (409, b"")
    response.headers.pop("date")
    response.headers.pop("server")
    assert dict(response.headers) == {"fly-replay": f"app={app}", "content-length": "0"}


@pytest.mark.parametrize(
    "path",
    ["/authx", "/auth.js", "/aut", "/AUTH/login", "//auth/login", "/apis", "/x/api", "/api;x"],
)
def test_a_similar_path_is_the_frontends_own(frontend: httpx.Client, path: str) -> None:
    request = frontend.build_request("GET", "/")
    request.extensions["target"] = path.encode()
    response = frontend.send(request)
    assert (response.status_code, "fly-replay" in response.headers) == (404, False)


@pytest.mark.parametrize("path", ["/", "/app.js", "/config.json", "/health", "/health/live"])
def test_the_page_is_served_as_ever(frontend: httpx.Client, path: str) -> None:
    response = frontend.get(path)
    assert (response.status_code, "fly-replay" in response.headers) == (200, False)
    assert "content-security-policy" in response.headers


@pytest.mark.parametrize("path", ["/auth", "/auth/login", "/api/keys/secrets"])
def test_without_the_settings_nothing_is_replayed(servers: Servers, path: str) -> None:
    response = servers.start(create(settings())).get(path)
    assert (response.status_code, "fly-replay" in response.headers) == (404, False)


def test_each_setting_stands_for_its_own_path(servers: Servers) -> None:
    client = servers.start(create(settings(api_replay_app=GATEWAY)))
    assert client.get("/auth").status_code == 404
    assert client.get("/api").headers["fly-replay"] == f"app={GATEWAY}"


def test_no_client_chooses_the_app(frontend: httpx.Client) -> None:
    said = {"fly-replay": "app=other", "fly-replay-src": "state=other", "host": "other.test"}
    assert frontend.get("/auth", headers=said).headers["fly-replay"] == f"app={AUTH}"


def test_the_body_is_not_waited_for(frontend: httpx.Client) -> None:
    head = b"POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
    status, answer = exchange(frontend, head)
    assert (status, f"fly-replay: app={AUTH}".encode() in answer) == (409, True)


def test_a_connection_is_kept_after_a_body_that_nobody_read(frontend: httpx.Client) -> None:
    for _ in range(3):
        response = frontend.post("/auth/login", content=b"x" * MAX_BODY_BYTES)
        assert response.headers["fly-replay"] == f"app={AUTH}"
        assert frontend.get("/config.json").status_code == 200


def test_a_body_that_says_it_is_too_large_is_refused_here(frontend: httpx.Client) -> None:
    """Fly would not replay it; the contract's answer is known without asking auth."""
    response = frontend.post("/auth/login", content=b"x" * (MAX_BODY_BYTES + 1))
    assert (response.status_code, "fly-replay" in response.headers) == (413, False)
    assert response.headers["content-type"] == "application/problem+json"


# Through the stand-in of Fly's proxy


def test_the_path_form_reaches_auth_with_path_query_and_body(site: httpx.Client) -> None:
    alive = site.get("/auth/health/live?a=1")
    assert (alive.status_code, alive.json()["serviceId"]) == (200, "auth")
    refused = site.post("/auth/login", json={"email": "not-an-email"})
    assert refused.status_code == 422
    assert {tuple(each["loc"]) for each in refused.json()["errors"]} >= {("body", "auth_hash")}


def test_the_page_and_its_services_are_under_one_name(site: httpx.Client) -> None:
    assert site.get("/config.json").json()["RELEASE_ID"] == "r1"
    assert site.get("/health/live").json()["serviceId"] == "frontend"


def test_an_app_that_is_not_there_is_the_proxys_error(site: httpx.Client) -> None:
    assert (site.get("/api/health").status_code, site.get("/api/health").text) == (502, "PA04")
