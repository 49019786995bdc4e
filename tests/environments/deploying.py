"""Runs `environments/deploy.sh`, over a stand-in of Fly in the shape of staging."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.ledger import Entry
from harness.ledger.file import open_ledger
from harness.platforms._fly_standin import Machine, Memory, Standin, serving
from tests.environments.flyctl import unplugged
from tests.harness.platforms.flying import executable, flyctl

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "environments" / "deploy.sh"
ORDER = ("auth", "account", "keys", "gateway", "frontend")
APPS = {service: f"keyarc-{service}-staging" for service in ORDER}
OLD, NEW = (f"sha256:{digit * 64}" for digit in "ab")
IMAGES = {service: f"ghcr.io/some/keyarc-{service}@{NEW}" for service in ORDER}
RELEASE = "0123456789abcdef0123456789abcdef01234567"
MIGRATES = "python -m services.migrations.upgrade"
DONE, USAGE, FAILED, INTERRUPTED = 0, 2, 20, 130
LIMIT_S = 90


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def said(self) -> list[str]:
        """What the script said itself."""
        mark = "deploy: "
        lines = self.err.splitlines()
        return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


@asynccontextmanager
async def begun(
    folder: Path, *words: str, variables: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The script, running in a session of its own; killed on leaving if it still does."""
    process = await asyncio.create_subprocess_exec(
        str(SCRIPT),
        *words,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **(variables or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> Done:
    out, err = await asyncio.wait_for(process.communicate(), LIMIT_S)
    return Done(process.returncode or 0, out.decode(), err.decode())


async def deploys(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> Done:
    async with begun(folder, *words, variables=variables) as process:
        return await ended(process)


def images(folder: Path, named: object = IMAGES) -> str:
    """A list of images, as a file."""
    file = folder / "images.json"
    file.write_text(named if isinstance(named, str) else json.dumps(named))
    return str(file)


def staging(folder: Path, **settings: str) -> Path:
    """The real file of staging with its fly.toml files, and a ledger on this machine."""
    shutil.copytree(ROOT / "environments" / "fly" / "staging", folder / "fly" / "staging")
    tree = yaml.safe_load((ROOT / "environments" / "staging.yaml").read_text())
    del tree["ledger"]
    tree["platform"]["settings"] |= settings
    file = folder / "staging.yaml"
    file.write_text(yaml.safe_dump(tree))
    return file


@dataclass
class Fly:
    """Staging, where all services run OLD, and the images of NEW have been pushed."""

    folder: Path
    memory: Memory
    standin: Standin
    variables: dict[str, str]

    async def deploys(self, *options: str, **variables: str) -> Done:
        return await deploys(self.folder, *self.words(*options), variables=self.given(**variables))

    def given(self, **variables: str) -> dict[str, str]:
        return {**self.variables, **variables}

    def words(self, *options: str) -> tuple[str, ...]:
        words = ("--env", "staging.yaml", "--release", RELEASE)
        return (*words, "--images", images(self.folder), *options)

    def machines(self, service: str) -> list[Machine]:
        return list(self.memory.machines(APPS[service]) or ())

    def runs(self) -> dict[str, set[str]]:
        """By service the digests of its machines."""
        return {service: {one.digest for one in self.machines(service)} for service in ORDER}

    @property
    def entries(self) -> list[Entry]:
        ledger = open_ledger({"path": str(self.folder / ".keyarc-verify" / "ledger")}, "staging")
        return ledger.entries()

    @property
    def changed(self) -> list[str]:
        """The apps of which a release was made, in that order."""
        paths = [one.split()[1] for one in self.standin.asked if one.startswith("PATCH ")]
        return list(dict.fromkeys(path.rpartition("/")[2].rpartition(".")[0] for path in paths))


@asynccontextmanager
async def flying(folder: Path, **settings: str) -> AsyncIterator[Fly]:
    """A stand-in of Fly, and flyctl that speaks to it."""
    staging(folder, **settings)
    memory = Memory(dict.fromkeys(APPS.values(), OLD))
    for app in APPS.values():
        memory.push(app, NEW)
    tools = folder / "tools"
    tools.mkdir()
    async with serving(memory) as (url, standin):
        variables = unplugged(folder)
        apis = {name: url for name in variables if name.endswith("_BASE_URL")}
        variables |= {**apis, "FLYCTL": flyctl(tools)}
        yield Fly(folder, memory, standin, variables)


def recording(folder: Path, name: str, text: str = "") -> tuple[str, Path]:
    """A program that writes down how it was called, each call a line of JSON; and that file."""
    calls = folder / f"{name}.calls"
    calls.touch()
    code = (
        "import json, os, sys\n"
        f"calls = open({str(calls)!r}, 'a')\n"
        "print(json.dumps([sys.argv[1:], dict(os.environ)]), file=calls, flush=True)\n"
    )
    return executable(folder / name, f"#!/usr/bin/env -S python3 -IS\n{code}{text}"), calls


def calls_in(file: Path) -> list[tuple[list[str], dict[str, Any]]]:
    return [tuple(json.loads(line)) for line in file.read_text().splitlines()]
