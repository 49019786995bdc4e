"""The stand-in of Fly's API, as a rehearsal of a deployed environment uses it."""

import asyncio
import socket
from collections.abc import Collection
from functools import partial
from pathlib import Path

import httpx
import pytest

from harness.errors import PlatformError, StackError
from harness.platforms._fly_standin import Memory, Wanted, serve
from harness.platforms.fly import connect
from tests.harness.platforms.flying import (
    APPS,
    NEW,
    OLD,
    Flying,
    flyctl,
    memory,
    over,
    place,
    vector,
)


def test_it_serves_on_a_socket_of_its_caller_until_it_is_cancelled(tmp_path: Path) -> None:
    async def inside() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            serving = asyncio.create_task(serve(listening, memory()))
            api = f"http://127.0.0.1:{port}"
            fly = connect(place(tmp_path, api=api, program=flyctl(tmp_path)))
            assert [] == await fly.confirm(vector(NEW))
            serving.cancel()
            await asyncio.wait([serving])
            assert serving.cancelled()

    asyncio.run(inside())


def test_its_backend_is_asked_to_replace_what_flyctl_deploys(tmp_path: Path) -> None:
    asked: list[tuple[str, str, int]] = []

    class Real(Memory):
        async def replace(self, app: str, machines: Collection[str], wanted: Wanted) -> None:
            asked.append((app, wanted.digest, wanted.release))
            await super().replace(app, machines, wanted)

    async def inside() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            serving = asyncio.create_task(serve(listening, memory(Real)))
            api, program = f"http://127.0.0.1:{port}", flyctl(tmp_path)
            fly = connect(place(tmp_path, api=api, program=program, smoke_checks="no"))
            await fly.roll_back(vector(OLD))
            serving.cancel()
            await asyncio.wait([serving])
        assert [(APPS[name], OLD, 3) for name in ("api", "api", "web", "web")] == asked

    asyncio.run(inside())


def test_what_its_backend_cannot_do_fails_the_deployment(tmp_path: Path) -> None:
    class Broken(Memory):
        async def replace(self, app: str, machines: Collection[str], wanted: Wanted) -> None:
            raise StackError("the stack is not up any more")

    async def claim(flying: Flying) -> None:
        with pytest.raises(PlatformError, match="the stack is not up any more"):
            await flying.fly().roll_back(vector(OLD))

    over(tmp_path, claim, memory(Broken))


def test_a_machine_is_waited_for_until_it_has_its_state(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        app, machine = APPS["web"], flying.machines("web")[0]
        flying.memory.change(app, state="starting")
        url = f"{flying.url}/v1/apps/{app}/machines/{machine}/wait?state=started"
        async with httpx.AsyncClient(headers={"authorization": "Bearer stand-in"}) as client:
            assert 408 == (await client.get(f"{url}&timeout=0.1")).status_code
            start = partial(flying.memory.change, app, state="started")
            asyncio.get_running_loop().call_later(0.1, start)
            assert 200 == (await client.get(f"{url}&timeout=60")).status_code

    over(tmp_path, claim)


def test_a_leased_machine_is_for_who_holds_it(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        url = f"{flying.url}/v1/apps/{APPS['web']}/machines/{flying.machines('web')[0]}/lease"
        async with httpx.AsyncClient(headers={"authorization": "Bearer stand-in"}) as client:
            taken = await client.post(f"{url}?ttl=600")
            mine = {"fly-machine-lease-nonce": taken.json()["data"]["nonce"]}
            assert 409 == (await client.post(url)).status_code
            assert 409 == (await client.delete(url)).status_code
            assert 201 == (await client.post(f"{url}?ttl=600", headers=mine)).status_code
            assert 200 == (await client.delete(url, headers=mine)).status_code
            assert 404 == (await client.get(url)).status_code
            await client.post(f"{url}?ttl=0")
            assert 404 == (await client.get(url)).status_code

    over(tmp_path, claim)
