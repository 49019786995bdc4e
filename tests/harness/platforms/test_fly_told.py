"""The same image is a part of many releases: each machine is told which one it is of now."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
import yaml

from harness.deployment import Vector
from harness.errors import PlatformError
from harness.ledger import Entry, Event
from harness.ledger.file import open_ledger
from harness.platforms._fly_standin import Lie, serving
from tests.harness.cli.command import Done, finished, started
from tests.harness.platforms.flying import APPS, NEW, OLD, Flying, flyctl, memory, over, vector
from tests.harness.server import Answer, Seen
from tests.harness.server import serving as serving_http

WEB, API = APPS["web"], APPS["api"]
VARIABLE = "RELEASE_ID"
DONE, HOLD = 0, 20
HEADERS = {"content-type": "application/health+json", "cache-control": "no-store"}


def of(release: str, digest: str = OLD) -> Vector:
    return {name: replace(one, release=release) for name, one in vector(digest).items()}


def deployed(flying: Flying) -> None:
    """Of release r2 only `web` is new; `api` has the image that it had in r1."""
    flying.memory.deploy(WEB, NEW, RELEASE_ID="r2")
    flying.memory.deploy(API, OLD, RELEASE_ID="r2")


def told(flying: Flying, app: str) -> set[str | None]:
    return {one.env.get(VARIABLE) for one in flying.memory.machines(app) or ()}


def test_what_runs_is_told_with_its_release(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        deployed(flying)
        fly = flying.fly(release_variable=VARIABLE)
        state = await fly.identify()
        assert {"r2"} == state.releases
        assert set() == (await flying.fly().identify()).releases
        assert {"web": NEW, "api": OLD} == {
            name: one.identity for name, one in (state.whole or {}).items()
        }
        # Of a target that does not tell its release the images alone are compared.
        assert [] == await fly.confirm({**vector(OLD), "web": vector(NEW)["web"]})

    over(tmp_path, claim)


def test_an_unchanged_image_is_told_the_release_that_comes_back(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        deployed(flying)
        fly = flying.fly(release_variable=VARIABLE)
        assert [f"api: 2 of 2 machines have {VARIABLE}=r2, not r1"] == [
            line for line in await fly.confirm(of("r1")) if line.startswith("api")
        ]
        await fly.roll_back(of("r1"))
        assert [] == await fly.confirm(of("r1"))
        assert ({"r1"}, {"r1"}) == (told(flying, WEB), told(flying, API))
        releases = flying.memory.releases(API)[-1].version
        await fly.roll_back(of("r1"))
        assert releases == flying.memory.releases(API)[-1].version

    over(tmp_path, claim)


def test_a_machine_that_was_not_told_is_seen(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        deployed(flying)
        flying.standin.lies[API] = Lie.HALF
        fly = flying.fly(release_variable=VARIABLE)
        await fly.roll_back(of("r1"))
        line = f"api: 1 of 2 machines have {VARIABLE}=r2, not r1"
        assert line in await fly.confirm(of("r1"))

    over(tmp_path, claim)


def test_a_target_of_no_known_release_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        fly = flying.fly(release_variable=VARIABLE)
        line = f"web: of which release it was is not known, to be told by {VARIABLE}"
        assert line in await fly.obtainable(vector(OLD))
        with pytest.raises(PlatformError, match=line):
            await fly.roll_back(vector(OLD))
        assert [] == flying.standin.asked

    over(tmp_path, claim)


@pytest.mark.parametrize(
    ("settings", "code", "action"),
    [
        ({"release_variable": VARIABLE}, DONE, "rolled_back_verified: r1"),
        ({}, HOLD, "rollback_failed: r1"),
    ],
)
def test_services_that_still_report_the_release_that_was_left_fail_the_rollback(
    tmp_path: Path, settings: dict[str, str], code: int, action: str
) -> None:
    """What they report is what their machines are told; nobody asks an image."""
    kept = memory()

    def reporting(app: str) -> Callable[[Seen], Answer]:
        def handle(seen: Seen) -> Answer:
            one = (kept.machines(app) or ())[0]
            body = {
                "status": "pass",
                "releaseId": one.env.get(VARIABLE, "none"),
                "instanceId": one.id,
            }
            return Answer(body=json.dumps(body).encode(), headers=HEADERS | {"date": formatdate()})

        return handle

    async def run() -> Done:
        async with (
            serving(kept) as (url, standin),
            serving_http(reporting(WEB)) as web,
            serving_http(reporting(API)) as api,
        ):
            deployed(Flying(tmp_path, url, kept, standin))
            declare(tmp_path, {"web": web.url, "api": api.url}, {"api": url, **settings})
            words = ("rollback", "--env", "some.yaml", "--release", "r2", "--ready-timeout", "2s")
            async with started(tmp_path, *words) as process:
                return await finished(process)

    done = asyncio.run(run())
    assert (code, f"action   {action}") == (done.code, done.out.splitlines()[0]), done


def declare(folder: Path, urls: dict[str, str], settings: dict[str, str]) -> None:
    """`some.yaml`, an environment where r1 has earned GO, noted by its images alone."""
    given = {"program": flyctl(folder), "smoke_checks": "no", **settings}
    tree = {
        "name": "some",
        "services": {name: {"url": url} for name, url in urls.items()},
        "platform": {"name": "fly", "apps": APPS, "settings": given},
    }
    (folder / "some.yaml").write_text(yaml.safe_dump(tree))
    at = "2027-01-01T00:00:00.000Z"
    go = Entry(event=Event.GO, environment="some", release="r1", at=at, vector=vector(OLD))
    open_ledger({"path": str(folder / ".keyarc-verify" / "ledger")}, "some").append(go)
