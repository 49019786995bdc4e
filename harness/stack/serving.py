"""The server that an ASGI application runs in, and how it ends: at once, or by and by.

SIGTERM and SIGINT end it at once. `DRAIN` is for a server that has been replaced: nobody must
notice that it goes.
"""

import asyncio
import signal
import ssl
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from socket import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn

GRACE_S = 5
DRAIN = signal.SIGUSR1
# Requests in flight are given so long to end.
DRAIN_LIMIT_S = 30.0
# A client may just be sending its next request on a connection that it keeps.
IDLE_S = 1.0
# One that has only just connected sends its first request, however slow its machine.
NEW_S = 5.0
# What was accepted in the last moment is among the connections after so long, TLS or not.
ACCEPTED_S = 0.1
TLS_ACCEPTED_S = 1.0
_POLL_S = 0.02
_CLOSE = (b"connection", b"close")


class Ends:
    """What a server is told of its end.

    Attributes:
        leaving: It is to go, in one way or the other.
        at_once: It is to go at once.
    """

    def __init__(self) -> None:
        self.leaving = asyncio.Event()
        self.at_once = asyncio.Event()

    def stop(self) -> None:
        self.at_once.set()
        self.leaving.set()


def server(
    app: Any,
    ends: Ends,
    announce: Callable[[], object] | None = None,
    tls: ssl.SSLContext | None = None,
) -> "uvicorn.Server":
    """A server for one socket. The one that announces itself runs the application's lifespan."""
    import uvicorn

    class Server(uvicorn.Server):
        """Says when it has started, and stops at once, not at uvicorn's next tick."""

        capture_signals = nullcontext  # type: ignore[assignment] # two servers share one process

        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            if announce:
                announce()

        async def main_loop(self) -> None:
            ticks = asyncio.create_task(super().main_loop())
            await ends.leaving.wait()
            if not ends.at_once.is_set():
                await _drain(self, ends)
            ticks.cancel()

        async def shutdown(self, sockets: list[socket] | None = None) -> None:
            if self.server_state.tasks:
                await super().shutdown(sockets)
                return
            # Nothing is being answered, so there is nothing for uvicorn's pause to wait for.
            for each in self.servers:
                each.close()
            for connection in list(self.server_state.connections):
                connection.shutdown()
            await self.lifespan.shutdown()

    return Server(
        uvicorn.Config(
            app,
            lifespan="on" if announce else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            # The client's address is for the application to judge, not for the server.
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
            ssl_context_factory=(lambda *_: tls) if tls else None,
        )
    )


async def serve(pairs: Iterable[tuple["uvicorn.Server", socket]], ends: Ends) -> None:
    """Serves until told to end, each server on its socket."""
    pairs = list(pairs)
    serving = asyncio.gather(*(server.serve(sockets=[socket]) for server, socket in pairs))

    def stop() -> None:
        ends.stop()
        if not all(server.started for server, _ in pairs):
            serving.cancel()  # There is nothing yet to finish.

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(DRAIN, ends.leaving.set)
    with suppress(asyncio.CancelledError):
        await serving


async def _drain(server: "uvicorn.Server", ends: Ends) -> None:
    """Accepts nothing more, and returns when the last client has gone, or is gone without."""
    await _accept_no_more(server)
    _announce_close(server)
    clock = asyncio.get_running_loop().time
    began_s = now_s = clock()
    accepted_s = TLS_ACCEPTED_S if server.config.is_ssl else ACCEPTED_S
    idle_since_s: dict[object, float] = {}
    while now_s - began_s < DRAIN_LIMIT_S and not ends.at_once.is_set():
        for connection in list(server.server_state.connections):
            cycle = _last_of(connection)
            if cycle is not None and not cycle.response_complete:
                idle_since_s.pop(connection, None)  # It is receiving or answering a request.
                continue
            idle_s = now_s - idle_since_s.setdefault(connection, now_s)
            if idle_s >= (NEW_S if cycle is None else IDLE_S):
                connection.transport.close()
        if not server.server_state.connections and now_s - began_s >= accepted_s:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(ends.at_once.wait(), _POLL_S)
        now_s = clock()


async def _accept_no_more(server: "uvicorn.Server") -> None:
    """Leaves who calls from now on to the others that listen on the same socket."""
    loop = asyncio.get_running_loop()
    for listener in server.servers:
        for each in listener.sockets:
            loop.remove_reader(each.fileno())
    # What was accepted just now is a task that has not begun, and fails where it finds its
    # listener closed: asyncio's own `close` would reset such a caller.
    await asyncio.sleep(_POLL_S)
    for listener in server.servers:
        listener.close()


def _announce_close(server: "uvicorn.Server") -> None:
    """Every answer that has not begun yet says that the connection ends with it."""
    server.config.encoded_headers.append(_CLOSE)
    server.server_state.default_headers = [*server.server_state.default_headers, _CLOSE]
    for connection in server.server_state.connections:
        cycle = _last_of(connection)
        if cycle is not None and not cycle.response_started:
            cycle.default_headers = [*cycle.default_headers, _CLOSE]


def _last_of(connection: Any) -> Any:
    """The last request on a connection; None where there was none yet."""
    return getattr(connection, "cycle", None)
