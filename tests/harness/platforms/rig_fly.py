"""The rig of `fly`: flyctl, real where there is one, over a stand-in of Fly's API."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.deployment import Vector
from harness.platforms import Platform
from harness.platforms._fly_standin import Lie, serving
from tests.harness.platforms.contract import Ill
from tests.harness.platforms.flying import APPS, LIMIT_S, NEW, OLD, Flying, memory, vector

LIES = {
    Ill.DOES_NOTHING: Lie.IDLE,
    Ill.HALF: Lie.HALF,
    Ill.FAILS: Lie.REFUSED,
    Ill.HANGS: Lie.HANG,
    Ill.RUBBISH: Lie.RUBBISH,
    Ill.EMPTY: Lie.EMPTY,
}
LIMITS_S = {Ill.HANGS: 0.5, Ill.BUSY: 3.0}
NOBODY = "http://127.0.0.1:9"


@dataclass
class FlyRig:
    """The platform, and the stand-in behind it."""

    flying: Flying
    platform: Platform
    good: Vector
    bad: Vector
    cannot: Mapping[Ill, str]

    async def falls_ill(self, how: Ill) -> None:
        flying, web = self.flying, APPS["web"]
        if how in LIES:
            flying.standin.lies |= dict.fromkeys(APPS.values(), LIES[how])
        elif how is Ill.PRUNED:
            flying.memory.prune(web, OLD)
        elif how is Ill.STOPPED:
            flying.memory.remove(web)
        elif how is Ill.MISSING:
            flying.memory.forget(web)
        elif how is Ill.BUSY:
            flying.standin.lease(APPS["web"], flying.machines("web")[0])
        given = {"api": NOBODY} if how is Ill.UNREACHABLE else {}
        self.platform = flying.fly(limit_s=LIMITS_S.get(how, LIMIT_S), **given)

    async def really(self) -> Mapping[str, tuple[str, ...]]:
        return {service: tuple(self.flying.digests(service)) for service in APPS}


@asynccontextmanager
async def rigged(folder: Path) -> AsyncIterator[FlyRig]:
    kept = memory()
    async with serving(kept) as (url, standin):
        flying = Flying(folder=folder, url=url, memory=kept, standin=standin)
        yield FlyRig(
            flying=flying, platform=flying.fly(), good=vector(OLD), bad=vector(NEW), cannot={}
        )
