"""The frontend's promises that need no browser."""

import hashlib
import re
from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError

from services.frontend.app import STATIC, create
from services.frontend.settings import FrontendSettings
from tests.services.conftest import Servers

FILES = {
    "/": "text/html",
    "/app.js": "text/javascript",
    "/cryptography.js": "text/javascript",
    "/keyarc.js": "text/javascript",
    "/master-key.js": "text/javascript",
    "/vendor/argon2.umd.min.js": "text/javascript",
    "/style.css": "text/css",
    "/icon.svg": "image/svg+xml",
}


def settings(**changes: str) -> FrontendSettings:
    values = {
        "environment": "dev",
        "release_id": "r1",
        "instance_id": "i1",
        "auth_url": "https://auth.keyarc.test:8443/auth",
        "api_url": "https://api.keyarc.test",
    }
    return FrontendSettings.model_validate(values | changes)


@pytest.fixture(scope="module")
def frontend() -> Iterator[httpx.Client]:
    with Servers() as servers:
        yield servers.start(create(settings()))


def test_config_tells_the_page_where_the_services_are_and_which_release_it_is(
    frontend: httpx.Client,
) -> None:
    response = frontend.get("/config.json")
    assert response.json() == {
        "AUTH_URL": "https://auth.keyarc.test:8443/auth",
        "API_URL": "https://api.keyarc.test",
        "RELEASE_ID": "r1",
    }
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("path", "media_type"), FILES.items())
def test_each_file_of_the_page_is_served_and_asked_again_each_time(
    frontend: httpx.Client, path: str, media_type: str
) -> None:
    response = frontend.get(path)
    assert (200, media_type, "no-cache") == (
        response.status_code,
        response.headers["content-type"].partition(";")[0],
        response.headers["cache-control"],
    )
    again = frontend.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert frontend.head(path).headers["etag"] == response.headers["etag"]


def test_every_file_that_the_page_names_is_served(frontend: httpx.Client) -> None:
    sources = [frontend.get(path).text for path in FILES if "vendor" not in path]
    named = {name for source in sources for name in re.findall(r'"(/[\w./-]+\.\w+)"', source)}
    assert named >= set(FILES) - {"/"}
    for name in named:
        assert frontend.get(name).status_code == 200, name


@pytest.mark.parametrize("path", ["/", "/style.css", "/config.json", "/health", "/nowhere"])
def test_every_answer_carries_the_security_headers(frontend: httpx.Client, path: str) -> None:
    headers = frontend.get(path).headers
    policy = dict(
        directive.split(" ", 1) for directive in headers["content-security-policy"].split("; ")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "worker-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' https://api.keyarc.test https://auth.keyarc.test:8443",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_health_passes_without_dependencies(frontend: httpx.Client, path: str) -> None:
    response = frontend.get(path)
    assert (
        response.status_code,
        response.headers["content-type"],
        response.headers["cache-control"],
    ) == (200, "application/health+json", "no-store")
    assert tuple(
        response.json()[key] for key in ("status", "serviceId", "releaseId", "instanceId")
    ) == ("pass", "frontend", "r1", "i1")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/index.htm",
        "/vendor",
        "/vendor/",
        "/vendor/README.md",
        "/../app.py",
        "/%2e%2e/app.py",
        "/static/..%2f..%2fapp.py",
        "/vendor/..%2f..%2fsettings.py",
        "/%00",
    ],
)
def test_any_other_path_is_a_404_problem(frontend: httpx.Client, path: str) -> None:
    response = frontend.get(path)
    assert (
        response.status_code,
        response.headers["content-type"],
    ) == (404, "application/problem+json")
    assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/", "/app.js", "/config.json", "/health"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_an_unknown_method_is_a_405_that_names_the_known_ones(
    frontend: httpx.Client, method: str, path: str
) -> None:
    response = frontend.request(method, path)
    assert (
        response.status_code,
        response.headers["content-type"],
    ) == (405, "application/problem+json")
    assert "GET" in response.headers["allow"]


def test_the_request_id_is_the_services_own(frontend: httpx.Client) -> None:
    response = frontend.get("/", headers={"X-Request-ID": "chosen-by-a-stranger"})
    assert response.headers["x-request-id"] != "chosen-by-a-stranger"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "keyarc.test",
        "ftp://keyarc.test",
        "https://",
        "https:///auth",
        "https://keyarc.test; script-src *",
        "https://keyarc.test,https://elsewhere.test",
        "https://user:password@keyarc.test",
        "https://*",
        "https://k\u00e9yarc.test",
    ],
)
@pytest.mark.parametrize("name", ["auth_url", "api_url"])
def test_an_address_that_would_not_fit_the_policy_stops_the_start(name: str, url: str) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(**{name: url})
    problems = raised.value.errors(include_input=False, include_url=False, include_context=False)
    assert [((name,), "Value error, must be http://HOST:PORT or https://HOST:PORT")] == [
        (problem["loc"], problem["msg"]) for problem in problems
    ]


def test_the_vendored_library_is_the_one_that_its_readme_names() -> None:
    vendor = STATIC / "vendor"
    table = (vendor / "README.md").read_text()
    digest = hashlib.sha256((vendor / "argon2.umd.min.js").read_bytes()).hexdigest()
    assert f"`{digest}`" in table
    assert (vendor / "LICENSE").read_text().startswith("MIT License")
