"""The edge: what reaches which service, and what it says of the client."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from services.edge.app import create
from services.edge.settings import EdgeSettings
from tests.services.scripted import Connection, Server, answering, exchange, ok, server

Serve = Callable[[ASGIApp], httpx.Client]


class OverTls:
    """As on the socket with TLS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["scheme"] = "https"
        await self._app(scope, receive, send)


def settings(**changed: Any) -> EdgeSettings:
    return EdgeSettings(
        **{
            "environment": "dev",
            "release_id": "r1",
            "instance_id": "i1",
            "public_url": "https://localhost:8443",
            "frontend_url": "http://127.0.0.1:1",
            "auth_url": "http://127.0.0.1:1",
            "gateway_url": "http://127.0.0.1:1",
            "site_hosts": ("127.0.0.1", "KeyArc.io"),
            "auth_hosts": ("auth.localhost",),
            "api_hosts": ("api.localhost",),
            "client_address_header": "Fly-Client-IP",
            **changed,
        }
    )


@dataclass
class Edge:
    """An edge with TLS before three services that answer with their names."""

    client: httpx.Client
    services: dict[str, Server]

    def asked(self) -> list[str]:
        return [name for name, service in self.services.items() if service.heads]


@pytest.fixture
def edge(serve: Serve) -> Iterator[Edge]:
    with ExitStack() as stack:
        services = {
            name: stack.enter_context(server(answering(ok(f'"{name}"'.encode()))))
            for name in ("frontend", "auth", "gateway")
        }
        urls = {f"{name}_url": service.url for name, service in services.items()}
        yield Edge(serve(OverTls(create(settings(**urls)))), services)


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("localhost", "/", "frontend"),
        ("localhost", "/app.js", "frontend"),
        ("localhost", "/auth", "auth"),
        ("localhost", "/auth/login", "auth"),
        ("localhost", "/authority", "frontend"),
        ("localhost", "/AUTH/login", "frontend"),
        ("localhost", "/api", "gateway"),
        ("localhost", "/api/keys/secrets?tag=%2F..", "gateway"),
        ("localhost", "/api/keys/secrets/%0A", "gateway"),
        ("localhost", "/x/api/keys", "frontend"),
        ("localhost", "//api/keys", "frontend"),
        ("localhost", "/health", "frontend"),
        ("localhost", "/account/profile", "frontend"),
        ("localhost", "/keys/secrets", "frontend"),
        ("keyarc.io", "/auth/login", "auth"),
        ("127.0.0.1:8443", "/api/health", "gateway"),
        ("LOCALHOST.", "/api/health", "gateway"),
        ("auth.localhost", "/login", "auth"),
        ("AUTH.localhost:8443", "/api/keys", "auth"),
        ("api.localhost", "/keys/secrets", "gateway"),
        ("api.localhost", "/auth/login", "gateway"),
    ],
)
def test_host_and_path_say_which_service(edge: Edge, host: str, path: str, service: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    status, answer = exchange(edge.client, request.encode())
    assert (status, edge.asked()) == (200, [service])
    assert edge.services[service].targets() == [path]
    assert answer.endswith(f'"{service}"'.encode())


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (["account.flycast"], 421),
        (["keys"], 421),
        (["localhost.evil.example"], 421),
        (["evil.example:8443"], 421),
        (["127.0.0.2"], 421),
        ([""], 400),
        (["localhost/../keys"], 400),
        (["keys@localhost"], 400),
        (["localhost:port"], 400),
        (["localhost", "auth.localhost"], 400),
        ([], 400),
    ],
)
@pytest.mark.parametrize(
    "extra", ["", "X-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\n"]
)
def test_host_that_is_not_served_reaches_nobody(
    edge: Edge, hosts: list[str], status: int, extra: str
) -> None:
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    request = f"GET /api/health HTTP/1.1\r\n{lines}{extra}Connection: close\r\n\r\n"
    assert exchange(edge.client, request.encode())[0] == status
    assert edge.asked() == []


@pytest.mark.parametrize(
    "target", ["http://account.flycast/account/profile", "http://keys:8080/keys/secrets"]
)
def test_absolute_target_names_no_other_server(edge: Edge, target: str) -> None:
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    exchange(edge.client, request.encode())
    assert edge.asked() in ([], ["frontend"])


FORGED = [
    "Fly-Client-IP: 6.6.6.6",
    "fly-client-ip: 6.6.6.6",
    "Fly_Client_IP: 6.6.6.6",
    "FLY-CLIENT_IP: 6.6.6.6",
    "X-Forwarded-For: 6.6.6.6",
    "X_Forwarded_For: 6.6.6.6",
    "X-Forwarded-Host: 6.6.6.6",
    "X-Forwarded-Proto: 6.6.6.6",
    "X-Forwarded-Port: 6.6.6.6",
    "X-Real-IP: 6.6.6.6",
    "Forwarded: for=6.6.6.6;proto=http",
    "Connection: close, Fly-Client-IP, X-Forwarded-For",
]


@pytest.mark.parametrize("line", FORGED)
def test_client_cannot_say_where_it_comes_from(edge: Edge, line: str) -> None:
    request = f"GET /auth HTTP/1.1\r\nHost: localhost:8443\r\n{line}\r\nConnection: close\r\n\r\n"
    exchange(edge.client, request.encode())
    headers = [(name.lower(), value) for name, value in edge.services["auth"].headers()]
    assert sorted(headers) == [
        ("fly-client-ip", "127.0.0.1"),
        ("host", "localhost:8443"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost:8443"),
        ("x-forwarded-proto", "https"),
    ]


def test_other_headers_and_the_body_pass(edge: Edge) -> None:
    came = edge.client.post(
        "/auth/login", json={"a": 1}, headers={"Host": "localhost", "Authorization": "Bearer x"}
    )
    assert came.json() == "auth"
    headers = dict(edge.services["auth"].headers())
    assert (headers["authorization"], headers["content-length"]) == ("Bearer x", "7")


def test_answers_over_tls_ask_for_tls_from_now_on(edge: Edge) -> None:
    served = edge.client.get("/", headers={"Host": "localhost"})
    refused = edge.client.get("/", headers={"Host": "evil.example"})
    for came in (served, refused):
        assert came.headers.get_list("strict-transport-security") == ["max-age=31536000"]


@pytest.mark.parametrize(
    ("public_url", "host", "target", "location"),
    [
        ("https://localhost:8443", "localhost:8080", "/", "https://localhost:8443/"),
        (
            "https://localhost:8443",
            "localhost",
            "/a%2Fb?c=%20",
            "https://localhost:8443/a%2Fb?c=%20",
        ),
        ("https://localhost:8443", "auth.localhost:80", "/x", "https://auth.localhost:8443/x"),
        (
            "https://localhost:8443",
            "localhost",
            "//evil.example",
            "https://localhost:8443//evil.example",
        ),
        ("https://localhost", "keyarc.io", "/api", "https://keyarc.io/api"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_plain_http_is_redirected(
    serve: Serve, public_url: str, host: str, target: str, location: str, method: str
) -> None:
    client = serve(create(settings(public_url=public_url)))
    request = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    status, answer = exchange(client, request.encode())
    assert status == 308
    assert f"location: {location}\r\n" in answer.decode()
    assert b"strict-transport-security" not in answer


def test_plain_http_for_a_strangers_host_redirects_nowhere(serve: Serve) -> None:
    came = serve(create(settings())).get("/", headers={"Host": "evil.example"})
    assert (came.status_code, came.headers.get("location")) == (421, None)


def test_service_that_is_down_is_502(serve: Serve) -> None:
    came = serve(OverTls(create(settings()))).get("/auth", headers={"Host": "localhost"})
    assert (came.status_code, came.headers["content-type"]) == (502, "application/problem+json")
    assert came.json()["request_id"] == came.headers["x-request-id"]
    assert "strict-transport-security" in came.headers


def test_service_that_hangs_is_504(serve: Serve) -> None:
    def hang(connection: Connection, _head: bytes) -> None:
        connection.rest()

    with server(hang) as auth:
        app = create(settings(auth_url=auth.url, upstream_limit_s=0.3))
        assert serve(OverTls(app)).get("/auth", headers={"Host": "localhost"}).status_code == 504


def test_request_id_of_the_service_comes_through(serve: Serve) -> None:
    with server(answering(ok(b"{}", "X-Request-ID: abcdefgh"))) as auth:
        client = serve(OverTls(create(settings(auth_url=auth.url))))
        came = client.get("/auth", headers={"Host": "localhost"})
        assert came.headers.get_list("x-request-id") == ["abcdefgh"]


def test_large_body_streams_both_ways(serve: Serve) -> None:
    received = []

    def echo(connection: Connection, head: bytes) -> None:
        body = connection.read(3_000_000)
        received.append(len(body))
        connection.send(ok(body))

    with server(echo) as auth:
        client = serve(OverTls(create(settings(auth_url=auth.url))))
        came = client.post("/auth", content=b"x" * 3_000_000, headers={"Host": "localhost"})
        assert (received, len(came.content)) == ([3_000_000], 3_000_000)


def test_websocket_is_refused(edge: Edge) -> None:
    request = (
        "GET /auth HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert exchange(edge.client, request.encode())[0] == 403


@pytest.mark.parametrize("header", ["Fly Client", "X:Y", "", "é"])
def test_client_address_header_must_be_a_header_name(header: str) -> None:
    with pytest.raises(ValueError, match="client_address_header"):
        settings(client_address_header=header)
