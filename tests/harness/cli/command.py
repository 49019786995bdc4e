"""The command as a process of its own, and a small system for it to look at."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from tests.harness.server import Answer, Handler, healthy, serving

ROOT = Path(__file__).parents[3]
LIMIT_S = 60


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@asynccontextmanager
async def started(
    folder: Path,
    *arguments: str,
    out: int = asyncio.subprocess.PIPE,
    prepare: Callable[[], None] | None = None,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, running; killed on leaving if it still does.

    Args:
        out: Where its output goes.
        prepare: Called in the new process before it becomes the command.
        variables: Set for it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "harness",
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GITHUB_ACTIONS": "true", **(variables or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=out,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=prepare,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def finished(process: asyncio.subprocess.Process, limit_s: float = LIMIT_S) -> Done:
    out, err = await asyncio.wait_for(process.communicate(), limit_s)
    return Done(process.returncode or 0, (out or b"").decode(), err.decode())


def keyarc_verify(
    folder: Path,
    *arguments: str,
    prepare: Callable[[], None] | None = None,
    variables: Mapping[str, str] | None = None,
    limit_s: float = LIMIT_S,
) -> Done:
    async def run() -> Done:
        async with started(folder, *arguments, prepare=prepare, variables=variables) as process:
            return await finished(process, limit_s)

    return asyncio.run(run())


def write_environment(folder: Path, url: str, *, suites: str = "[]", more: str = "") -> None:
    """`some.yaml`, with one service `a`."""
    (folder / "some.yaml").write_text(
        f"name: some\nsuites: {suites}\n{more}\nservices:\n"
        f"  a: {{url: '{url}', depends_on: [db], release: {{from: none}}}}\n"
    )


def smoke(
    folder: Path,
    handler: Handler,
    *options: str,
    more: str = "",
    tls: ssl.SSLContext | None = None,
) -> Done:
    """`smoke` of a system that answers so; its evidence is in `run`."""

    async def run() -> Done:
        async with serving(handler, tls=tls) as server:
            write_environment(folder, server.url, more=more)
            arguments = ("smoke", "--env", "some.yaml", "--output", "run", *options)
            async with started(folder, *arguments) as process:
                return await finished(process)

    return asyncio.run(run())


def good(seen: object) -> Answer:
    return _dated(healthy({"db": "pass"}))


def bad(seen: object) -> Answer:
    return _dated(healthy({"db": "fail"}))


def _dated(answer: Answer) -> Answer:
    answer.headers["date"] = formatdate(usegmt=True)
    return answer
