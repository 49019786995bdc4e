"""The demonstration: real commands, one after the other, and a look at the state they leave.

It believes no command: what serves at the end is read from the platform, and from the services.
"""

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from harness.cli._exits import HOLD
from harness.cli._progress import Progress
from harness.cli._site import Limits, Site, opened
from harness.deployment import shown
from harness.environment import Demo, find, parse
from harness.environment.yaml_tree import read_tree
from harness.errors import StackError, UsageError
from harness.exchange import EvidenceClient
from harness.network import Network
from harness.stack import trees
from harness.stack.state import default_directory
from harness.stack.trees import parts_of
from harness.system import System

NAME = "demo"
GOOD, BAD = "good-1", "bad-2"
_GO, _NO_GO = 0, 10
_COMMAND_LIMIT_S = 120.0


class _Unexpected(StackError):  # noqa: N818  told, not raised to the user
    """A command did not do what the demonstration is about."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One story in an environment of its own, which is removed at its end.

    Args:
        env: The environment whose stack and defect are shown, as the user named it. What is
            started is a copy with a name of its own, so that nothing else is touched.
    """

    env: str

    def run(self) -> int:
        """Tells the story; 0 when it ended as it should, and HOLD when it did not.

        Raises:
            UsageError: The environment has no `demo`, or is in use, or its services are not here.
        """
        file = find(self.env)
        environment = parse(file)
        if environment.demo is None or environment.stack is None:
            raise UsageError(f"{file}: it has no `demo` beside a `stack`, which local.yaml has")
        if default_directory(NAME).exists():
            raise UsageError(
                f"{NAME} is up here: another demonstration goes on, or was killed;"
                f" `keyarc-verify down --env {NAME}.yaml` ends it"
            )
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="keyarc-verify-") as folder:
            story = _Story(environment.demo, _copied(file, Path(folder)), Path(folder) / "bad")
            story.spoil(parts_of(environment).among(Path.cwd()))
            try:
                with story.removed():
                    story.tell()
            except _Unexpected as error:
                typer.echo(f"\n{error}\nThe story did not end as it should.", err=True)
                return HOLD
        typer.echo(f"\nAll of it for real, in {time.monotonic() - began:.0f} s.")
        return _GO


@dataclass(frozen=True, slots=True)
class _Story:
    """What is told. `bad` is where the bad release is made."""

    demo: Demo
    file: Path
    bad: Path

    def tell(self) -> None:
        _say("The system comes up.")
        self._command("up", expected=_GO)
        _say(f"A first release is deployed while the system serves: {GOOD}.")
        self._command("deploy", "--release", GOOD, "--from", ".", expected=_GO)
        _say("At the gate it earns GO. The ledger remembers it: from now on one can go back to it.")
        self._command("gate", "--release", GOOD, "--rollback", expected=_GO)
        _say(f"Then comes {BAD}. {self.demo.about}")
        self._command("deploy", "--release", BAD, "--from", str(self.bad), expected=_GO)
        _say("It is healthy, and it is the release that was deployed. May it stay?")
        self._command("gate", "--release", BAD, "--rollback", expected=_NO_GO)
        _say(f"NO_GO: {GOOD} was brought back, and verified. What serves now is read once more:")
        self._read()

    def _command(self, name: str, *words: str, expected: int) -> None:
        typer.echo(f"  $ keyarc-verify {shlex.join((name, '--env', NAME, *words))}")
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "harness", name, "--env", str(self.file), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_COMMAND_LIMIT_S,
                check=False,
                env={**os.environ, "NO_COLOR": "1"},
            )
        except subprocess.TimeoutExpired:
            raise _Unexpected(f"`{name}` was not over in {_COMMAND_LIMIT_S:g} s") from None
        for line in ended.stdout.splitlines():
            typer.echo(f"    {line}" if line else "")
        if ended.returncode != expected:
            raise _Unexpected(f"`{name}` ended with {ended.returncode}, not {expected}")

    def _read(self) -> None:
        with opened(
            str(self.file),
            "the end of the demonstration",
            release=None,
            rehearse=False,
            limits=Limits(),
            progress=Progress(verbosity=0),
        ) as site:
            artifacts, releases = asyncio.run(_state(site))
        for name, line in artifacts.items():
            typer.echo(f"    {name:<12} {line}")
        typer.echo(f"    instances say that they run: {', '.join(sorted(releases)) or 'nothing'}")
        if releases != {GOOD}:
            raise _Unexpected(f"{GOOD} does not serve alone")

    @contextmanager
    def removed(self) -> Iterator[None]:
        """Afterwards nothing of it is left, but the evidence in reports/runs."""
        from harness.stack import launch

        state = default_directory(NAME)
        try:
            yield
        finally:
            launch.down(state)
            shutil.rmtree(state.parent / "releases" / NAME, ignore_errors=True)
            (state.parent / "ledger" / f"{NAME}.jsonl").unlink(missing_ok=True)
            (state.parent / "gates" / f"{NAME}.lock").unlink(missing_ok=True)

    def spoil(self, sources: trees.Sources) -> None:
        """Makes the bad release: the tree that is here, with the defect in it.

        Raises:
            UsageError: The defect does not fit the tree.
        """
        demo = self.demo
        trees.copy(sources, self.bad)
        file = self.bad / demo.file
        source = file.read_text(encoding="utf-8") if file.is_file() else ""
        if source.count(demo.find) != 1:
            raise UsageError(f"demo.find: it has to stand in {demo.file} exactly once")
        file.write_text(source.replace(demo.find, demo.replace), encoding="utf-8")


def _copied(file: Path, folder: Path) -> Path:
    """The environment under the demonstration's name. JSON is YAML as well."""
    tree, _ = read_tree(file)
    copy = folder / f"{NAME}.yaml"
    assert isinstance(tree, dict), "an environment that was parsed is a mapping"
    copy.write_text(json.dumps({**tree, "name": NAME}), encoding="utf-8")
    return copy


async def _state(site: Site) -> tuple[dict[str, str], set[str]]:
    """By service what the platform says that it runs, and what all instances say of themselves."""
    if site.platform is None:
        raise UsageError("the environment has no platform")
    state = await site.platform.identify()
    client = EvidenceClient(Network.of(site.environment))
    try:
        releases = await System(site.environment, client).releases()
    finally:
        await client.close()
    told = {
        name: " and ".join(
            dict.fromkeys(f"{shown(each.identity)} of {each.release}" for each in running.artifacts)
        )
        for name, running in state.services.items()
    }
    return told, releases


def _say(text: str) -> None:
    typer.echo(f"\n{text}")
