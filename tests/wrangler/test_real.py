"""environments/examples/wrangler.yaml, with the real wrangler, against a stand-in of its API.

`.ci/wrangler` installs wrangler and says where it is; elsewhere this is skipped.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from harness.deployment import Artifact, Vector, same
from harness.environment import parse
from harness.errors import PlatformError
from harness.platforms import Platform
from harness.platforms.command import connect
from tests.harness.platforms.rig_command import place
from tests.harness.server import serving
from tests.wrangler.cloudflare import Cloudflare, Worker, version

WHERE = os.environ.get("KEYARC_VERIFY_WRANGLER", "")
EXAMPLE = Path(__file__).parents[2] / "environments" / "examples" / "wrangler.yaml"
APPS = {"web": "shop-web", "api": "shop-api"}
# Node starts slowly, and four of it at a time more slowly.
LIMIT_S = 100.0

pytestmark = [
    pytest.mark.skipif(not WHERE, reason="wrangler is not here; `.ci/wrangler` has it"),
    pytest.mark.timeout(300),
]

Claim = Callable[[Platform, Cloudflare], Awaitable[None]]
Claimed = Callable[[Claim], None]


def whole(number: int) -> Vector:
    return dict.fromkeys(APPS, Artifact(identity=version(number), reference=version(number)))


def split(*shares: tuple[int, int]) -> list[dict[str, object]]:
    return [{"version_id": version(number), "percentage": share} for number, share in shares]


@pytest.fixture
def claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Claimed:
    """Runs a claim where version 2 of each Worker is deployed, and 1 was before."""
    cloudflare = Cloudflare({app: Worker([1, 2], split((2, 100))) for app in APPS.values()})
    monkeypatch.setenv("PATH", f"{WHERE}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "a-token")
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "an-account")
    monkeypatch.setenv("WRANGLER_SEND_METRICS", "false")
    monkeypatch.setenv("WRANGLER_LOG", "none")
    monkeypatch.chdir(tmp_path)

    async def inside(claim: Claim) -> None:
        async with serving(cloudflare.answer) as server:
            monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", f"{server.url}/client/v4")
            platform = connect(place(parse(EXAMPLE), tmp_path, limit_s=LIMIT_S))
            await claim(platform, cloudflare)

    return lambda claim: asyncio.run(inside(claim))


def test_a_bad_version_goes_and_the_good_one_is_back(claimed: Claimed) -> None:
    async def claim(platform: Platform, cloudflare: Cloudflare) -> None:
        before = await platform.identify()
        assert same(before.vector, whole(2))
        listed = await platform.list()
        assert [each.identity for each in listed["web"]] == [version(2), version(1)]
        assert await platform.obtainable(whole(1)) == []
        await platform.roll_back(whole(1))
        await platform.wait()
        assert list(await platform.confirm(whole(1))) == []
        assert [w.deployed for w in cloudflare.workers.values()] == [split((1, 100))] * 2
        serials = {running.serial for running in before.services.values()}
        assert serials.isdisjoint(
            {running.serial for running in (await platform.identify()).services.values()}
        )

    claimed(claim)


def test_a_deployment_that_is_accepted_and_not_made_is_not_believed(claimed: Claimed) -> None:
    async def claim(platform: Platform, cloudflare: Cloudflare) -> None:
        for worker in cloudflare.workers.values():
            worker.lies = True
        await platform.roll_back(whole(1))  # wrangler says SUCCESS and ends with 0
        told = list(await platform.confirm(whole(1)))
        assert [line.partition(":")[0] for line in told] == ["web", "api"]

    claimed(claim)


def test_traffic_that_is_split_is_no_release(claimed: Claimed) -> None:
    async def claim(platform: Platform, cloudflare: Cloudflare) -> None:
        cloudflare.workers["shop-web"].deployed = split((1, 60), (2, 40))
        state = await platform.identify()
        assert state.vector is None
        assert state.services["web"].troubles == ("/versions/*/percentage is 60, not 100",)

    claimed(claim)


def test_a_version_that_is_gone_cannot_be_had(claimed: Claimed) -> None:
    async def claim(platform: Platform, cloudflare: Cloudflare) -> None:
        cloudflare.workers["shop-web"].versions = [2]
        with pytest.raises(PlatformError, match=r"platform\.commands\.obtainable: `wrangler versi"):
            await platform.obtainable(whole(1))

    claimed(claim)


@pytest.mark.parametrize("how", ["down", "rubbish"])
def test_an_api_that_does_not_answer_is_told(claimed: Claimed, how: str) -> None:
    async def claim(platform: Platform, cloudflare: Cloudflare) -> None:
        setattr(cloudflare, how, True)
        for asked in (platform.identify, platform.list):
            with pytest.raises(PlatformError, match="wrangler"):
                await asked()

    claimed(claim)
