"""Single runs of `flyctl` over the stand-in of Fly's API, and what 0.4.87 really did in them.

`python -m tests.harness.platforms.flyctl_runs` records them anew, with the real one.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harness.platforms._fly_standin import Lie, serving
from tests.harness.platforms.flying import APPS, OLD, Flying, memory, real_flyctl

RECORDED = Path(__file__).parent / "recorded" / "flyctl-0.4.87.json"
APP = APPS["web"]
IMAGE = f"registry.fly.io/{APP}@{OLD}"
STATUS = ("status", "-a", APP, "--json", "-c", "/dev/null")
RELEASES = ("releases", "-a", APP, "--json", "-c", "/dev/null")
LEASES = ("machine", "leases", "view", "MACHINE", "-a", APP, "--json", "-c", "/dev/null")
IS_THERE = ("deploy", "NOWHERE", "-a", APP, "--image", IMAGE, "--build-only", "--remote-only")
DEPLOY = (
    *IS_THERE[:6],
    *("--skip-release-command", "--strategy", "rolling", "--deploy-retries", "0", "--remote-only"),
    *("--update-only", "--ha=false", "--no-public-ips", "--dns-checks=false"),
    *("--smoke-checks=false", "--wait-timeout", "3s"),
)
# As environments/deploy.sh has it: an image from elsewhere, the app's fly.toml, migrations.
ELSEWHERE = f"ghcr.io/some/web@{OLD}"
RELEASE = (
    *("deploy", "-a", APP, "-c", "CONFIG", "--image", ELSEWHERE, "--env", "RELEASE_ID=r1"),
    *("--strategy", "rolling", "--deploy-retries", "0", "--remote-only", "--ha=false"),
    *("--no-public-ips", "--dns-checks=false", "--smoke-checks=false"),
)
CONFIG = f"""
app = "{APP}"
[env]
KEPT = "as it is"
RELEASE_ID = "of the file"
[deploy]
release_command = "migrate --all"
wait_timeout = "5m"
[http_service]
internal_port = 8080
[checks.alive]
type = "tcp"
port = 8080
"""


def nothing(flying: Flying) -> None:
    pass


def told_r1(flying: Flying) -> None:
    flying.memory.change(APP, env={"RELEASE_ID": "r1"})


def failing(flying: Flying) -> None:
    flying.memory.release_command_ends_with = 3


def leased(flying: Flying) -> None:
    flying.standin.lease(APP, flying.machines("web")[0])


def lying(lie: Lie) -> Callable[[Flying], None]:
    def arrange(flying: Flying) -> None:
        flying.standin.lies[APP] = lie

    return arrange


RUNS: dict[str, tuple[tuple[str, ...], Callable[[Flying], None]]] = {
    "status": (STATUS, nothing),
    "status with a variable": (STATUS, told_r1),
    "status without machines": (STATUS, lambda flying: flying.memory.remove(APP)),
    "status of no app": (STATUS, lambda flying: flying.memory.forget(APP)),
    "status unauthorised": (STATUS, lying(Lie.UNAUTHORISED)),
    "status of rubbish": (STATUS, lying(Lie.RUBBISH)),
    "status of nothing": (STATUS, lying(Lie.EMPTY)),
    "status without a token": (STATUS, nothing),
    "releases": (RELEASES, nothing),
    "releases of nothing": (RELEASES, lying(Lie.EMPTY)),
    "leases": (LEASES, nothing),
    "leases held": (LEASES, leased),
    "image there": (IS_THERE, nothing),
    "image pruned": (IS_THERE, lambda flying: flying.memory.prune(APP, OLD)),
    "deploy": (DEPLOY, nothing),
    "deploy pruned": (DEPLOY, lambda flying: flying.memory.prune(APP, OLD)),
    "deploy idle": (DEPLOY, lying(Lie.IDLE)),
    "deploy half": (DEPLOY, lying(Lie.HALF)),
    "deploy back": (DEPLOY, lying(Lie.BACK)),
    "deploy refused": (DEPLOY, lying(Lie.REFUSED)),
    "release": (RELEASE, nothing),
    "release not migrated": (RELEASE, failing),
    "release of no image": (RELEASE, lambda flying: flying.memory.prune(APP, OLD)),
    "release looked for": ((*RELEASE, "--build-only"), nothing),
    "deploy with a variable": ((*DEPLOY, "--env", "RELEASE_ID=r1"), nothing),
    "deploy without machines": (DEPLOY, lambda flying: flying.memory.remove(APP)),
}


@dataclass(frozen=True)
class Run:
    """How one run ended, what it asked, and what ran then: digests, what each machine was told, and
    which release commands."""

    code: int
    out: str
    err: str
    asked: list[str]
    digests: list[str]
    told: list[str]
    ran: list[str]

    @property
    def printed(self) -> Any:
        """What it printed, as JSON where it is that."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    @property
    def sure(self) -> list[str]:
        """What it asked, without what depends on chance: leases come side by side, `ps` or not, and
        the logs of a release command are looked for beside it."""
        found: list[str] = []
        for one in self.asked:
            by_chance = "/lease" in one or one.endswith("/ps") or "/logs?" in one
            again = one in found and "/machines" not in one and not one.startswith("PATCH")
            if not by_chance and not (again and self.ran):
                found.append(one)
        return found


def run(name: str, folder: Path, program: str) -> Run:
    """Does one of them."""
    words, arrange = RUNS[name]

    async def inside() -> Run:
        kept = memory()
        async with serving(kept) as (url, standin):
            flying = Flying(folder=folder, url=url, memory=kept, standin=standin)
            machine = flying.machines("web")[0]
            arrange(flying)
            tool = flying.fly(program=program).calls.tool
            env = {**tool.env, "FLY_CONFIG_DIR": str(folder)}
            if name.endswith("without a token"):
                env |= {"FLY_API_TOKEN": "", "FLY_ACCESS_TOKEN": ""}
            (folder / "nowhere").mkdir()
            (folder / "some.toml").write_text(CONFIG)
            known = {"MACHINE": machine, "NOWHERE": str(folder / "nowhere")}
            known["CONFIG"] = str(folder / "some.toml")
            given = [known.get(word, word) for word in words]
            ended = await replace(tool, env=env).run(*given, limit_s=60)
            machines = kept.machines(APP) or ()
            return Run(
                code=ended.code,
                out=ended.out.replace(str(folder), "FOLDER"),
                err=ended.err,
                asked=standin.asked,
                digests=[one.digest for one in machines],
                told=[one.env.get("RELEASE_ID", "") for one in machines],
                ran=[f"{command} of {one.env['RELEASE_ID']}" for _, command, one in kept.ran],
            )

    return asyncio.run(inside())


def recorded(name: str) -> Run:
    return Run(**json.loads(RECORDED.read_text())[name])


def _record() -> None:
    program = real_flyctl()
    assert program, "only the real flyctl is recorded"
    found = {}
    for name in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = asdict(run(name, Path(folder), program))
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{len(found)} runs\n")


if __name__ == "__main__":
    _record()
