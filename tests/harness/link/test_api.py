"""The API has Toxiproxy's shapes, status codes and errors."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.harness.link.linked import free_port
from tests.harness.link.served import api

DB = {"name": "db", "upstream": "127.0.0.1:5432", "listen": "127.0.0.1:0"}
SLOW = {"type": "latency", "attributes": {"latency": 100}}


def over(test: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with api() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
            await test(client)

    asyncio.run(run())


def said(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json() if answer.content else None


def test_the_life_of_a_proxy() -> None:
    async def test(client: httpx.AsyncClient) -> None:
        status, made = said(await client.post("/proxies", json=DB))
        assert status == 201
        assert made == {**DB, "listen": made["listen"], "enabled": True, "toxics": []}
        assert made["listen"] != "127.0.0.1:0"
        assert said(await client.get("/proxies")) == (200, {"db": made})
        assert said(await client.get("/proxies/db")) == (200, made)
        off = {**made, "enabled": False}
        assert said(await client.post("/proxies/db", json={"enabled": False})) == (200, off)
        moved = f"127.0.0.1:{free_port()}"
        changed = {"listen": moved, "upstream": "127.0.0.1:1", "enabled": True}
        answer = await client.patch("/proxies/db", json=changed)
        assert said(answer) == (200, {**made, **changed})
        assert said(await client.delete("/proxies/db")) == (204, None)
        assert said(await client.get("/proxies")) == (200, {})

    over(test)


def test_the_life_of_a_toxic() -> None:
    async def test(client: httpx.AsyncClient) -> None:
        await client.post("/proxies", json=DB)
        toxics = "/proxies/db/toxics"
        slow = {
            "attributes": {"latency": 100, "jitter": 0},
            "name": "latency_downstream",
            "type": "latency",
            "stream": "downstream",
            "toxicity": 1.0,
        }
        assert said(await client.post(toxics, json=SLOW)) == (200, slow)
        assert said(await client.get(toxics)) == (200, [slow])
        assert (await client.get("/proxies/db")).json()["toxics"] == [slow]
        slow |= {"attributes": {"latency": 100, "jitter": 5}, "toxicity": 0.5}
        change = {"attributes": {"jitter": 5}, "toxicity": 0.5}
        assert said(await client.post(f"{toxics}/{slow['name']}", json=change)) == (200, slow)
        assert said(await client.patch(f"{toxics}/{slow['name']}", json={})) == (200, slow)
        assert said(await client.get(f"{toxics}/{slow['name']}")) == (200, slow)
        assert said(await client.delete(f"{toxics}/{slow['name']}")) == (204, None)
        assert said(await client.get(toxics)) == (200, [])

    over(test)


@pytest.mark.parametrize("path", ["/reset", "/proxies/db/reset"])
def test_reset_takes_toxics_off_and_enables(path: str) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        made = (await client.post("/proxies", json=DB)).json()
        await client.post("/proxies/db/toxics", json=SLOW)
        await client.patch("/proxies/db", json={"enabled": False})
        assert said(await client.post(path)) == (204, None)
        assert said(await client.get("/proxies/db")) == (200, made)

    over(test)


def test_populate_makes_and_replaces_and_keeps() -> None:
    async def test(client: httpx.AsyncClient) -> None:
        status, made = said(await client.post("/populate", json=[DB, {**DB, "name": "b"}]))
        assert (status, [each["name"] for each in made["proxies"]]) == (201, ["db", "b"])
        await client.post("/proxies/db/toxics", json=SLOW)
        same = {**DB, "listen": made["proxies"][0]["listen"]}
        other = {"name": "b", "upstream": "127.0.0.1:1", "enabled": False}
        status, again = said(await client.post("/populate", json=[same, other]))
        assert status == 201
        assert len(again["proxies"][0]["toxics"]) == 1
        assert again["proxies"][1]["upstream"] == "127.0.0.1:1"
        assert again["proxies"][1]["enabled"] is False
        answer = await client.post("/populate", json=[{**DB, "name": "c"}, {"name": "d"}])
        error = {"error": "missing required field: upstream at proxy 2", "status": 400}
        assert said(answer) == (400, {**error, "proxies": []})
        assert sorted((await client.get("/proxies")).json()) == ["b", "db"]

    over(test)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("GET", "/proxies/no", None, 404, "proxy not found"),
        ("DELETE", "/proxies/no", None, 404, "proxy not found"),
        ("POST", "/proxies/no/toxics", SLOW, 404, "proxy not found"),
        ("GET", "/proxies/db/toxics/no", None, 404, "toxic not found"),
        ("DELETE", "/proxies/db/toxics/no", None, 404, "toxic not found"),
        ("PATCH", "/proxies/db/toxics/no", {}, 404, "toxic not found"),
        ("POST", "/proxies", DB, 409, "proxy already exists"),
        ("POST", "/proxies/db/toxics", SLOW, 409, "toxic already exists"),
        ("POST", "/proxies", {"upstream": "a:1"}, 400, "missing required field: name"),
        ("POST", "/proxies", {"name": "a"}, 400, "missing required field: upstream"),
        ("POST", "/proxies", [], 400, "bad request body: it is no object"),
        ("POST", "/proxies", {**DB, "name": 7}, 400, "bad request body: name: int"),
        ("POST", "/proxies", {**DB, "name": "a", "listen": "1"}, 400, "listen: '1' is not HOST"),
        ("POST", "/proxies", {**DB, "name": "a", "upstream": "1"}, 400, "upstream: '1' is not"),
        ("POST", "/proxies", {**DB, "name": "a", "listen": ":0"}, 400, "reached from elsewhere"),
        ("POST", "/proxies", {**DB, "name": "a", "tls": {}}, 400, "has to have certificate and"),
        ("POST", "/populate", {}, 400, "bad request body: it is no list"),
        ("POST", "/proxies/db/toxics", {"type": "no"}, 400, "invalid toxic type"),
        ("PATCH", "/proxies/db", {"enabled": "no"}, 400, "bad request body: enabled: str"),
        ("PATCH", "/proxies/db", {"upstream": "no"}, 400, "upstream: 'no' is not HOST:PORT"),
    ],
)
def test_what_cannot_be_done(method: str, path: str, body: Any, status: int, error: str) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        await client.post("/proxies", json=DB)
        await client.post("/proxies/db/toxics", json=SLOW)
        before = (await client.get("/proxies")).json()
        answer = await client.request(method, path, json=body)
        assert answer.status_code == status
        assert answer.json()["status"] == status
        assert error in answer.json()["error"]
        assert (await client.get("/proxies")).json() == before

    over(test)


def test_a_port_that_is_taken_is_said() -> None:
    async def test(client: httpx.AsyncClient) -> None:
        made = (await client.post("/proxies", json=DB)).json()
        body = {**DB, "name": "b", "listen": made["listen"]}
        status, error = said(await client.post("/proxies", json=body))
        assert status == 500
        assert error["error"] == f"listen tcp {made['listen']}: bind: Address already in use"

    over(test)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000], ids=range(4))
def test_what_is_no_json_is_said(body: bytes) -> None:
    async def test(client: httpx.AsyncClient) -> None:
        answer = await client.post("/proxies", content=body)
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("bad request body: ")

    over(test)


def test_browsers_are_refused() -> None:
    async def test(client: httpx.AsyncClient) -> None:
        answer = await client.post("/reset", headers={"user-agent": "Mozilla/5.0 (X11)"})
        assert (answer.status_code, answer.text) == (403, "User agent not allowed\n")
        assert (await client.get("/version")).json()["version"]

    over(test)
