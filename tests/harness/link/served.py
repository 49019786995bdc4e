"""The API of links, on the loop of a test: on a port of loopback, or a Unix socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from harness.link.api import application
from harness.link.proxies import Proxies
from harness.stack.serving import Ends, server


@asynccontextmanager
async def serving_links(listener: socket.socket) -> AsyncIterator[Proxies]:
    listener.listen()
    proxies, ends = Proxies(), Ends()
    task = asyncio.create_task(server(application(proxies), ends).serve(sockets=[listener]))
    try:
        yield proxies
    finally:
        ends.stop()
        await task
        proxies.close()


@asynccontextmanager
async def api() -> AsyncIterator[str]:
    """On a port; its URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        async with serving_links(listener):
            yield "http://{}:{}".format(*listener.getsockname())
