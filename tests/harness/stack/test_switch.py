"""Services that are ended and started by order."""

import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.errors import StackError, UsageError
from harness.stack import control
from tests.harness.stack.conftest import APP, Sandbox, kept, until
from tests.harness.stack.shop import Shop


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with kept(tmp_path_factory.mktemp("stack")) as here:
        env = {"OWN": "1", "KEPT": "1"}
        here.declare(services={"one": {"python": {"app": APP}, "env": env}})
        yield here


@pytest.fixture
def up(stack: Sandbox) -> Sandbox:
    """One stack for all, with its service as it is declared."""
    if not stack.state.is_held():
        assert stack.up().code == 0
    start(stack)
    return stack


def stop(sandbox: Sandbox, *, at_once: bool = True) -> None:
    control.stop(sandbox.state.path, "one", at_once=at_once)


def start(sandbox: Sandbox, **more: Any) -> None:
    control.start(sandbox.state.path, "one", **more)


def about(sandbox: Sandbox, path: str = "") -> dict[str, Any]:
    with urllib.request.urlopen(sandbox.references()["stack:one.url"] + path) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def settings(sandbox: Sandbox) -> dict[str, str]:
    environment: dict[str, str] = about(sandbox)["environment"]
    return {name: environment[name] for name in ("OWN", "KEPT", "MORE") if name in environment}


def connected(sandbox: Sandbox) -> socket.socket:
    port = urlsplit(sandbox.references()["stack:one.url"]).port
    return socket.create_connection(("127.0.0.1", port or 0), timeout=10)


def told(sandbox: Sandbox) -> tuple[int, str]:
    done = sandbox.run("status", "--env", sandbox.env)
    return done.code, done.out


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("is_paused", [True, False])
def test_what_is_stopped_refuses_callers_until_it_is_started(
    up: Sandbox, at_once: bool, is_paused: bool
) -> None:
    before = about(up)["pid"]
    if is_paused:
        os.kill(before, signal.SIGSTOP)
    for _ in range(2):  # Twice is as good.
        stop(up, at_once=at_once)
        with pytest.raises(ConnectionRefusedError):
            connected(up)
    assert control.status(up.state.path)["stopped"] == ["one"]
    assert told(up)[0] == 20
    assert "ended by order" in told(up)[1]
    start(up)
    first = about(up)["pid"]
    start(up)
    assert len({before, first, about(up)["pid"]}) == 3
    assert told(up)[0] == 0
    assert control.status(up.state.path)["stopped"] == []


def test_other_settings_last_until_the_next_start(up: Sandbox) -> None:
    start(up, settings={"OWN": None, "KEPT": "2", "MORE": "${stack:instance} ${stack:one.port}"})
    port = up.references()["stack:one.port"]
    assert settings(up) == {"KEPT": "2", "MORE": f"one-1 {port}"}
    assert control.status(up.state.path)["changed"] == ["one"]
    assert "other settings" in told(up)[1]
    start(up)
    assert settings(up) == {"OWN": "1", "KEPT": "1"}
    assert control.status(up.state.path)["changed"] == []


def test_what_cannot_be_done_ends_nothing(up: Sandbox) -> None:
    pid = about(up)["pid"]
    with pytest.raises(UsageError, match="nobody"):
        start(up, settings={"MORE": "${stack:nobody.url}"})
    with pytest.raises(UsageError, match="no two in this stack; there are one and postgres"):
        control.stop(up.state.path, "two", at_once=True)
    with pytest.raises(UsageError, match="no database"):
        control.start(up.state.path, "postgres")
    assert about(up)["pid"] == pid


def test_one_that_ends_at_its_start_is_seen_and_leaves_nobody_waiting(up: Sandbox) -> None:
    start(up, settings={"CRASH_AT_IMPORT": "1"}, delay_s=0.3)
    with connected(up) as early, suppress(ConnectionResetError):
        assert early.recv(1) == b""
    until(lambda: told(up)[0] == 20)
    assert "exited with 1" in told(up)[1]
    trouble = control.status(up.state.path)["services"]["one"]["troubles"]
    assert trouble == ["one exited with 1"]
    with pytest.raises(ConnectionRefusedError):
        connected(up)
    start(up)
    assert about(up)["pid"]
    assert told(up)[0] == 0


def test_a_late_one_takes_callers_and_answers_after_its_delay(up: Sandbox) -> None:
    start(up, delay_s=0.5)
    began_s = time.monotonic()
    with connected(up) as early:
        early.sendall(b"GET / HTTP/1.1\r\nHost: one\r\n\r\n")
        assert early.recv(12) == b"HTTP/1.1 200"
    assert time.monotonic() - began_s > 0.3


def test_its_end_in_order_waits_for_what_is_in_flight(up: Sandbox) -> None:
    flag = up.path / "one.let-go"
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(about, up, str(flag))
        until(lambda: len(open_connections(up)) == 1)
        ended = pool.submit(stop, up, at_once=False)
        until(lambda: control.status(up.state.path)["stopped"] == ["one"])
        assert not ended.done()
        flag.touch()
        assert answer.result(10)["pid"]
        ended.result(10)


def open_connections(sandbox: Sandbox) -> list[Any]:
    return [
        each
        for process in sandbox.processes()
        for each in process.net_connections()
        if each.status == "ESTABLISHED"
    ]


def test_the_end_of_the_stack_does_not_wait_for_an_order(up: Sandbox) -> None:
    flag = up.path / "two.let-go"
    with ThreadPoolExecutor() as pool:
        answer: Future[Any] = pool.submit(about, up, str(flag))
        until(lambda: len(open_connections(up)) == 1)
        ended = pool.submit(stop, up, at_once=False)
        until(lambda: control.status(up.state.path)["stopped"] == ["one"])
        supervisor = up.supervisor()
        supervisor.terminate()
        flag.touch()
        assert answer.result(10)["pid"]
        with pytest.raises(StackError, match="ended before what was ordered was over"):
            ended.result(10)
    until(lambda: up.left() == [])


def test_what_a_command_has_started_ends_with_it_at_once(sandbox: Sandbox) -> None:
    (sandbox.path / "health").write_text("fine")
    script = "sleep 1000 & exec python3 -m http.server --bind 127.0.0.1 $0"
    sandbox.declare(services={"one": {"command": ["sh", "-c", script, "${stack:one.port}"]}})
    assert sandbox.up().code == 0
    assert "sleep" in {process.name() for process in sandbox.processes()}
    stop(sandbox)
    assert "sleep" not in {process.name() for process in sandbox.processes()}
    with pytest.raises(ConnectionRefusedError):
        connected(sandbox)
    start(sandbox)
    until(lambda: "sleep" in {process.name() for process in sandbox.processes()})


def test_nothing_is_ordered_while_services_are_replaced(sandbox: Sandbox) -> None:
    shop = Shop(sandbox)
    shop.declare()
    shop.up()
    flag = sandbox.path / "let-go"
    waits = (
        f"import pathlib, time\nwhile not pathlib.Path({str(flag)!r}).exists(): time.sleep(0.01)"
    )
    deploying = sandbox.start(
        "deploy", *shop.env, "--release", "v2", "--from", str(shop.write("v2", waits))
    )
    until(lambda: shop.status()["replacing"] == "v2")
    with pytest.raises(StackError, match="a replacement by release v2 is under way"):
        control.stop(sandbox.state.path, "two", at_once=True)
    flag.touch()
    deploying.communicate(timeout=30)
    assert deploying.returncode == 0
    # One that was ended by order runs again once it is deployed.
    control.stop(sandbox.state.path, "two", at_once=True)
    assert shop.deploy("v1").code == 0
    assert shop.status()["stopped"] == []
    assert shop.release("two") == "v1"


def test_orders_at_once_are_carried_out_one_after_the_other(sandbox: Sandbox) -> None:
    shop = Shop(sandbox)
    shop.declare(instances=2)
    shop.up()
    with ThreadPoolExecutor() as pool:
        for name in ["one", "two"] * 3:
            pool.submit(control.stop, sandbox.state.path, name, at_once=True)
    assert shop.status()["stopped"] == ["one", "two"]
    with ThreadPoolExecutor() as pool:
        for name in ["one", "two"] * 3:
            pool.submit(control.start, sandbox.state.path, name)
    assert shop.status()["stopped"] == []
    services = shop.status()["services"]
    assert [len(services[name]["instances"]) for name in ("one", "two")] == [2, 2]
    assert shop.about("one")
    assert shop.about("two")
