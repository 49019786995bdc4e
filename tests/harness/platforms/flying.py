"""Fly for tests: its real `flyctl` where there is one, else a stand-in; and a stand-in of its API.

The real one is taken from the PATH, or is the file that KEYARC_VERIFY_FLYCTL names.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.deployment import Artifact, Vector
from harness.environment import Environment
from harness.platforms import Place
from harness.platforms._fly_standin import Memory, Standin, serving
from harness.platforms.fly import Fly, connect

STAND_IN = Path(__file__).parent / "stand_ins" / "flyctl.py"
OLD, NEW, OTHER = (f"sha256:{digit * 64}" for digit in "abc")
APPS = {"web": "some-web", "api": "some-api"}
LIMIT_S = 40.0


def real_flyctl() -> str | None:
    """The real one, where there is one."""
    named = os.environ.get("KEYARC_VERIFY_FLYCTL")
    if named:
        assert shutil.which(named), f"KEYARC_VERIFY_FLYCTL names {named}, which cannot be run"
        return named
    return shutil.which("flyctl")


def stand_in_flyctl(folder: Path) -> str:
    """The stand-in as an executable file."""
    return executable(folder / "flyctl", f"#!{sys.executable} -IS\n{STAND_IN.read_text()}")


def flyctl(folder: Path) -> str:
    return real_flyctl() or stand_in_flyctl(folder)


def executable(file: Path, text: str) -> str:
    file.write_text(text)
    file.chmod(0o700)
    return str(file)


def vector(digest: str) -> Vector:
    return {
        name: Artifact(identity=digest, reference=f"registry.fly.io/{app}@{digest}")
        for name, app in APPS.items()
    }


def environment(**settings: str) -> Environment:
    """Two services, of which `web` depends on `api`."""
    services = {name: {"url": f"http://{name}.example"} for name in APPS}
    services["web"]["depends_on"] = ["api"]  # type: ignore[assignment]
    return Environment.model_validate(
        {
            "name": "some",
            "services": services,
            "platform": {"name": "fly", "apps": APPS, "settings": settings},
        }
    )


@dataclass
class Flying:
    """The platform, and what is behind it.

    Attributes:
        url: Where the stand-in of the API answers.
        said: What it told of its progress.
    """

    folder: Path
    url: str
    memory: Memory
    standin: Standin
    said: list[str] = field(default_factory=list)

    def fly(self, *, limit_s: float = LIMIT_S, **settings: str) -> Fly:
        given = {"api": self.url, "program": flyctl(self.folder), "smoke_checks": "no"}
        platform = connect(place(self.folder, self.said, limit_s=limit_s, **given | settings))
        assert isinstance(platform, Fly)
        return platform

    def machines(self, service: str) -> list[str]:
        return [one.id for one in self.memory.machines(APPS[service]) or ()]

    def digests(self, service: str) -> list[str]:
        """What its machines really run."""
        return [one.digest for one in self.memory.machines(APPS[service]) or ()]


def place(
    folder: Path, said: list[str] | None = None, *, limit_s: float = LIMIT_S, **settings: str
) -> Place:
    return Place(
        environment=environment(**settings),
        file=folder / "some.yaml",
        references={},
        limit_s=limit_s,
        progress=(said if said is not None else []).append,
    )


def memory(kind: type[Memory] = Memory) -> Memory:
    """Both apps ran OLD, and run NEW now."""
    kept = kind(dict.fromkeys(APPS.values(), OLD))
    for app in APPS.values():
        kept.deploy(app, NEW)
    return kept


def over(
    folder: Path, claim: Callable[[Flying], Awaitable[None]], kept: Memory | None = None
) -> None:
    """Runs a claim over a Fly where both apps ran OLD and run NEW now, unless told."""

    async def inside() -> None:
        known = memory() if kept is None else kept
        async with serving(known) as (url, standin):
            await claim(Flying(folder=folder, url=url, memory=known, standin=standin))

    asyncio.run(inside())
