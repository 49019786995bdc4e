"""Clients that begin a request and never end it: nothing that a client library would do."""

import asyncio
import json
from urllib.parse import urlsplit

import httpx

from suites.journeys.apart import LIMIT_S, Apart
from suites.journeys.asking import Question
from suites.journeys.observations import observe


def silenced(apart: Apart, questions: list[Question]) -> list[tuple[Question, httpx.Response]]:
    """What the gateway answers to requests whose body stops after its first byte; all at once.

    It is asked where it listens itself: the edge in front of it waits for the body as well.
    """

    async def all_of_it() -> list[httpx.Response]:
        return await asyncio.gather(*(_answer(apart, asked) for asked in questions))

    answered = list(zip(questions, apart.visit.loop.run(all_of_it()), strict=True))
    for asked, response in answered:
        observe(asked.service, asked.method, asked.path, response.status_code)
    return answered


async def _answer(apart: Apart, asked: Question) -> httpx.Response:
    address = urlsplit(apart.references["stack:gateway.url"])
    body = json.dumps(asked.json).encode() + b" "
    headers = {**asked.headers, "Host": "api.localhost", "Content-Type": "application/json"}
    lines = [f"{asked.method} {asked.path} HTTP/1.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode() + body[:1])
            response = _read(await reader.readuntil(b"\r\n\r\n"))
            length = int(response.headers.get("content-length", 0))
            response = httpx.Response(
                response.status_code,
                headers=response.headers,
                content=await reader.readexactly(length),
            )
        finally:
            writer.close()
    return response


def _read(head: bytes) -> httpx.Response:
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(first.split(" ")[1]), headers=pairs)
