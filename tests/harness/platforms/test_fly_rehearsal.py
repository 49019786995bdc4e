"""`gate --env staging --rehearse`: the file of a deployed environment, Fly's tool, and KeyArc.

Fly itself is stood in for: its API leads to a stack of this machine. So is flyctl, where the real
one cannot be had.
"""

import os
from pathlib import Path

import psutil
import pytest

from harness.environment import find, parse
from harness.stack import control
from tests.harness.platforms.flying import flyctl
from tests.story.site import GOOD, HELD, REFUSED, Site, action_of

ENV = ("--env", "staging", "--rehearse")
SERVICES = ("frontend", "auth", "gateway", "account", "keys")


class Rehearsal(Site):
    """The stack that stands for staging, with flyctl on its PATH."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.state = type(self.state)(path / ".keyarc-verify" / "staging")
        tools = path / "tools"
        tools.mkdir()
        tool = Path(flyctl(tools))
        if tool.parent != tools:
            (tools / "flyctl").symlink_to(tool.resolve())
        self.variables = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}

    def does(self, *words: str) -> str:
        done = self.command(*words, **self.variables)
        assert done.code == GOOD, done
        return done.out

    def judged(self, release: str) -> tuple[int, str, Path]:
        run = self.path / "runs" / release
        words = ("gate", *ENV, "--release", release, "--rollback", "--output", str(run))
        done = self.command(*words, **self.variables)
        return done.code, done.out, run

    def releases(self) -> set[tuple[str, str]]:
        """Which release each instance of each service runs, as the supervisor says it."""
        services = control.status(self.state.path)["services"]
        assert {len(service["instances"]) for service in services.values()} == {2}
        return {(name, i["release"]) for name, s in services.items() for i in s["instances"]}


@pytest.mark.skipif(
    "KEYARC_VERIFY_FLY" not in os.environ, reason="`.ci/fly` runs it, for its length"
)
@pytest.mark.timeout(900)
def test_the_three_verdicts_of_a_rehearsed_gate(tmp_path: Path) -> None:
    site = Rehearsal(tmp_path)
    try:
        site.does("up", *ENV, "--release", "base")
        site.does("deploy", *ENV, "--release", "r1", "--from", str(site.write_good("r1")))
        code, out, run = site.judged("r1")
        assert (code, action_of(run)) == (GOOD, ("GO", "kept", None)), out

        demo = parse(find("local")).demo
        assert demo is not None
        spoilt = site.write("r2", demo.file, demo.find, demo.replace)
        site.does("deploy", *ENV, "--release", "r2", "--from", str(spoilt))
        code, out, run = site.judged("r2")
        assert (code, action_of(run)) == (REFUSED, ("NO_GO", "rolled_back_verified", "r1")), out
        assert site.releases() == {(name, "r1") for name in SERVICES}

        site.does("deploy", *ENV, "--release", "r3", "--from", str(site.write_good("r3")))
        state = site.state.read()
        assert state is not None
        stand_in = next(p["pid"] for p in state["processes"] if p["name"] == "platform")
        psutil.Process(stand_in).kill()
        code, out, run = site.judged("r3")
        assert (code, action_of(run)) == (HELD, ("HOLD", "blocked", None)), out
        assert site.releases() == {(name, "r3") for name in SERVICES}
    finally:
        site.command("down", "--env", "staging", **site.variables)
    assert site.left() == []
