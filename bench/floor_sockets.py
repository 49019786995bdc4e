"""The same with bare sockets, a thread a chain: `python -I -S floor_sockets.py SCRIPT CA`.

It tells the seconds from the first connection to the last answer: imports and the reading of
certificates are over by then.
"""

import json
import os
import socket
import ssl
import sys
import threading
import time
from typing import Any

live: dict[str, str] = {}
idle: dict[tuple[str, int, bool], list[socket.socket]] = {}


def main() -> None:
    with open(sys.argv[1]) as file:  # noqa: PTH123  nothing imported that is not needed
        chains = json.load(file)
    trusted = ssl.create_default_context(cafile=sys.argv[2])
    started_s = time.perf_counter()
    threading.excepthook = give_up
    threads: dict[str, threading.Thread] = {}
    for chain in chains:
        after = [threads[name] for name in chain["after"]]
        threads[chain["name"]] = begun(run, trusted, chain["waves"], after)
    for thread in threads.values():
        thread.join()
    print(time.perf_counter() - started_s)


def run(
    trusted: ssl.SSLContext, waves: list[list[dict[str, Any]]], after: list[threading.Thread]
) -> None:
    for thread in after:
        thread.join()
    for wave in waves:
        others = [begun(send, trusted, request) for request in wave[1:]]
        send(trusted, wave[0])
        for thread in others:
            thread.join()


def begun(work: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments)
    thread.start()
    return thread


def give_up(failure: threading.ExceptHookArgs) -> None:
    """A chain that fails ends all: `smoke` would not have got what it got."""
    sys.excepthook(failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback)
    os._exit(1)


def send(trusted: ssl.SSLContext, request: dict[str, Any]) -> None:
    key = (request["host"], request["port"], request["tls"])
    pool = idle.setdefault(key, [])
    try:
        connection = pool.pop() if pool else connected(trusted, request)
        if request["method"] in ("TCP", "TLS"):
            connection.close()
            return
        connection.sendall(written(request))
        head, body = answer(connection, request["method"])
    except OSError:
        assert request["status"] is None, request
        return
    pool.append(connection)
    assert int(head[9:12]) == request["status"], (request, head, body)
    for where, value in request["brings"]:
        part = json.loads(body) if where else etag(head)
        for name in where:
            part = part[name]
        live[value] = part


def connected(trusted: ssl.SSLContext, request: dict[str, Any]) -> socket.socket:
    plain = socket.create_connection((request["host"], request["port"]), 10)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if request["tls"] and request["method"] != "TCP":
        return trusted.wrap_socket(plain, server_hostname=request["name"])
    return plain


def written(request: dict[str, Any]) -> bytes:
    lines = [f"{request['method']} {request['target']} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request["headers"]]
    head, body = "\r\n".join(lines), request["body"]
    for value in request["uses"]:
        head, body = head.replace(value, live[value]), body.replace(value, live[value])
    content = body.encode()
    length = f"\r\ncontent-length: {len(content)}" if content else ""
    return b"%s%s\r\n\r\n%s" % (head.encode(), length.encode(), content)


def answer(connection: socket.socket, method: str) -> tuple[bytes, bytes]:
    came = b""
    while b"\r\n\r\n" not in came:
        came += received(connection)
    head, _, body = came.partition(b"\r\n\r\n")
    lower = head.lower()
    if method == "HEAD" or head[9:12] in (b"204", b"304"):
        return head, b""
    if b"transfer-encoding: chunked" in lower:
        while not body.endswith(b"0\r\n\r\n"):
            body += received(connection)
        return head, body
    length = int(lower.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += received(connection)
    return head, body


def received(connection: socket.socket) -> bytes:
    chunk: bytes = connection.recv(65536)
    if not chunk:
        raise ConnectionError
    return chunk


def etag(head: bytes) -> str:
    lines = head.decode().split("\r\n")
    return next(line[6:] for line in lines if line.lower().startswith("etag: "))


if __name__ == "__main__":
    main()
