"""The rig of `compose`: a real project; in front of docker, where it is to lie, a script."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.deployment import Vector
from harness.platforms import Platform
from tests.harness.platforms.composing import (
    BAD,
    GOOD,
    LIMIT_S,
    SERVICES,
    Project,
    docker,
    project,
)
from tests.harness.platforms.contract import Ill

LIMITS_S = {Ill.HANGS: 0.5, Ill.BUSY: 3.0}
LIES = {
    Ill.DOES_NOTHING: 'case " $* " in *" up "*) exit 0 ;; esac',
    Ill.HALF: 'case " $* " in *" up "*" web ") exit 0 ;; esac',
    Ill.FAILS: 'case " $* " in *" up "*) echo "not today" >&2; exit 1 ;; esac',
    Ill.HANGS: "exec sleep 3600",
    Ill.RUBBISH: "echo many; exit 0",
    Ill.EMPTY: "exit 0",
    Ill.UNREACHABLE: "export DOCKER_HOST=unix:///nowhere.sock",
}
# Starts for ever.
BUSY = """services: {web: {healthcheck: {test: ["CMD", "false"], start_period: 1h}}}"""


def in_front(folder: Path, lie: str) -> str:
    """A stand-in for docker that lies, and is the real one in all else."""
    file = folder / "docker"
    real = shutil.which("docker")
    truth = f'[ "$1 $2" != "compose version" ] || exec {real} "$@"'
    file.write_text(f'#!/bin/sh\n# A stand-in that lies.\n{truth}\n{lie}\nexec {real} "$@"\n')
    file.chmod(0o700)
    return str(file)


@dataclass
class ComposeRig:
    """The platform, and the project behind it."""

    project: Project
    platform: Platform
    good: Vector
    bad: Vector
    cannot: Mapping[Ill, str]

    async def falls_ill(self, how: Ill) -> None:
        project = self.project
        given = {"program": in_front(project.folder, LIES[how])} if how in LIES else {}
        if how is Ill.PRUNED:
            docker("rmi", project.images[GOOD])
        elif how is Ill.STOPPED:
            project.compose("kill", "web", RELEASE_ID=BAD)
        elif how is Ill.MISSING:
            project.compose("rm", "--stop", "--force", "web", RELEASE_ID=BAD)
        elif how is Ill.BUSY:
            (project.folder / "busy.yaml").write_text(BUSY)
            project.deploy(BAD, "--no-deps", "web", wait=False)
        self.platform = project.platform(limit_s=LIMITS_S.get(how, LIMIT_S), **given)

    async def really(self) -> Mapping[str, tuple[str, ...]]:
        return {service: self.project.seen(service) for service in SERVICES}


@asynccontextmanager
async def rigged(folder: Path) -> AsyncIterator[ComposeRig]:
    with project(folder) as shop:
        shop.build(GOOD)
        shop.build(BAD)
        shop.deploy(BAD, "--no-deps", *SERVICES)
        yield ComposeRig(
            project=shop,
            platform=shop.platform(),
            good=shop.vector(GOOD),
            bad=shop.vector(BAD),
            cannot={},
        )
