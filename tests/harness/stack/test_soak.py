"""`up` and `down` again and again, some of them cut short: nothing is ever left.

A few rounds of a small system here; `make soak` takes KeyArc's own through a hundred. What happens
in a round follows from its number, which a failure shows.
"""

import os
import random
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.harness.stack.conftest import APP, Sandbox, until

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "10"))
ENV = os.environ.get("SOAK_ENV", "here.yaml")
KILLED_OF_TEN = 3
SEED = 20
# Some are up by then, most are not.
LAST_KILL_S = 3.0


def fate(round_number: int) -> float | None:
    """When the supervisor of a round is killed, in seconds after its start; None for never."""
    chance = random.Random(SEED * 1000 + round_number)
    is_killed = round_number % 10 in random.Random(SEED + round_number // 10).sample(
        range(10), KILLED_OF_TEN
    )
    return chance.uniform(0, LAST_KILL_S) if is_killed else None


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Sandbox]:
    """Every kind of service, each with something that could be left."""
    sandbox = Sandbox(tmp_path, ENV)
    env = {"DATABASE_URL": "${stack:postgres.url}"}
    services = {
        "one": {"python": {"app": APP}, "env": env},
        "two": {"python": {"app": APP}, "tls": ["localhost"]},
        "three": {"command": ["python3", "-m", "http.server", "${stack:three.port}"]},
    }
    sandbox.declare(postgres={"database": "app"}, services=services, instances=2)
    yield sandbox
    sandbox.down()


@pytest.mark.timeout(60 + 15 * ROUNDS)
def test_nothing_is_left_after_many_rounds(system: Sandbox) -> None:
    for number in range(ROUNDS):
        killed_after_s = fate(number)
        if killed_after_s is None:
            up = system.up()
            assert up.code == 0, (number, up)
        else:
            kill_in_mid_start(system, killed_after_s)
        ports = [
            int(value)
            for key, value in (system.state.references() or {}).items()
            if key.endswith(".port")
        ]
        down = system.down()
        assert (number, down.code, system.left()) == (number, 0, []), down
        assert [port for port in ports if answers(port) and not is_anothers(port)] == []


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_anothers(port: int) -> bool:
    """Whether a process listens there: none of the stack is left, so it was given a free port."""
    return any(
        each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port and each.pid
        for each in psutil.net_connections("tcp")
    )


def kill_in_mid_start(sandbox: Sandbox, after_s: float) -> None:
    """Kills the supervisor at some moment between its first and its last step, or after them."""
    process = sandbox.start("up", "--env", sandbox.env)
    until(lambda: sandbox.state.holder_pid() is not None or process.poll() is not None)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after_s)
    pid = sandbox.state.holder_pid()
    if pid is not None:
        os.kill(pid, 9)
    _, err = process.communicate(timeout=20)
    assert "Traceback" not in err
