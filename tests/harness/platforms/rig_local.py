"""The rig of `local`: a stack of this machine; in front of its supervisor, where that is to lie, a
stand-in."""

import asyncio
import json
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from harness.deployment import Artifact, Vector
from harness.environment import parse
from harness.platforms import Place, Platform
from harness.platforms.local import Local
from harness.stack import control
from harness.stack.releases import store_of
from tests.harness.platforms.contract import Ill
from tests.harness.stack.conftest import Sandbox, until
from tests.harness.stack.shop import Shop

# What hangs is to be given up soon; all else is to have time on a slow machine.
LIMITS_S = {Ill.HANGS: 0.3, Ill.BUSY: 1.0}
LIMIT_S = 30.0
HANGS = "import time; time.sleep(3600)"


@dataclass
class LocalRig:
    """The platform, and the stack that it asks."""

    shop: Shop
    platform: Platform
    good: Vector
    bad: Vector
    cannot: Mapping[Ill, str]
    in_front: asyncio.Server | None = None

    async def falls_ill(self, how: Ill) -> None:
        state = self.shop.sandbox.state
        store = store_of(state.path)
        if how is Ill.PRUNED:
            shutil.rmtree(store.folder / "v1")
        elif how is Ill.STOPPED:
            for process, service in self._processes():
                if service == "one":
                    process.kill()
            until(lambda: not self.shop.status()["services"]["one"]["instances"])
        elif how is Ill.BUSY:
            hanging = {"shop.py": self.shop.write("hanging", HANGS) / "shop.py"}
            services = {"one": store.take("v3", hanging, "a test").identity}
            asked = {"do": "replace", "release": "v3", "services": services, "migrate": False}
            with connected(state.control) as end:
                end.sendall(json.dumps(asked).encode() + b"\n")
            until(lambda: self.shop.status()["replacing"])
        elif how is Ill.HANGS:
            self.shop.sandbox.supervisor().send_signal(signal.SIGSTOP)
        elif how is Ill.UNREACHABLE:
            state.control.unlink()
        else:
            await self._stand_in_front(how)
        self.platform = platform(self.shop, LIMITS_S.get(how, LIMIT_S))

    async def really(self) -> Mapping[str, tuple[str, ...]]:
        """By the directory that each process is in, and the log that it writes."""
        found: dict[str, list[str]] = {}
        for process, service in self._processes():
            about = Path(process.cwd()).with_name("release.json")
            stored = about.exists() and json.loads(about.read_text())["identity"]
            found.setdefault(service, []).append(stored or self.bad[service].identity)
        return {service: tuple(each) for service, each in found.items()}

    def _processes(self) -> Iterator[tuple[psutil.Process, str]]:
        """The instances, and which service each is one of."""
        for process in self.shop.sandbox.processes():
            log = Path(f"/proc/{process.pid}/fd/1").readlink().stem
            if (service := log.rpartition("-")[0]) in self.good:
                yield process, service

    async def _stand_in_front(self, how: Ill) -> None:
        path = self.shop.sandbox.state.control
        real = path.rename(path.with_name("real"))

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked = json.loads(await reader.readline())
            for event in await asyncio.to_thread(_lying, how, asked, real):
                writer.write(event + b"\n")
            await writer.drain()
            writer.close()

        listening = socket.socket(socket.AF_UNIX)
        with control.address(path) as short:
            listening.bind(short)
        self.in_front = await asyncio.start_unix_server(answer, sock=listening)


def _lying(how: Ill, asked: dict[str, Any], real: Path) -> list[bytes]:
    """What the stand-in says in the supervisor's place."""
    if how is Ill.RUBBISH:
        return [b'{"event": "status", "services": "many"}']
    if how is Ill.EMPTY:
        return []
    done = [b'{"event": "done"}']
    if asked["do"] == "replace" and how is Ill.DOES_NOTHING:
        return done
    if asked["do"] == "replace" and how is Ill.FAILS:
        return [b'{"event": "failed", "text": "not today", "code": 20}']
    if asked["do"] == "replace" and how is Ill.HALF:
        asked["services"] = {"one": asked["services"]["one"]}
    with connected(real) as end:
        end.sendall(json.dumps(asked).encode() + b"\n")
        with end.makefile() as lines:
            told = json.loads(next(line for line in lines if '"progress"' not in line[:20]))
    if how is Ill.MISSING:
        del told["services"]["two"]
    return [json.dumps(told).encode()]


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    """A line to who listens there."""
    with socket.socket(socket.AF_UNIX) as end:
        with control.address(path) as short:
            end.connect(short)
        yield end


def platform(shop: Shop, limit_s: float) -> Platform:
    file = shop.sandbox.file
    place = Place(
        environment=parse(file),
        file=file,
        references={},
        limit_s=limit_s,
        progress=lambda line: None,
    )
    return Local(place, shop.sandbox.state.path)


def vector(identity: str, release: str) -> Vector:
    return dict.fromkeys(("one", "two"), Artifact(identity=identity, release=release))


@asynccontextmanager
async def rigged(folder: Path) -> AsyncIterator[LocalRig]:
    shop = Shop(Sandbox(folder))
    shop.declare(instances=2)
    store = store_of(shop.sandbox.state.path)
    good = store.take("v1", {"shop.py": shop.write("good") / "shop.py"}, "a test").identity
    bad = store.take("v2", {"shop.py": folder / "shop.py"}, "a test").identity
    up = shop.sandbox.up("--release", "v2")
    assert up.code == 0, up
    rig = LocalRig(shop, platform(shop, LIMIT_S), vector(good, "v1"), vector(bad, "v2"), cannot={})
    try:
        yield rig
    finally:
        if rig.in_front:
            rig.in_front.close()
        shop.sandbox.supervisor().send_signal(signal.SIGCONT)
        shop.sandbox.down()
