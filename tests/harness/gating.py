"""A system of two services that say which release they run, and a platform that is kept in memory.

The services are real servers. The platform, its lies and the ledger are stand-ins: the real ones
have tests of their own.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.check import Check
from harness.deployment import Artifact, Running, State, Vector
from harness.environment import Environment
from harness.errors import ContractViolation, LedgerError, PlatformError
from harness.gate import Gate, verified
from harness.ledger import Entry, Event
from harness.model import RunRecord
from harness.phase import Checks, Limited
from harness.plan import plan_of
from harness.readiness import Ready
from harness.records import RunDirectory
from harness.target import Target
from harness.verification import Verification
from tests.harness.server import Answer, Seen, serving
from tests.harness.verifying import environment, resources_of

SERVICES = ("auth", "gateway")


def vector(release: str) -> dict[str, Artifact]:
    return {name: artifact(name, release) for name in SERVICES}


def artifact(name: str, release: str) -> Artifact:
    return Artifact(identity=f"sha256:{name}-{release}", release=release)


@dataclass
class MemoryLedger:
    """A ledger as a list; `broken` refuses what is next to be written."""

    kept: list[Entry] = field(default_factory=list)
    broken: Event | None = None
    unreadable: bool = False

    def entries(self) -> list[Entry]:
        if self.unreadable:
            raise LedgerError("line 3 of the ledger is no entry")
        return list(self.kept)

    def append(self, entry: Entry) -> None:
        if entry.event is self.broken:
            raise LedgerError("the disk is full")
        self.kept.append(entry)

    def events(self) -> list[str]:
        return [f"{entry.event} {entry.release}" for entry in self.kept]

    def good(self, release: str, **more: Any) -> None:
        """A GO that was earned before."""
        entry = Entry(
            event=Event.GO,
            environment="test",
            release=release,
            at="2026-01-01T00:00:00.000Z",
            vector=vector(release),
        )
        self.kept.append(replace(entry, **more))


@dataclass
class MemoryPlatform:
    """Runs artifacts by name; each lie is one that real platforms tell."""

    running: dict[str, list[Artifact]]
    serial: int = 1
    pruned: bool = False
    does_nothing: bool = False
    stops_half_way: bool = False
    fails: bool = False
    hangs: bool = False
    unreachable: bool = False
    changing: tuple[str, ...] = ()
    asked: list[Vector] = field(default_factory=list)
    on_asked: Callable[[], object] = lambda: None

    def deploy(self, release: str) -> None:
        self.serial += 1
        self.running = {name: [artifact(name, release)] for name in SERVICES}

    async def identify(self) -> State:
        if self.unreachable:
            raise PlatformError("the platform does not answer")
        return State(
            services={
                name: Running(
                    artifacts=tuple(artifacts),
                    serial=str(self.serial),
                    changing=name in self.changing,
                )
                for name, artifacts in self.running.items()
            }
        )

    async def list(self) -> Mapping[str, tuple[Artifact, ...]]:
        return {}

    async def obtainable(self, target: Vector) -> Sequence[str]:
        return ["the image is gone"] if self.pruned else []

    async def roll_back(self, target: Vector) -> None:
        self.asked.append(target)
        self.on_asked()
        if self.fails:
            raise PlatformError("the tool ended with 1")
        if self.does_nothing:
            return
        self.serial += 1
        names = list(target)[:1] if self.stops_half_way else target
        for name in names:
            self.running[name] = [target[name]]

    async def wait(self) -> None:
        if self.hangs and self.asked:
            raise PlatformError("an operation is still under way after 300 s")

    async def confirm(self, target: Vector) -> Sequence[str]:
        return (await self.identify()).differences(target)


@dataclass
class Story:
    """A system, its platform and its ledger.

    Attributes:
        bad: Releases in which the check of the system fails.
        down: Whether every health answer says that postgres is down.
        on_health: Called when a service is asked for its health.
        checks: Further ones, with the resources that they need.
    """

    environment: Environment
    directory: Path
    platform: MemoryPlatform
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    bad: set[str] = field(default_factory=set)
    down: bool = False
    on_health: Callable[[], object] = lambda: None
    checks: list[Check] = field(default_factory=list)
    resources: list[Any] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    runs: int = 0

    def gate(self, release: str, *, roll_back: bool = True, **options: Any) -> Gate:
        self.runs += 1
        directory = self.directory / f"run-{self.runs}"
        options.setdefault("platform", self.platform)
        verification = self.verification(release, directory)
        verification.early = True
        return Gate(
            verification=verification,
            release=release,
            ledger=self.ledger,
            roll_back=roll_back,
            verify=lambda target: self.verify(target, directory / "rollback"),
            progress=self.progress.append,
            **options,
        )

    def verification(self, release: str, directory: Path, ready_s: float = 0.5) -> Verification:
        planned = plan_of(
            self.environment, [self.check(), *self.checks], resources=resources_of(*self.resources)
        )
        ready = Ready(self.environment, ready_s)
        return Verification(
            plan=replace(planned, declared=(*ready.declared, *planned.declared)),
            environment=self.environment,
            directory=RunDirectory(directory),
            run_id=directory.name,
            release=release,
            phases=(ready, Limited("verification", Checks(), 20.0)),
        )

    async def verify(self, release: str, directory: Path) -> Sequence[str]:
        return verified(await self.verification(release, directory).run())

    async def run(self, release: str, **options: Any) -> RunRecord:
        return await self.gate(release, **options).run()

    def check(self) -> Check:
        async def works(target: Target) -> None:
            """It does its work."""
            answer = await target.get("/work", expect=200)
            if answer.json()["release"] in self.bad:
                raise ContractViolation("it does not work", expected="work", came="none")

        return Check(id="release.works", service="auth", function=works)

    def answer(self, name: str, seen: Seen) -> Answer:
        artifacts = self.platform.running[name]
        release = artifacts[0].release if artifacts else None
        if release is None:
            return Answer(status=503)
        if seen.path == "/work":
            return Answer(body=json.dumps({"release": release}).encode())
        self.on_health()
        status = "fail" if self.down else "pass"
        body = {
            "status": status,
            "releaseId": release,
            "instanceId": f"{name}-1",
            "checks": {"postgres:responseTime": [{"status": status}]},
        }
        return Answer(status=503 if self.down else 200, body=json.dumps(body).encode())


@asynccontextmanager
async def told(directory: Path, release: str = "r1", **more: Any) -> AsyncIterator[Story]:
    """A system on which a release was just deployed."""
    platform = MemoryPlatform({name: [artifact(name, release)] for name in SERVICES})
    story: Story | None = None

    def handler(name: str) -> Callable[[Seen], Answer]:
        def handle(seen: Seen) -> Answer:
            assert story is not None, "there is a story before the first request"
            return story.answer(name, seen)

        return handle

    async with serving(handler("auth")) as auth, serving(handler("gateway")) as gateway:
        services = {
            "auth": {"url": auth.url, "depends_on": ["postgres"]},
            "gateway": {"url": gateway.url, "depends_on": ["postgres"]},
        }
        where = environment(services).model_copy(update=more)
        story = Story(environment=where, directory=directory, platform=platform)
        yield story


def in_story(directory: Path, act: Callable[[Story], Any], **options: Any) -> Any:
    """Runs a coroutine function with a story, and gives what it returns."""

    async def inside() -> Any:
        async with told(directory, **options) as story:
            return await act(story)

    return asyncio.run(inside())
