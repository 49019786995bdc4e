"""An HTTP transport that connects where the environment file says."""

from collections.abc import Callable

import httpx

from harness.network import HostAndPort, Network, Refused

MakeTransport = Callable[[], httpx.AsyncBaseTransport]


class Routed(httpx.AsyncBaseTransport):
    """Sends requests to the addresses that a `Network` gives.

    Each host that is reached elsewhere has a pool of its own: a connection made for one name must
    not carry requests for another, whose certificate has not been seen.
    """

    def __init__(self, network: Network, make: MakeTransport) -> None:
        self._network = network
        self._make = make
        self._direct = make()
        self._pools: dict[HostAndPort, httpx.AsyncBaseTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        here = (request.url.host, request.url.port or {"http": 80}.get(request.url.scheme, 443))
        try:
            there = self._network.address(*here)
        except Refused as refused:
            raise httpx.ConnectError(str(refused), request=request) from None
        if there == here:
            return await self._direct.handle_async_request(request)
        if here not in self._pools:
            self._pools[here] = self._make()
        return await self._pools[here].handle_async_request(_moved(request, there))

    async def aclose(self) -> None:
        for pool in (self._direct, *self._pools.values()):
            await pool.aclose()


def _moved(request: httpx.Request, there: HostAndPort) -> httpx.Request:
    """The same request, its `Host` as it was, to another address; TLS is for the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=there[0], port=there[1]),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
