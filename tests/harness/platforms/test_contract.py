"""What every platform has to keep, whatever is behind it: `contract.py` tells how one joins."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from harness.deployment import Vector, same
from harness.errors import PlatformError, UsageError
from harness.registry import PLATFORMS
from tests.harness.platforms.contract import Ill, Rig, rigged

every_platform = pytest.mark.parametrize("name", PLATFORMS.names())
SILENT = (Ill.HANGS, Ill.RUBBISH, Ill.EMPTY, Ill.UNREACHABLE)
UNTOLD = (PlatformError, UsageError)


def over(name: str, folder: Path, claim: Callable[[Rig], Awaitable[None]], *ills: Ill) -> None:
    """Runs a claim over the rig of a platform, which has fallen ill first."""

    async def inside() -> None:
        async with rigged(name)(folder) as rig:
            for ill in ills:
                if ill in rig.cannot:
                    pytest.skip(f"{name}: {rig.cannot[ill]}")
                await rig.falls_ill(ill)
            await claim(rig)

    asyncio.run(inside())


async def lines(asked: Awaitable[Sequence[str]]) -> Sequence[str]:
    """What it says; that it cannot tell is a line too."""
    try:
        return await asked
    except UNTOLD as error:
        return [str(error)]


def identities(vector: Vector) -> dict[str, set[str]]:
    return {service: {artifact.identity} for service, artifact in vector.items()}


async def seen(rig: Rig) -> dict[str, set[str]]:
    return {service: set(each) for service, each in (await rig.really()).items()}


@pytest.mark.parametrize("name", ["", *PLATFORMS.names()])
def test_every_platform_has_a_rig(name: str) -> None:
    if name:
        assert callable(rigged(name))
    else:
        with pytest.raises(LookupError, match=r"write tests/harness/platforms/rig_none\.py"):
            rigged("none")


@every_platform
def test_what_runs_is_told(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        first, second = await rig.platform.identify(), await rig.platform.identify()
        assert same(first.vector, rig.bad)
        assert first == second
        assert await seen(rig) == identities(rig.bad)
        assert not same(rig.bad, rig.good)

    over(name, tmp_path, claim)


@every_platform
def test_every_instance_is_seen(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        told = (await rig.platform.identify()).services
        counts = {service: len(running.artifacts) for service, running in told.items()}
        assert counts == {service: len(each) for service, each in (await rig.really()).items()}

    over(name, tmp_path, claim)


@every_platform
def test_a_rollback_brings_exactly_the_target_back(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        assert await rig.platform.obtainable(rig.good) == []
        await rig.platform.roll_back(rig.good)
        await rig.platform.wait()
        assert list(await rig.platform.confirm(rig.good)) == []
        assert await seen(rig) == identities(rig.good)

    over(name, tmp_path, claim)


@every_platform
def test_what_was_told_of_a_release_brings_it_back(name: str, tmp_path: Path) -> None:
    """As the gate does: the vector of the ledger is what `identify` told when it earned GO."""

    async def claim(rig: Rig) -> None:
        before = (await rig.platform.identify()).vector
        assert before is not None
        await rig.platform.roll_back(rig.good)
        await rig.platform.wait()
        await rig.platform.roll_back(before)
        await rig.platform.wait()
        assert list(await rig.platform.confirm(before)) == []
        assert await seen(rig) == identities(rig.bad)

    over(name, tmp_path, claim)


@every_platform
def test_what_does_not_run_is_not_confirmed(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        told = await rig.platform.confirm(rig.good)
        assert all(any(service in line for line in told) for service in rig.good)
        fewer = dict(list(rig.bad.items())[1:])
        assert list(await rig.platform.confirm(fewer)) != []

    over(name, tmp_path, claim)


@every_platform
def test_what_is_remembered_is_newest_first(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        for service, known in (await rig.platform.list()).items():
            order = [artifact.identity for artifact in known]
            if order:
                places = [order.index(v[service].identity) for v in (rig.bad, rig.good)]
                assert places == sorted(places)

    over(name, tmp_path, claim)


@every_platform
@pytest.mark.parametrize("ill", [Ill.DOES_NOTHING, Ill.HALF, Ill.FAILS])
def test_a_rollback_that_lies_is_not_believed(name: str, ill: Ill, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        with suppress(PlatformError):
            await rig.platform.roll_back(rig.good)
        with suppress(PlatformError):
            await rig.platform.wait()
        told = list(await rig.platform.confirm(rig.good))
        assert told != []
        assert await seen(rig) != identities(rig.good)

    over(name, tmp_path, claim, ill)


@every_platform
def test_a_rollback_that_is_refused_is_told(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        with pytest.raises(PlatformError):
            await rig.platform.roll_back(rig.good)

    over(name, tmp_path, claim, Ill.FAILS)


@every_platform
def test_what_is_gone_cannot_be_had(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        assert list(await lines(rig.platform.obtainable(rig.good))) != []

    over(name, tmp_path, claim, Ill.PRUNED)


@every_platform
@pytest.mark.parametrize("ill", [Ill.STOPPED, Ill.MISSING])
def test_a_service_that_is_not_there_is_no_success(name: str, ill: Ill, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        assert list(await lines(rig.platform.confirm(rig.bad))) != []
        with suppress(*UNTOLD):
            assert not same((await rig.platform.identify()).vector, rig.bad)

    over(name, tmp_path, claim, ill)


@every_platform
def test_an_operation_under_way_is_seen_and_not_waited_for_forever(
    name: str, tmp_path: Path
) -> None:
    async def claim(rig: Rig) -> None:
        assert (await rig.platform.identify()).changing != []
        assert list(await rig.platform.confirm(rig.bad)) != []
        with pytest.raises(PlatformError):
            await rig.platform.wait()

    over(name, tmp_path, claim, Ill.BUSY)


@every_platform
@pytest.mark.parametrize("ill", SILENT)
def test_a_platform_that_says_nothing_usable_is_told(name: str, ill: Ill, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        for asked in (rig.platform.identify(), rig.platform.confirm(rig.bad)):
            with pytest.raises(UNTOLD) as caught:
                await asked
            assert str(caught.value)
        assert list(await lines(rig.platform.obtainable(rig.good))) != []

    over(name, tmp_path, claim, ill)


@every_platform
def test_a_rollback_that_hangs_comes_to_an_end(name: str, tmp_path: Path) -> None:
    async def claim(rig: Rig) -> None:
        with pytest.raises(PlatformError):
            await rig.platform.roll_back(rig.good)

    over(name, tmp_path, claim, Ill.HANGS)
