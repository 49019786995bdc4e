"""A small system on this machine whose releases go good or bad as a test wants it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from harness.ledger import Entry, Event
from harness.ledger.file import FileLedger
from harness.records import ACTION
from harness.stack import control
from tests.harness.stack.conftest import Done, Sandbox

# `SPOILT` names a file: while it is there, the release says that it is not well. While there is one
# whose name goes on with `.waits`, the release does not get ready.
APPLICATION = """
import json, os, time

while os.path.exists(f"{SPOILT}.waits"):
    time.sleep(0.01)

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for part in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{part}.complete"})
        return
    is_well = not os.path.exists(SPOILT)
    body = {
        "status": "pass" if is_well else "fail",
        "releaseId": os.environ["RELEASE_ID"],
        "instanceId": os.environ["INSTANCE_ID"],
    }
    headers = [(b"cache-control", b"no-store"), (b"content-type", b"application/health+json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
"""
ENVIRONMENT = {
    "name": "here",
    "services": {name: {"url": f"${{stack:{name}.url}}"} for name in ("one", "two")},
    "stack": {
        "services": {name: {"python": {"app": "shop:app"}} for name in ("one", "two")},
        "env": {"RELEASE_ID": "${stack:release}", "INSTANCE_ID": "${stack:instance}"},
    },
}
READY = ("--ready-timeout", "10s")


class Shop(Sandbox):
    """The system; `up` starts it as release `v0`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.file.write_text(yaml.safe_dump(ENVIRONMENT))
        self.source("v0").rename(path / "shop.py")

    def source(self, release: str, *, bad: bool = False) -> Path:
        """The file of a release; a bad one is not well from the beginning."""
        spoilt = "." if bad else str(self.spoilt(release))
        file = self.path / f"{release}.py"
        file.write_text(f"SPOILT = {spoilt!r}  # {release}\n{APPLICATION}")
        return file

    def spoilt(self, release: str) -> Path:
        """What spoils a release, once it is there."""
        return self.path / f"{release}.spoilt"

    def deploy(self, release: str, *, bad: bool = False) -> None:
        folder = self.path / "sources" / release
        folder.mkdir(parents=True)
        self.source(release, bad=bad).rename(folder / "shop.py")
        self.again(release, "--from", str(folder))

    def again(self, release: str, *options: str) -> None:
        """Deploys a release that is stored here."""
        done = self.run("deploy", "--env", self.env, "--release", release, *options)
        assert done.code == 0, done

    def gate(self, release: str, *options: str) -> Done:
        words = ("gate", "--env", self.env, "--release", release, *READY)
        return self.run(*words, "--output", f"runs/{release}", *options)

    def rolls_back(self, release: str, *options: str) -> Done:
        return self.gate(release, "--rollback", *options)

    def earns_go(self, release: str) -> None:
        self.deploy(release)
        done = self.gate(release, "--rollback", "--output", f"runs/good-{release}")
        assert done.code == 0, done

    def begin_gate(self, release: str, *options: str) -> "subprocess.Popen[str]":
        words = ("gate", "--env", self.env, "--release", release, *READY)
        return self.start(*words, "--output", f"runs/{release}", *options)

    def back(self, *options: str) -> Done:
        """`rollback`, by hand."""
        return self.run("rollback", "--env", self.env, *READY, *options)

    def runs(self) -> dict[str, set[str]]:
        """By service the releases of what the platform says that it runs."""
        services = control.status(self.state.path)["services"]
        return {
            name: {each["release"] for each in service["instances"]}
            for name, service in services.items()
        }

    def must_run(self, release: str) -> None:
        assert self.runs() == {"one": {release}, "two": {release}}

    @property
    def ledger_file(self) -> Path:
        return self.path / ".keyarc-verify" / "ledger" / "here.jsonl"

    def entries(self) -> list[Entry]:
        return FileLedger(file=self.ledger_file, environment="here").entries()

    def events(self, release: str) -> list[Event]:
        return [entry.event for entry in self.entries() if entry.release == release]

    def good(self) -> str:
        """The last release that earned GO."""
        return next(e.release for e in reversed(self.entries()) if e.event is Event.GO)

    def action(self, run: str) -> dict[str, Any]:
        """What a gate says in its evidence that it did."""
        action: dict[str, Any] = json.loads((self.path / "runs" / run / ACTION).read_text())
        return action


@contextmanager
def shop_up(path: Path) -> Iterator[Shop]:
    shop = Shop(path)
    up = shop.up("--release", "v0")
    try:
        assert up.code == 0, up
        yield shop
    finally:
        shop.down()
        left = shop.left()
        for process in shop.processes():
            process.kill()
    assert left == []
