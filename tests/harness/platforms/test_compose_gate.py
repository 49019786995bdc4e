"""All of it real: a stranger's compose project, its releases, and the gate as a command."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from harness.records import ACTION
from tests.harness.cli.command import Done, keyarc_verify
from tests.harness.platforms.composing import BAD, GOOD, Project, project

GO, NO_GO = 0, 10
CRASHING = "r3"
READY = ("--ready-timeout", "5s")


def free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]


def environment(shop: Project, ports: dict[str, int]) -> dict[str, Any]:
    settings = {"project": shop.name, "release_variable": "RELEASE_ID"}
    return {
        "name": "shop",
        "services": {name: {"url": f"http://127.0.0.1:{port}"} for name, port in ports.items()},
        "platform": {"name": "compose", "settings": settings},
    }


def gate(shop: Project, release: str) -> tuple[Done, dict[str, Any]]:
    run = shop.folder / "runs" / release
    words = ("gate", "--env", "shop.yaml", "--release", release, "--rollback", *READY)
    done = keyarc_verify(shop.folder, *words, "--output", str(run))
    assert (run / ACTION).exists(), done
    return done, json.loads((run / ACTION).read_text())


def served(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        return str(json.load(answer)["releaseId"])


@pytest.mark.timeout(300)
def test_a_bad_release_is_rolled_back_and_so_is_one_that_does_not_start(tmp_path: Path) -> None:
    with project(tmp_path) as shop:
        ports = dict(zip(("api", "web"), free_ports(), strict=True))
        shop.set(API_PORT=str(ports["api"]), WEB_PORT=str(ports["web"]), API_REPLICAS="1")
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump(environment(shop, ports)))
        shop.build(GOOD)
        shop.deploy(GOOD)
        done, action = gate(shop, GOOD)
        assert (done.code, action["action"]) == (GO, "kept"), done
        needed = [shop.seen(name, "{{.Id}} {{.State.StartedAt}}") for name in ("db", "migrate")]

        shop.build(BAD, "ENV VERSION=bad")
        shop.deploy(BAD)
        assert {served(port) for port in ports.values()} == {BAD}
        done, action = gate(shop, BAD)
        assert (done.code, action["action"]) == (NO_GO, "rolled_back_verified"), (done, action)
        assert {served(port) for port in ports.values()} == {GOOD}
        assert {*shop.seen("api"), *shop.seen("web")} == {shop.images[GOOD]}

        shop.build(CRASHING, 'CMD ["perl", "-e", "exit 3"]')
        with pytest.raises(AssertionError, match="api"):
            shop.deploy(CRASHING)
        done, action = gate(shop, CRASHING)
        assert (done.code, action["action"]) == (NO_GO, "rolled_back_verified"), (done, action)
        assert {served(port) for port in ports.values()} == {GOOD}
        assert needed == [
            shop.seen(name, "{{.Id}} {{.State.StartedAt}}") for name in ("db", "migrate")
        ]
