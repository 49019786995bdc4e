"""A container's health check passes for the one answer that it expects."""

import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from harness.stack.sockets import listen, port_of
from services import probe


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.setattr(probe, "LIMIT_S", 0.2)
    with listen("test") as one:
        monkeypatch.setattr(probe, "PORT", port_of(one))
        yield one


def answer(listening: socket.socket, text: bytes) -> list[bytes]:
    """Answers one call; what was asked is in the list afterwards."""
    asked: list[bytes] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(1000))
            connection.sendall(text)

    threading.Thread(target=serve, daemon=True).start()
    return asked


def outcome(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["probe", *arguments])
    try:
        probe.main()
    except SystemExit as end:
        return end.code
    return 0


def test_health_is_asked_for_and_200_is_healthy(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(listening, b"HTTP/1.1 200 OK\r\n\r\n")
    assert outcome(monkeypatch) == 0
    assert asked[0].startswith(b"GET /health HTTP/1.1\r\n")


def test_another_path_may_promise_another_status(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(listening, b"HTTP/1.1 308 Permanent Redirect\r\n\r\n")
    assert outcome(monkeypatch, "/", "308") == 0
    assert asked[0].startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "GET /health: HTTP/1.1 503"),
        (b"HTTP/1.1 2000\r\n\r\n", "GET /health: HTTP/1.1 2000"),
        (b"rubbish\r\n", "GET /health: rubbish"),
        (b"", "GET /health: "),
    ],
)
def test_any_other_answer_is_unhealthy(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch, text: bytes, told: str
) -> None:
    answer(listening, text)
    assert str(outcome(monkeypatch)).startswith(told)


def test_silence_is_unhealthy(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(monkeypatch) == "GET /health: TimeoutError"
    listening.close()
    assert outcome(monkeypatch) == "GET /health: ConnectionRefusedError"
