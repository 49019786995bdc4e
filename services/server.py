"""What a container runs: one service, at the port that its image exposes.

Run as `python -m services.server NAME`. SIGTERM and SIGINT end it: it accepts nothing more, ends
what it has begun, and exits with 0. Where `TLS_FOLDER` is set, there is a second port, with TLS.
"""

import asyncio
import importlib
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

# IPv4, over which Fly's proxy calls; nothing of Fly's private IPv6, where one could go around it.
HOST = "0.0.0.0"  # noqa: S104
PORT = 8080
TLS_PORT = 8443
# What has begun is given so long to end. Docker kills after 10 s.
GRACE_S = 5
ENDS = (signal.SIGTERM, signal.SIGINT)


class Server(uvicorn.Server):
    """One of a process: whoever starts it hears the signals."""

    capture_signals = nullcontext  # type: ignore[assignment]


def server(app: ASGIApp, *, tls: Path | None = None, lifespan: bool = True) -> Server:
    """A server for one port.

    Args:
        app: What answers.
        tls: Where `certificate.pem` and `key.pem` are; None for plain HTTP.
        lifespan: Whether the application is told of its start and its end: by one server alone.
    """
    return Server(
        uvicorn.Config(
            app,
            lifespan="on" if lifespan else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            # The client's address is for the application to judge, not for the server.
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=tls / "certificate.pem" if tls else None,
            ssl_keyfile=str(tls / "key.pem") if tls else None,
        )
    )


async def serve(pairs: list[tuple[Server, socket.socket]]) -> None:
    """Serves until it is told to end."""

    def end() -> None:
        for each, _ in pairs:
            each.should_exit = True

    for number in ENDS:
        asyncio.get_running_loop().add_signal_handler(number, end)
    await asyncio.gather(*(each.serve(sockets=[listening]) for each, listening in pairs))


def listen(port: int) -> socket.socket:
    return socket.create_server((HOST, port), backlog=2048)


def instance_id(environment: Mapping[str, str]) -> str:
    """What tells this container apart from others of its service."""
    given = environment.get("INSTANCE_ID") or environment.get("FLY_MACHINE_ID")
    return given or socket.gethostname()


def main() -> None:
    # The first process of a container ignores what it does not handle, also while it imports.
    for number in ENDS:
        signal.signal(number, _exit)
    os.environ["INSTANCE_ID"] = instance_id(os.environ)
    app = importlib.import_module(f"services.{sys.argv[1]}.main").app
    pairs = [(server(app), listen(PORT))]
    if folder := os.environ.get("TLS_FOLDER"):
        pairs.append((server(app, tls=Path(folder), lifespan=False), listen(TLS_PORT)))
    asyncio.run(serve(pairs))


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
