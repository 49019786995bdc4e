"""The rig of `command`: a stand-in for any platform, asked by commands."""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.deployment import Artifact, Vector
from harness.environment import Environment
from harness.platforms import Place, Platform
from harness.platforms.command import connect
from tests.harness.platforms.contract import Ill

STAND_IN = Path(__file__).parent / "stand_ins" / "platform.py"
VERBS = ("identify", "list", "obtainable", "roll_back")
# What hangs is to be given up soon; all else is to have time on a slow machine.
LIMITS_S = {Ill.HANGS: 0.3, Ill.BUSY: 3.0}
LIMIT_S = 20.0


def place(environment: Environment, folder: Path, *, limit_s: float = LIMIT_S) -> Place:
    return Place(
        environment=environment,
        file=folder / "some.yaml",
        references={},
        limit_s=limit_s,
        progress=lambda line: None,
    )


def environment(file: Path) -> Environment:
    command = [sys.executable, "-I", "-S", str(STAND_IN), str(file)]
    return Environment.model_validate(
        {
            "name": "some",
            "services": {name: {"url": f"http://{name}.example"} for name in ("web", "api")},
            "platform": {
                "name": "command",
                "commands": {verb: {"run": [*command, verb]} for verb in VERBS},
            },
        }
    )


def artifacts(identity: str) -> Vector:
    return {
        name: Artifact(identity=identity, reference=f"ref-{identity}") for name in ("web", "api")
    }


@dataclass
class CommandRig:
    """The platform, and the file that its commands read and write."""

    folder: Path
    platform: Platform
    good: Vector
    bad: Vector
    cannot: Mapping[Ill, str]

    @property
    def file(self) -> Path:
        return self.folder / "state.json"

    async def falls_ill(self, how: Ill) -> None:
        state = json.loads(self.file.read_text())
        state["ill"] = how.name
        if how is Ill.PRUNED:
            state["known"].remove("good")
        elif how is Ill.STOPPED:
            state["running"]["web"] = []
        elif how is Ill.MISSING:
            del state["running"]["web"]
        self.file.write_text(json.dumps(state))
        limit_s = LIMITS_S.get(how, LIMIT_S)
        self.platform = connect(place(environment(self.file), self.folder, limit_s=limit_s))

    async def really(self) -> Mapping[str, tuple[str, ...]]:
        running = json.loads(self.file.read_text())["running"]
        return {service: tuple(each) for service, each in running.items()}


@asynccontextmanager
async def rigged(folder: Path) -> AsyncIterator[CommandRig]:
    file = folder / "state.json"
    running = {"web": ["bad", "bad"], "api": ["bad", "bad"]}
    file.write_text(json.dumps({"ill": "", "known": ["bad", "good"], "running": running}))
    yield CommandRig(
        folder=folder,
        platform=connect(place(environment(file), folder)),
        good=artifacts("good"),
        bad=artifacts("bad"),
        cannot={},
    )
