"""The same requests as `smoke`, sent by hand with asyncio and httpx: `floor_httpx.py SCRIPT CA`.

All that waits for nothing else is under way at once. Of the answers it looks at the status.
"""

import asyncio
import json
import ssl
import sys
from typing import Any

import httpx

live: dict[str, str] = {}


async def main() -> None:
    with open(sys.argv[1]) as file:  # noqa: PTH123, ASYNC230  nothing imported that is not needed
        chains = json.load(file)
    trusted = ssl.create_default_context(cafile=sys.argv[2])
    async with httpx.AsyncClient(verify=trusted, trust_env=False, timeout=10) as client:
        tasks: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            for chain in chains:
                after = [tasks[name] for name in chain["after"]]
                tasks[chain["name"]] = group.create_task(run(client, chain["waves"], after))


async def run(
    client: httpx.AsyncClient, waves: list[list[dict[str, Any]]], after: list[asyncio.Task[None]]
) -> None:
    for task in after:
        await task
    for wave in waves:
        await asyncio.gather(*(send(client, request) for request in wave))


async def send(client: httpx.AsyncClient, request: dict[str, Any]) -> None:
    if request["method"] in ("TCP", "TLS"):
        await connect(request)
        return
    scheme = "https" if request["tls"] else "http"
    try:
        answer = await client.request(
            request["method"],
            f"{scheme}://{request['host']}:{request['port']}{filled(request, 'target')}",
            headers=[(name, filled(request, text=value)) for name, value in request["headers"]],
            content=filled(request, "body").encode(),
            extensions={"sni_hostname": request["name"]},
        )
    except httpx.TransportError:
        assert request["status"] is None, request
        return
    assert answer.status_code == request["status"], (request, answer.text)
    for where, value in request["brings"]:
        part = answer.json() if where else answer.headers["etag"]
        for name in where:
            part = part[name]
        live[value] = part


async def connect(request: dict[str, Any]) -> None:
    try:
        _, writer = await asyncio.open_connection(request["host"], request["port"])
    except OSError:
        return
    writer.close()


def filled(request: dict[str, Any], part: str = "", *, text: str = "") -> str:
    text = text or (request[part] if part else "")
    for value in request["uses"]:
        text = text.replace(value, live[value])
    return text


asyncio.run(main())
