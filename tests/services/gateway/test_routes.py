"""What the gateway passes on, where to, and what it answers itself."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.services.gateway.conftest import Gateway, bearer
from tests.services.scripted import Connection, answering, connected, exchange, ok, server


def hang(connection: Connection, _head: bytes) -> None:
    connection.rest()


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_each_service_gets_what_is_below_its_name(gateway: Gateway, prefix: str) -> None:
    with server(answering(ok(b"1"))) as account, server(answering(ok(b"2"))) as keys:
        client = gateway(account_url=account.url, keys_url=keys.url)
        came = [
            client.get(f"{prefix}{path}", headers=bearer()).json()
            for path in ("/account/teams?limit=1", "/account/%0A/", "/keys/secrets?tag=a&tag=%20b")
        ]
        assert came == [1, 1, 2]
        assert account.targets() == ["/account/teams?limit=1", "/account/%0A/"]
        assert keys.targets() == ["/keys/secrets?tag=a&tag=%20b"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_method_and_body_are_passed_on(gateway: Gateway, method: str) -> None:
    with server(answering(ok())) as keys:
        client = gateway(keys_url=keys.url)
        came = client.request(method, "/keys/secrets", json={"a": 1}, headers=bearer())
        assert came.status_code == 200
        assert keys.heads[0].startswith(f"{method} /keys/secrets HTTP/1.1\r\n".encode())


ELSEWHERE = [
    "/keys/../health",
    "/keys/..",
    "/keys/./x",
    "/keys/%2e%2e/health",
    "/keys/%2E%2E%2Fhealth",
    "/keys/..%2fhealth",
    "/keys/.%2e/health",
    "/keys/a/../../health",
    "/keys/..\\health",
    "/keys/%2e%2e%5chealth",
    "/keys%2Fsecrets",
    "/%6beys/secrets",
    "/keys",
    "//keys/secrets",
    "/keysecrets",
    "/KEYS/secrets",
    "/%61pi/keys/secrets",
    "/api/api/keys/secrets",
    "/api/../keys/secrets",
    "/api//keys/secrets",
    "http://127.0.0.1/health/../keys/secrets",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_path_outside_the_prefix_reaches_no_service(gateway: Gateway, target: str) -> None:
    token = bearer()["Authorization"]
    request = (
        f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
    )
    with server(answering(ok())) as service:
        client = gateway(account_url=service.url, keys_url=service.url)
        status, answer = exchange(client, request.encode())
        assert (status, service.heads) == (404, [])
        assert b"application/problem+json" in answer


@pytest.mark.parametrize("target", ["/keys//secrets", "/keys/a%2Fb", "/keys/%C3%A9", "/keys/...x"])
def test_odd_path_below_the_prefix_is_the_services_to_judge(gateway: Gateway, target: str) -> None:
    token = bearer()["Authorization"]
    request = (
        f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
    )
    with server(answering(ok())) as keys:
        status, _ = exchange(gateway(keys_url=keys.url), request.encode())
        assert (status, keys.targets()) == (200, [target])


def test_health_of_a_private_service_is_not_to_be_had(gateway: Gateway) -> None:
    with server(answering(ok())) as service:
        client = gateway(account_url=service.url, keys_url=service.url)
        for path in ("/account/health", "/keys/health/live"):
            client.get(path, headers=bearer())
        assert service.targets() == ["/account/health", "/keys/health/live"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/account/profile", "DELETE, GET, PUT"),
        ("/api/account/profile", "DELETE, GET, PUT"),
        ("/account/teams", "GET, POST"),
        ("/keys/secrets/expiring", "GET"),
        ("/keys/secrets/5f0c6d0e-3a5b-4f57-9d5e-7a6c1f0b2e11", "DELETE, GET, PUT"),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND"])
def test_unknown_method_is_405_with_those_that_are_known(
    gateway: Gateway, method: str, path: str, allowed: str
) -> None:
    with server(answering(ok())) as service:
        client = gateway(account_url=service.url, keys_url=service.url)
        came = client.request(method, path, headers=bearer())
        assert (came.status_code, came.headers["allow"]) == (405, allowed)
        assert service.heads == []


def test_unknown_method_on_an_unknown_path_is_404(gateway: Gateway) -> None:
    assert gateway().patch("/keys/nothing/of/the/kind").status_code == 404


def test_redirect_of_a_service_is_neither_followed_nor_shown(gateway: Gateway) -> None:
    with server(answering(ok())) as other:
        answer = ok(b"", f"Location: {other.url}/x").replace(b"200 OK", b"307 Temporary Redirect")
        with server(answering(answer)) as keys:
            came = gateway(keys_url=keys.url).get("/keys/secrets", headers=bearer())
            assert came.status_code == 502
            assert "location" not in came.headers
            assert other.heads == []


PAGE = b"<html>Traceback at account.internal</html>"
NOT_OF_A_SERVICE = {
    "a page": ok(PAGE).replace(b"application/json", b"text/html"),
    "a page of an error": ok(PAGE)
    .replace(b"application/json", b"text/html")
    .replace(b"200 OK", b"500 Internal Server Error"),
    "an error in other words": ok(b'{"detail": "Traceback at account.internal"}').replace(
        b"200 OK", b"500 Internal Server Error"
    ),
    "a body of no type": ok(PAGE).replace(b"content-type: application/json\r\n", b""),
}


@pytest.mark.parametrize("answer", NOT_OF_A_SERVICE.values(), ids=NOT_OF_A_SERVICE)
def test_answer_that_no_service_gives_is_502(gateway: Gateway, answer: bytes) -> None:
    with server(answering(answer)) as account:
        came = gateway(account_url=account.url).get("/account/profile", headers=bearer())
        assert (came.status_code, came.headers["content-type"]) == (502, "application/problem+json")
        assert "account.internal" not in came.text


def test_nothing_to_say_needs_no_type(gateway: Gateway) -> None:
    with server(answering(b"HTTP/1.1 204 No Content\r\n\r\n")) as account:
        came = gateway(account_url=account.url).delete("/account/profile", headers=bearer())
        assert came.status_code == 204


def test_silence_of_a_client_is_408_after_the_time_that_is_set(gateway: Gateway) -> None:
    with server(hang) as keys, connected(gateway(keys_url=keys.url, client_limit_s=0.3)) as client:
        token = bearer()["Authorization"]
        head = f"POST /keys/secrets HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        client.send(f"{head}Content-Length: 4\r\n\r\n{{".encode())
        assert client.rest().startswith(b"HTTP/1.1 408 ")


def test_service_that_hangs_is_504_at_five_seconds_and_slows_no_other(gateway: Gateway) -> None:
    with server(hang) as keys, server(answering(ok())) as account, ThreadPoolExecutor(40) as pool:
        client = gateway(keys_url=keys.url, account_url=account.url)
        started_s = time.monotonic()
        hanging = [pool.submit(client.get, "/keys/x", headers=bearer()) for _ in range(30)]
        assert client.get("/account/profile", headers=bearer()).status_code == 200
        assert time.monotonic() - started_s < 3
        assert {each.result().status_code for each in hanging} == {504}
        assert 5 <= time.monotonic() - started_s < 7


@pytest.mark.parametrize("path", ["/account/profile", "/keys/secrets"])
def test_service_that_is_away_is_502(gateway: Gateway, path: str) -> None:
    came = gateway().get(path, headers=bearer())
    assert (came.status_code, came.headers["content-type"]) == (502, "application/problem+json")


def test_page_of_an_allowed_origin_may_read_what_a_service_answers(gateway: Gateway) -> None:
    with server(answering(ok(b"{}", 'ETag: "1"'))) as keys:
        client = gateway(keys_url=keys.url, allowed_origins=("https://keyarc.io",))
        asked = {"Access-Control-Request-Method": "PUT", "Origin": "https://keyarc.io"}
        assert client.options("/keys/secrets", headers=asked).status_code == 200
        came = client.get("/keys/secrets", headers={**bearer(), "Origin": "https://keyarc.io"})
        assert came.headers["access-control-allow-origin"] == "https://keyarc.io"
        assert "ETag" in came.headers["access-control-expose-headers"]
        stranger = {**bearer(), "Origin": "https://evil.example"}
        other = client.get("/keys/secrets", headers=stranger)
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_document_is_the_public_one(gateway: Gateway, prefix: str) -> None:
    paths = gateway().get(f"{prefix}/openapi.json").json()["paths"]
    assert {"/health", "/account/profile", "/keys/secrets"} <= set(paths)


def test_production_serves_no_document(gateway: Gateway) -> None:
    assert gateway(environment="production").get("/openapi.json").status_code == 404
