"""The server of a container: how it starts, and how it ends."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from harness.stack.sockets import listen, port_of
from services.server import instance_id
from tests.harness.stack.conftest import until

# In place of a service: `/slow` ends when it is told to, `/starts` says how often it was started.
SERVICE = """
import asyncio, pathlib, sys, types
from services import server

starts = 0

async def app(scope, receive, send):
    global starts
    if scope["type"] == "lifespan":
        starts += 1
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/slow":
        pathlib.Path("begun").touch()
        while not pathlib.Path("go-on").exists():
            await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(starts).encode()})

sys.modules["services.slow.main"] = types.SimpleNamespace(app=app)
server.HOST, server.PORT, server.TLS_PORT = "127.0.0.1", int(sys.argv[2]), int(sys.argv[3])
server.GRACE_S = 1
server.main()
"""
ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def ports() -> tuple[int, int]:
    """Two that are free."""
    with listen("one") as one, listen("two") as two:
        return port_of(one), port_of(two)


@pytest.fixture
def start(tmp_path: Path, ports: tuple[int, int]) -> Iterator[Start]:
    """Starts a program as a container does, in a folder of its own."""
    started = []

    def run(
        program: str = SERVICE, service: str = "slow", **environment: str
    ) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", program, service, *map(str, ports)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(client: socket.socket, path: str, port: int) -> None:
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_has_begun_is_answered_before_it_ends(
    start: Start, ports: tuple[int, int], tmp_path: Path, number: signal.Signals
) -> None:
    process = start()
    until(lambda: answers(ports[0]))
    with socket.socket() as client:
        ask(client, "/slow", ports[0])
        until((tmp_path / "begun").exists)
        process.send_signal(number)
        until(lambda: not answers(ports[0]))
        (tmp_path / "go-on").touch()
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert process.wait(10) == 0


def test_what_does_not_end_is_not_waited_for(
    start: Start, ports: tuple[int, int], tmp_path: Path
) -> None:
    process = start()
    until(lambda: answers(ports[0]))
    with socket.socket() as client:
        ask(client, "/slow", ports[0])
        until((tmp_path / "begun").exists)
        process.terminate()
        assert process.wait(10) == 0


def test_signal_while_it_still_imports_is_heard(start: Start, tmp_path: Path) -> None:
    package = tmp_path / "services_that_hang.py"
    package.write_text("import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(60)\n")
    hang = "from services import server\n"
    hang += "server.importlib.import_module = lambda _: __import__('services_that_hang')\n"
    process = start(hang + "server.main()", PYTHONPATH=f"{tmp_path}:{ROOT}")
    until((tmp_path / "begun").exists)
    process.terminate()
    assert process.wait(10) == 0


def test_second_port_has_tls_and_the_application_starts_once(
    start: Start, ports: tuple[int, int], tmp_path: Path
) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    leaf.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "certificate.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    start(TLS_FOLDER=str(tmp_path))
    until(lambda: answers(ports[1]))
    plain = httpx.get(f"http://127.0.0.1:{ports[0]}/starts")
    trusting = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    with httpx.Client(verify=trusting) as client:
        sealed = client.get(f"https://localhost:{ports[1]}/starts")
    assert (plain.text, sealed.text) == ("1", "1")


def test_missing_setting_is_one_line_that_names_it(start: Start) -> None:
    process = start("from services import server; server.main()", "frontend", ENVIRONMENT="dev")
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert told.splitlines() == [
        "cannot start: RELEASE_ID: is missing; AUTH_URL: is missing; API_URL: is missing"
    ]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"INSTANCE_ID": "mine", "FLY_MACHINE_ID": "fly"}, "mine"),
        ({"INSTANCE_ID": "", "FLY_MACHINE_ID": "fly"}, "fly"),
        ({}, socket.gethostname()),
    ],
)
def test_an_instance_has_a_name_of_its_own(environment: dict[str, str], expected: str) -> None:
    assert instance_id(environment) == expected
