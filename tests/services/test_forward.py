"""Forwarding, against servers that behave and servers that do not."""

import gzip
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
import pytest
import trustme
from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services import forward
from services.forward import HELD_BYTES, Upstream
from services.hop import passed_on
from services.problem import handle_problems
from services.request import RequestContext
from tests.services.scripted import (
    Connection,
    Script,
    answering,
    connected,
    declared_bytes,
    exchange,
    ok,
    server,
)

Serve = Callable[[ASGIApp], httpx.Client]
LIMIT_S = 0.4


class Forward:
    """Sends everything to one upstream."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = passed_on(request.headers.raw, frozenset({"host"}))
        response = await self._upstream.forward(request, headers)
        await response(scope, receive, send)


def proxy(url: str, limit_s: float = LIMIT_S, client_limit_s: float = 5.0) -> FastAPI:
    upstream = Upstream("upstream", url, limit_s, client_limit_s=client_limit_s)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await upstream.close()

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.router.routes.append(Route("/{rest:path}", Forward(upstream)))
    handle_problems(app)
    app.add_middleware(RequestContext, trust_id=False)
    return app


def names(answer: bytes) -> list[bytes]:
    head = answer.partition(b"\r\n\r\n")[0]
    return [line.partition(b":")[0] for line in head.splitlines()[1:]]


# What is passed on


@pytest.mark.parametrize(
    "status", [200, 201, 202, 301, 307, 308, 400, 401, 404, 409, 412, 500, 503]
)
def test_status_content_type_and_body_are_the_services(serve: Serve, status: int) -> None:
    answer = (
        f"HTTP/1.1 {status} Whatever\r\nContent-Type: application/x-own\r\nLocation: /elsewhere\r\n"
        "Content-Length: 3\r\n\r\nabc"
    )
    with server(answering(answer.encode())) as upstream:
        came = serve(proxy(upstream.url)).get("/")
        assert (came.status_code, came.headers["content-type"], came.content) == (
            status,
            "application/x-own",
            b"abc",
        )
        assert came.headers["location"] == "/elsewhere"
        assert len(upstream.heads) == 1


def test_answer_without_a_body_has_none(serve: Serve) -> None:
    with server(answering(b"HTTP/1.1 204 No Content\r\nETag: x\r\n\r\n")) as upstream:
        came = serve(proxy(upstream.url)).delete("/")
        assert (came.status_code, came.content, came.headers["etag"]) == (204, b"", "x")


def test_head_is_answered_with_the_length_and_no_body(serve: Serve) -> None:
    with server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")) as upstream:
        came = serve(proxy(upstream.url)).head("/")
        assert (came.status_code, came.headers["content-length"]) == (200, "1234")


def test_repeated_headers_stay_apart_and_in_order(serve: Serve) -> None:
    answer = ok(b"{}", "Set-Cookie: a=1", "Set-Cookie: b=2", "X-Own: \xe9")
    with server(answering(answer)) as upstream:
        client = serve(proxy(upstream.url))
        came = client.get("/")
        assert came.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert came.headers.raw.count((b"x-own", b"\xe9")) == 1
        assert len([name for name, _ in came.headers.raw if name == b"date"]) == 1


def test_cookie_of_one_client_is_not_sent_for_another(serve: Serve) -> None:
    with server(answering(ok(b"{}", "Set-Cookie: session=1"))) as upstream:
        client = serve(proxy(upstream.url))
        for _ in range(2):
            httpx.get(client.base_url, trust_env=False)
        assert [b"cookie" in head.lower() for head in upstream.heads] == [False, False]


def test_compressed_body_is_passed_as_it_is(serve: Serve) -> None:
    body = gzip.compress(b"hello")
    with server(answering(ok(body, "Content-Encoding: gzip"))) as upstream:
        with serve(proxy(upstream.url)).stream("GET", "/") as came:
            raw = b"".join(came.iter_raw())
        assert (raw, came.headers["content-encoding"]) == (body, "gzip")


HOP_BY_HOP = [
    "Connection: keep-alive, X-Mine",
    "X-Mine: of this hop",
    "Keep-Alive: timeout=5",
    "Proxy-Authenticate: Basic",
    "Proxy-Authorization: Basic eA==",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Trailer: X-Sum",
    "Upgrade: h2c",
]


def test_hop_by_hop_headers_end_here_on_the_way_there(serve: Serve) -> None:
    sent = "\r\n".join(["GET / HTTP/1.1", "Host: x", *HOP_BY_HOP, "X-Kept: 1", "Connection: close"])
    with server(answering(ok())) as upstream:
        status, _ = exchange(serve(proxy(upstream.url)), f"{sent}\r\n\r\n".encode())
        assert status == 200
        assert [name for name, _ in upstream.headers()] == ["Host", "x-kept"]


def test_hop_by_hop_headers_end_here_on_the_way_back(serve: Serve) -> None:
    # Not `Upgrade`: an answer with it and no 101 is odd, but one that HTTP allows.
    with server(answering(ok(b"{}", *HOP_BY_HOP, "X-Kept: 1", "Server: upstream"))) as upstream:
        came = serve(proxy(upstream.url)).get("/")
        assert came.status_code == 200
        assert set(came.headers) - {"date", "server"} == {
            "content-type",
            "content-length",
            "x-kept",
            "x-request-id",
        }
        assert "upstream" not in came.headers.get("server", "")


def test_dropped_names_go_in_any_spelling() -> None:
    headers = [(b"X-User-Id", b"1"), (b"x_user_id", b"2"), (b"X_USER-ID", b"3"), (b"X-User", b"4")]
    assert passed_on(headers, frozenset({"x-user-id"})) == [(b"x-user", b"4")]


TARGETS = [
    "/",
    "/keys/secrets?tag=a&tag=b&x=%20%2F+",
    "/a%2Fb%2fc",
    "/a/../b",
    "/a/./b//c/",
    "/%2e%2e/b",
    "//double//slash",
    "/~!$&'()*+,;=:@%25",
    "/x?a=b?c=/../d",
    "/%E9%C3%A9",
]


@pytest.mark.parametrize("target", TARGETS)
def test_target_arrives_byte_for_byte(serve: Serve, target: str) -> None:
    request = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with server(answering(ok())) as upstream:
        status, _ = exchange(serve(proxy(upstream.url)), request.encode())
        assert (status, upstream.targets()) == (200, [target])


def test_path_of_the_upstream_goes_before(serve: Serve) -> None:
    with server(answering(ok())) as upstream:
        serve(proxy(f"{upstream.url}/base")).get("/a")
        assert upstream.targets() == ["/base/a"]


def test_body_with_a_length_keeps_it(serve: Serve) -> None:
    bodies = []

    def script(connection: Connection, head: bytes) -> None:
        bodies.append(connection.read(declared_bytes(head)))
        connection.send(ok())

    with server(script) as upstream:
        assert serve(proxy(upstream.url)).put("/", content=b"x" * 100_000).status_code == 200
        assert dict(upstream.headers())["content-length"] == "100000"
        assert bodies == [b"x" * 100_000]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_no_body_stays_no_body(serve: Serve, method: str) -> None:
    with server(answering(ok())) as upstream:
        serve(proxy(upstream.url)).request(method, "/")
        assert not {"content-length", "transfer-encoding"} & {
            name.lower() for name, _ in upstream.headers()
        }


def test_body_streams_there_while_the_client_still_sends(serve: Serve) -> None:
    first_arrived = threading.Event()
    bodies = []

    def script(connection: Connection, head: bytes) -> None:
        assert b"transfer-encoding: chunked" in head.lower()
        first = connection.read(len(b"5\r\nfirst\r\n"))
        first_arrived.set()
        bodies.append(first + connection.read(len(b"6\r\nsecond\r\n0\r\n\r\n")))
        connection.send(ok())

    with server(script) as upstream, connected(serve(proxy(upstream.url))) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
        client.send(b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert first_arrived.wait(10)
        client.send(b"6\r\nsecond\r\n0\r\n\r\n")
        assert client.rest().startswith(b"HTTP/1.1 200 ")
        assert bodies == [b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"]


def test_length_beside_chunks_never_goes_further() -> None:
    headers = [(b"Content-Length", b"4"), (b"Transfer-Encoding", b"chunked"), (b"A", b"b")]
    assert passed_on(headers) == [(b"a", b"b")]


def test_client_that_waits_for_continue_is_told_to_go_on(serve: Serve) -> None:
    with server(answering(ok())) as upstream, connected(serve(proxy(upstream.url))) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
        client.send(b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert client.read(len(b"HTTP/1.1 100 Continue\r\n\r\n")).endswith(b"Continue\r\n\r\n")
        client.send(b"{}")
        assert client.rest().startswith(b"HTTP/1.1 200 ")
        assert b"expect" not in upstream.heads[0].lower()


def test_body_streams_back_while_the_service_still_sends(serve: Serve) -> None:
    first_arrived = threading.Event()

    def script(connection: Connection, _head: bytes) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert first_arrived.wait(10)
        connection.send(b"6\r\nsecond\r\n0\r\n\r\n")

    with (
        server(script) as upstream,
        serve(proxy(upstream.url, limit_s=10)).stream("GET", "/") as came,
    ):
        pieces = came.iter_raw()
        assert next(pieces) == b"first"
        first_arrived.set()
        assert b"".join(pieces) == b"second"


def test_answer_longer_than_what_is_held_arrives_whole(serve: Serve) -> None:
    body = bytes(range(256)) * 8192
    assert len(body) > HELD_BYTES
    with server(answering(ok(body))) as upstream:
        assert serve(proxy(upstream.url)).get("/").content == body


# Broken answers


def status_line(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()


BROKEN = {
    "hangs up": b"",
    "rubbish": b"\x00\x16\x03rubbish\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "huge headers": ok(b"{}", f"X-Huge: {'x' * 200_000}"),
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000,
    "body cut short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "switches protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "status of no kind": status_line("999 What"),
    "status 600": status_line("600 What"),
    "status 000": status_line("000 What"),
    "control character in a header": ok(b"{}", "X-Bell: a\x07b"),
    "line folded with NUL": ok(b"{}", "X-Nul: a\x00b"),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_broken_answer_is_502(serve: Serve, answer: bytes) -> None:
    with server(answering(answer)) as upstream:
        came = serve(proxy(upstream.url, limit_s=5)).post("/", json={})
        assert came.status_code == 502
        assert came.headers["content-type"] == "application/problem+json"
        assert "127.0.0.1" not in came.text
        assert len(upstream.heads) == 1  # Never sent twice.


def test_nobody_there_is_502(serve: Serve) -> None:
    with server(answering(b"")) as upstream:
        gone = upstream.url
    assert serve(proxy(gone)).get("/").status_code == 502


def test_certificate_of_a_stranger_is_502(serve: Serve) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    with server(hang, tls=context) as upstream:
        secured = upstream.url.replace("http:", "https:")
        assert serve(proxy(secured, limit_s=5)).get("/").status_code == 502
        assert upstream.heads == []


def test_idle_connection_that_the_service_closed_is_not_used_again(serve: Serve) -> None:
    closed = threading.Semaphore(0)

    def script(connection: Connection, head: bytes) -> None:
        answering(ok())(connection, head)
        closed.release()

    with server(script) as upstream:
        client = serve(proxy(upstream.url))
        for _ in range(5):
            assert client.post("/", json={}).status_code == 200
            assert closed.acquire(timeout=5)
        assert len(upstream.heads) == 5


def torn(script: Script, serve: Serve) -> float:
    """How long it took until a streamed answer broke off for the client, in seconds."""
    with server(script) as upstream:
        client = serve(proxy(upstream.url))
        started_s = time.monotonic()
        with client.stream("GET", "/") as came:
            assert came.status_code == 200
            with pytest.raises(httpx.RemoteProtocolError):
                came.read()
        return time.monotonic() - started_s


def test_streamed_answer_that_breaks_off_breaks_off_for_the_client(serve: Serve) -> None:
    started = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
    assert torn(answering(started), serve) < LIMIT_S


def test_streamed_answer_that_stalls_breaks_off_for_the_client(serve: Serve) -> None:
    def script(connection: Connection, _head: bytes) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        connection.rest()

    assert LIMIT_S <= torn(script, serve) < LIMIT_S + 2


# Slow ones


def hang(connection: Connection, _head: bytes) -> None:
    connection.rest()


def drip(connection: Connection, _head: bytes) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
        connection.send(bytes([byte]))
        time.sleep(LIMIT_S / 8)


def stall_in_body(connection: Connection, _head: bytes) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")
    connection.rest()


def drip_body(connection: Connection, _head: bytes) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.send(b"x")
        time.sleep(LIMIT_S / 8)


@pytest.mark.parametrize("script", [hang, drip, stall_in_body, drip_body])
def test_slow_answer_is_504_at_the_limit(serve: Serve, script: Script) -> None:
    with server(script) as upstream:
        client = serve(proxy(upstream.url))
        started_s = time.monotonic()
        came = client.get("/")
        took_s = time.monotonic() - started_s
        assert came.status_code == 504
        assert came.headers["content-type"] == "application/problem+json"
        assert LIMIT_S <= took_s < LIMIT_S + 1.5


def test_slow_client_is_not_held_against_the_service(serve: Serve) -> None:
    with server(answering(ok())) as upstream, connected(serve(proxy(upstream.url))) as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n{"
        )
        time.sleep(LIMIT_S * 1.5)
        client.send(b"  }")
        assert client.rest().startswith(b"HTTP/1.1 200 ")


def watching(closed: threading.Event) -> Script:
    """Never answers; says when the other side has given up."""

    def script(connection: Connection, _head: bytes) -> None:
        connection.rest()
        closed.set()

    return script


def test_client_that_stops_sending_is_408_and_the_service_is_let_go(serve: Serve) -> None:
    closed = threading.Event()
    with server(watching(closed)) as upstream:
        app = proxy(upstream.url, client_limit_s=0.3)
        with connected(serve(app)) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{")
            assert client.rest().startswith(b"HTTP/1.1 408 ")
        assert closed.wait(5)


def test_service_is_let_go_when_the_client_leaves_within_its_body(serve: Serve) -> None:
    closed = threading.Event()
    with server(watching(closed)) as upstream:
        with connected(serve(proxy(upstream.url))) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{")
        assert closed.wait(5)


def test_service_is_let_go_when_the_client_leaves_within_the_answer(serve: Serve) -> None:
    closed = threading.Event()

    def script(connection: Connection, _head: bytes) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        connection.rest()
        closed.set()

    with server(script) as upstream:
        with connected(serve(proxy(upstream.url, limit_s=10))) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.head()
        assert closed.wait(5)


CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@pytest.mark.parametrize("chunks", [5, 80])
def test_body_over_the_limit_is_413_and_never_arrives_whole(serve: Serve, chunks: int) -> None:
    closed = threading.Event()
    with server(watching(closed)) as upstream, connected(serve(proxy(upstream.url))) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
        client.send(b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * chunks + b"0\r\n\r\n")
        assert client.rest().startswith(b"HTTP/1.1 413 ")
        assert closed.wait(5)


def test_declared_body_over_the_limit_asks_the_service_nothing(serve: Serve) -> None:
    with server(answering(ok())) as upstream:
        came = serve(proxy(upstream.url)).post("/", content=b"x" * 300_000)
        assert (came.status_code, upstream.heads) == (413, [])


@pytest.mark.parametrize("value", [b"\x01", b"a\x7fb", b"\xff\xfe", b"x" * 50_000])
def test_odd_header_value_is_never_a_500(serve: Serve, value: bytes) -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Odd: " + value + b"\r\n\r\n"
    with server(answering(ok())) as upstream:
        status, _ = exchange(serve(proxy(upstream.url)), request)
        assert status in (200, 400, 422)


def test_only_so_many_wait_for_a_service(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "MOST_UNDER_WAY", 2)
    silent = threading.Event()

    def script(connection: Connection, _head: bytes) -> None:
        silent.wait(20)
        connection.close()

    with server(script) as upstream, ThreadPoolExecutor(2) as pool:
        client = serve(proxy(upstream.url, limit_s=5.0))
        begun = [pool.submit(client.get, "/") for _ in range(2)]
        while len(upstream.heads) < 2:
            assert not any(each.done() for each in begun)
        answer = client.get("/")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        silent.set()
        assert {each.result().status_code for each in begun} == {502}
        assert client.get("/").status_code == 502
