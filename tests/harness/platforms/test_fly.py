"""Fly brings exactly the target back, and is believed only after its machines were read again."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest

from harness.deployment import Artifact
from harness.errors import PlatformError
from harness.platforms._fly_standin import Lie, Memory, Release, Wanted
from tests.harness.platforms.flying import (
    APPS,
    NEW,
    OLD,
    Flying,
    executable,
    memory,
    over,
    vector,
)

WEB, API = APPS["web"], APPS["api"]


def test_dependencies_are_rolled_back_first_by_their_digests(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        await flying.fly().roll_back(vector(OLD))
        short = OLD[:19]
        assert [f"rolling back api to {short}", f"rolling back web to {short}"] == flying.said
        images = {flying.memory.releases(app)[-1].image for app in APPS.values()}
        assert {f"registry.fly.io/{app}@{OLD}" for app in APPS.values()} == images

    over(tmp_path, claim)


def test_what_runs_its_target_already_is_left_alone(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        flying.memory.deploy(API, OLD)
        await flying.fly().roll_back(vector(OLD))
        assert 3 == flying.memory.releases(API)[-1].version
        assert [OLD, OLD] == flying.digests("web")

    over(tmp_path, claim)


def test_an_undeclared_app_is_never_touched(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        fly = flying.fly()
        await fly.identify()
        assert [] == await fly.obtainable(vector(OLD))
        await fly.roll_back(vector(OLD))
        await fly.wait()
        paths = [one for one in flying.standin.asked if "/apps/" in one]
        assert paths
        assert {WEB, API} == {path.split("/")[3] for path in paths}
        strange = {**vector(OLD), "other": Artifact(identity=OLD)}
        with pytest.raises(PlatformError, match="other has no app here"):
            await fly.roll_back(strange)

    over(tmp_path, claim)


@pytest.mark.parametrize("lie", [Lie.IDLE, Lie.HALF, Lie.BACK])
def test_a_deployment_that_says_it_succeeded_is_not_believed(lie: Lie, tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        flying.standin.lies[WEB] = lie
        fly = flying.fly()
        await fly.roll_back(vector(OLD))
        await fly.wait()
        told = await fly.confirm(vector(OLD))
        count = 1 if lie is Lie.HALF else 2
        assert f"web: {count} of 2 instances run {NEW[:19]}, not {OLD[:19]}" == told[0]
        assert all(line.startswith("web: ") for line in told)
        assert [OLD, OLD] == flying.digests("api")

    over(tmp_path, claim)


def test_a_failed_deployment_over_an_app_that_is_well_is_no_failure(tmp_path: Path) -> None:
    """As when flyctl loses its line right after the last machine: it has been seen."""

    async def claim(flying: Flying) -> None:
        real = flying.fly().calls.settings.program
        moody = f'#!/bin/sh\n"{real}" "$@"\ncode=$?\n[ "$1" != deploy ] || code=1\nexit $code\n'
        fly = flying.fly(program=executable(tmp_path / "moody", moody))
        await fly.roll_back(vector(OLD))
        assert [] == await fly.confirm(vector(OLD))

    over(tmp_path, claim)


def test_one_app_that_fails_keeps_no_other_from_coming_back(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        flying.standin.lies[API] = Lie.REFUSED
        fly = flying.fly()
        with pytest.raises(PlatformError, match=rf"(?s){API}: .*not possible now"):
            await fly.roll_back(vector(OLD))
        assert ([NEW, NEW], [OLD, OLD]) == (flying.digests("api"), flying.digests("web"))
        assert [] != await fly.confirm(vector(OLD))

    over(tmp_path, claim)


def test_a_pruned_image_is_told_before_anything_is_deployed(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        flying.memory.prune(WEB, OLD)
        fly = flying.fly()
        said = f"web: Fly does not find the image {OLD[:19]} of {WEB} any more"
        assert [said] == await fly.obtainable(vector(OLD))
        assert 2 == flying.memory.releases(WEB)[-1].version
        with pytest.raises(PlatformError, match="could not find image"):
            await fly.roll_back(vector(OLD))
        assert [NEW, NEW] == flying.digests("web")

    over(tmp_path, claim)


def test_an_app_without_machines_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    """flyctl would have nothing to do there, and succeed."""

    async def claim(flying: Flying) -> None:
        flying.memory.remove(WEB)
        fly = flying.fly()
        with pytest.raises(PlatformError, match=f"no machines to roll back: {WEB}"):
            await fly.roll_back(vector(OLD))
        assert [NEW, NEW] == flying.digests("api")
        assert "web does not run" in await fly.confirm(vector(NEW))

    over(tmp_path, claim)


def test_a_deployment_that_hangs_is_ended(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        flying.standin.lies[WEB] = Lie.HANG_IN_DEPLOY
        flying.memory.deploy(API, OLD)
        fly = flying.fly(limit_s=4.0)
        with pytest.raises(PlatformError, match=r"was not over in .* s and has been ended"):
            await fly.roll_back(vector(OLD))
        assert ["web"] == (await fly.identify()).changing

    over(tmp_path, claim)


def test_a_lease_is_an_operation_under_way(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        flying.standin.lease(WEB, flying.machines("web")[1])
        fly = flying.fly()
        assert ["web"] == (await fly.identify()).changing
        assert ["web: an operation is under way"] == await fly.confirm(vector(NEW))

    over(tmp_path, claim)


def test_a_newer_deploy_has_another_serial(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        fly = flying.fly()
        before = await fly.identify()
        flying.memory.deploy(WEB, NEW)
        after = await fly.identify()
        assert ["2", "3"] == [state.services["web"].serial for state in (before, after)]
        assert before.services["api"] == after.services["api"]

    over(tmp_path, claim)


def test_only_complete_releases_are_remembered(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        flying.standin.lies[WEB] = Lie.REFUSED
        fly = flying.fly()
        with pytest.raises(PlatformError):
            await fly.roll_back(vector(OLD))
        assert "failed" == flying.memory.releases(WEB)[-1].status
        listed = await fly.list()
        assert [NEW, OLD] == [artifact.identity for artifact in listed["web"]]
        assert [OLD, NEW, OLD] == [artifact.identity for artifact in listed["api"]]

    over(tmp_path, claim)


def test_a_release_that_is_known_by_a_tag_has_the_digest_of_its_machines(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        for version in (1, 2):
            image = f"registry.fly.io/{WEB}:deployment-{version}"
            flying.memory.record(WEB, Release(version=version, status="complete", image=image))
        listed = await flying.fly().list()
        assert [NEW] == [artifact.identity for artifact in listed["web"]]
        assert [NEW, OLD] == [artifact.identity for artifact in listed["api"]]

    over(tmp_path, claim)


def test_a_cancelled_rollback_ends_what_it_began_first(tmp_path: Path) -> None:
    """Half a change is worse than a whole one."""
    begun, goes_on = asyncio.Event(), asyncio.Event()

    class Slow(Memory):
        async def replace(self, app: str, machines: Collection[str], wanted: Wanted) -> None:
            begun.set()
            await goes_on.wait()
            await super().replace(app, machines, wanted)

    async def claim(flying: Flying) -> None:
        rolling = asyncio.create_task(flying.fly().roll_back(vector(OLD)))
        await begun.wait()
        rolling.cancel()
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await rolling
        assert ([OLD, OLD], [NEW, NEW]) == (flying.digests("api"), flying.digests("web"))

    over(tmp_path, claim, memory(Slow))
