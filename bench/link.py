"""A link beside a direct connection, and beside Toxiproxy's own server where it can be built.

What is added to a round trip of 100 bytes, and how long 64 KiB take as part of a stream of them. A
ratio of 1.67 is 60 % of the direct throughput. Each proxy has one core, the same; who talks through
it has all.
"""

import multiprocessing
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bench import toxiproxy
from bench.measure import figure, interleave, show
from harness.link.process import Way, serve
from harness.stack.sockets import port_of, reserve

ROUNDS = 15
START_S = 30
ROUND_TRIPS = 3000
SMALL = bytes(100)
BLOCK = bytes(64 * 1024)
BLOCKS = 4096
LIMIT_RATIO = 1 / 0.6
_buffer = bytearray(len(BLOCK))
Address = tuple[str, int]


def main() -> None:
    core = max(os.sched_getaffinity(0))
    with ExitStack() as stack:
        upstream = stack.enter_context(_upstream())
        ways = {"direct": upstream, "link": stack.enter_context(_link(upstream, core))}
        program = toxiproxy.found()
        if program:
            with reserve("bench") as free:
                port = port_of(free)
            to = "{}:{}".format(*upstream)
            ways["toxiproxy"] = stack.enter_context(toxiproxy.running(program, port, to, core))
        values = interleave({name: _measured(name, at) for name, at in ways.items()}, ROUNDS)
    direct = values["direct 64 KiB"]
    figures = [
        figure(f"round trip, direct {p}", "ms", values[f"direct {p}"]) for p in ("p50", "p99")
    ]
    figures.append(figure("64 KiB, direct", "us", direct))
    for name in list(ways)[1:]:
        for p in ("p50", "p99"):
            pairs = zip(values[f"{name} {p}"], values[f"direct {p}"], strict=True)
            added = [through - own for through, own in pairs]
            limit = 0.1 if (name, p) == ("link", "p50") else None
            figures.append(figure(f"added by {name}, {p}", "ms", added, limit=limit))
        limit = LIMIT_RATIO if name == "link" else None
        through = values[f"{name} 64 KiB"]
        figures.append(
            figure(f"64 KiB, {name}", "us", through, reference=direct, ratio_limit=limit)
        )
    show("link", figures)
    for each in figures:
        if each.ratio:
            print(f"{each.name}: {1 / each.ratio:.0%} of the direct throughput")
    if not program:
        print("toxiproxy: not built here (it takes Go, and once a network)")


def _measured(name: str, at: Address) -> Callable[[], Mapping[str, float]]:
    def run() -> Mapping[str, float]:
        trips = _round_trips(at)
        return {
            f"{name} p50": statistics.median(trips),
            f"{name} p99": statistics.quantiles(trips, n=100)[98],
            f"{name} 64 KiB": _stream(at),
        }

    return run


def _round_trips(at: Address) -> list[float]:
    """How long each took, in ms."""
    took = []
    with _connected(at, b"e") as end:
        for _ in range(ROUND_TRIPS):
            began_s = time.perf_counter()
            end.sendall(SMALL)
            _receive(end, len(SMALL))
            took.append((time.perf_counter() - began_s) * 1000)
    return took


def _stream(at: Address) -> float:
    """How long each block took, in µs."""
    with _connected(at, b"s") as end:
        began_s = time.perf_counter()
        _receive(end, BLOCKS * len(BLOCK))
        return (time.perf_counter() - began_s) * 1_000_000 / BLOCKS


def _connected(at: Address, kind: bytes) -> socket.socket:
    end = socket.create_connection(at)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end.sendall(kind)
    return end


def _receive(end: socket.socket, count: int) -> None:
    while count > 0:
        came = end.recv_into(_buffer)
        if not came:
            raise SystemExit("the connection broke off")
        count -= came


@contextmanager
def _upstream() -> Iterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as listener, _forked(_answer, listener):
        yield listener.getsockname()


@contextmanager
def _link(upstream: Address, core: int) -> Iterator[Address]:
    fork = multiprocessing.get_context("fork")
    is_ready = fork.Event()

    def run(api: Path, way: Way) -> None:
        os.sched_setaffinity(0, {core})
        serve({"bench": way}, api, announce=is_ready.set)

    with (
        tempfile.TemporaryDirectory() as folder,
        reserve("bench") as held,
        _forked(run, Path(folder) / "links", Way(held, upstream)),
    ):
        if not is_ready.wait(START_S):
            raise SystemExit("the link did not start")
        yield held.getsockname()


@contextmanager
def _forked(run: Callable[..., None], *arguments: object) -> Iterator[None]:
    child = multiprocessing.get_context("fork").Process(target=run, args=arguments)
    child.start()
    try:
        yield
    finally:
        child.terminate()
        child.join()


def _answer(listener: socket.socket) -> None:
    while True:
        end, _ = listener.accept()
        threading.Thread(target=_talk, args=(end,), daemon=True).start()


def _talk(end: socket.socket) -> None:
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with end, suppress(OSError):
        if end.recv(1) == b"e":
            while data := end.recv(len(BLOCK)):
                end.sendall(data)
        else:
            for _ in range(BLOCKS):
                end.sendall(BLOCK)


if __name__ == "__main__":
    main()
