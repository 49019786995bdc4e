"""The supervisor's control socket, and who may say what on it."""

import json
import socket
import stat
from pathlib import Path

import pytest

from harness.errors import StackError, UsageError
from harness.stack import control
from tests.harness.stack.conftest import Sandbox
from tests.harness.stack.shop import Shop


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = Shop(sandbox)
    shop.declare()
    return shop


def said(shop: Shop, line: bytes) -> dict[str, object]:
    """What the supervisor answers to a line."""
    with socket.socket(socket.AF_UNIX) as end:
        with control.address(shop.sandbox.state.control) as short:
            end.connect(short)
        end.sendall(line + b"\n")
        answer: dict[str, object] = json.loads(end.makefile().readline())
    return answer


@pytest.mark.parametrize("deep", [False, True])
def test_a_stack_is_deployed_to_however_deep_its_directory_is(tmp_path: Path, deep: bool) -> None:
    path = tmp_path.joinpath(*["deep" * 10] * 5) if deep else tmp_path
    path.mkdir(parents=True, exist_ok=True)
    shop = Shop(Sandbox(path))
    shop.declare()
    try:
        shop.up()
        assert shop.deploy("v2", "--from", str(shop.write("v2"))).code == 0
        assert shop.status()["release"] == "v2"
    finally:
        shop.sandbox.down()
    assert shop.sandbox.left() == []


def test_it_is_for_the_owner_alone(shop: Shop) -> None:
    shop.up()
    assert stat.S_IMODE(shop.sandbox.state.path.stat().st_mode) == 0o700
    assert stat.S_ISSOCK(shop.sandbox.state.control.stat().st_mode)


NONSENSE = [
    b"",
    b"nonsense",
    b"[]",
    b'"status"',
    b"{}",
    b'{"do": "dance"}',
    b'{"do": "replace"}',
    b'{"do": "replace", "release": "a b", "services": {"one": "x"}, "migrate": false}',
    b'{"do": "replace", "release": "v2", "services": {}, "migrate": false}',
    b'{"do": "stop", "service": "one"}',
    b'{"do": "start", "service": "one", "settings": [], "delay_s": 0}',
    b'{"do": "start", "service": "one", "settings": {"A": 1}, "delay_s": 0}',
    b'{"do": "start", "service": "one", "settings": {}, "delay_s": -1}',
    b'{"do": "start", "service": "one", "settings": {}, "delay_s": "soon"}',
    b"\xff\xfe",
    b"[" * 100_000,
]


def test_nonsense_is_refused_and_changes_nothing(shop: Shop) -> None:
    shop.up()
    before = shop.status()
    answers = [said(shop, line) for line in NONSENSE]
    assert [(answer["event"], answer["code"]) for answer in answers] == [("failed", 2)] * len(
        NONSENSE
    )
    assert shop.status() == before


@pytest.mark.parametrize(
    ("release", "services", "told"),
    [
        ("v1", {"one": "sha256:0"}, "no such files are stored"),
        ("v1", {"nobody": "sha256:0"}, "nobody is not deployed here; there are two, one"),
    ],
)
def test_what_is_not_known_is_told(
    shop: Shop, release: str, services: dict[str, str], told: str
) -> None:
    shop.up()
    before = shop.status()
    with pytest.raises(UsageError, match=told):
        control.replace(
            shop.sandbox.state.path, release, services, migrate=False, progress=lambda _: None
        )
    assert shop.status() == before


def test_who_says_nothing_holds_nobody_up(shop: Shop) -> None:
    shop.up()
    with socket.socket(socket.AF_UNIX) as silent:
        with control.address(shop.sandbox.state.control) as short:
            silent.connect(short)
        silent.sendall(b'{"do": ')
        assert shop.status()["replacing"] is None


def test_every_deployment_has_a_serial_of_its_own(shop: Shop) -> None:
    shop.up()
    serials = [shop.status()["serial"]]
    for release in ("v2", "v1"):
        source = ["--from", str(shop.write(release))] if release == "v2" else []
        assert shop.deploy(release, *source).code == 0
        serials.append(shop.status()["serial"])
    assert len(set(serials)) == 3
    # Nothing is replaced: nothing was deployed.
    assert shop.deploy("v1").code == 0
    assert shop.status()["serial"] == serials[-1]


def test_where_nothing_is_up_nobody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no stack is up in"):
        control.status(tmp_path)
