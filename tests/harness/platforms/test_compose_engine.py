"""On a real engine: what a rollback leaves alone, and in what state a bad release leaves it."""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.deployment import Artifact
from harness.errors import PlatformError
from harness.platforms._compose_image import name_of
from tests.harness.platforms.compose_registry import CONFIG, MANIFEST, serving, tiny_image
from tests.harness.platforms.composing import BAD, GOOD, SERVICES, Project, docker, project

SECRET = "hunter2-and-longer"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as made:
        yield made


def test_all_that_is_no_service_of_the_environment_stays(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database, the job that migrates it, and what is no part of the file any more."""
    monkeypatch.setenv("COMPOSE_REMOVE_ORPHANS", "1")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    shop.build(GOOD)
    shop.build(BAD)
    shop.deploy(BAD)
    labels = {"project": shop.name, "service": "old", "oneoff": "False"}
    words = [f"--label=com.docker.compose.{name}={value}" for name, value in labels.items()]
    docker("run", "--detach", *words, "--network=none", shop.images[BAD])
    others = ("db", "migrate", "old")
    before = {name: shop.all(name, "{{.Id}} {{.State.StartedAt}}") for name in others}

    platform = shop.platform()
    asyncio.run(platform.roll_back(shop.vector(GOOD)))
    assert asyncio.run(platform.confirm(shop.vector(GOOD))) == []
    said = [f"rolling back {name} to {shop.images[GOOD][:19]}" for name in ("api", "web")]
    assert shop.said == said
    for name, count in SERVICES.items():
        assert shop.seen(name) == (shop.images[GOOD],) * count
        assert all("RELEASE_ID=r1" in one for one in shop.seen(name, "{{.Config.Env}}"))
    assert {name: shop.all(name, "{{.Id}} {{.State.StartedAt}}") for name in others} == before
    assert [len(each) for each in before.values()] == [1, 1, 1]
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('CMD ["perl", "-e", "sleep 1; exit 3"]', "crash"),
        ('CMD ["/no/such/program"]', "could not be started: "),
        ('HEALTHCHECK --interval=200ms --retries=1 CMD ["false"]', "is unhealthy"),
    ],
)
def test_a_release_that_does_not_get_well_can_be_left(line: str, says: str, shop: Project) -> None:
    """No operation is under way on it, also where compose gave up and left containers unstarted."""
    shop.build(GOOD)
    shop.deploy(GOOD)
    platform = shop.platform(limit_s=90.0)
    target = asyncio.run(platform.identify()).vector
    assert target is not None
    shop.build(BAD, line)
    with pytest.raises(AssertionError, match="'up', '--detach', '--wait'"):
        shop.deploy(BAD)
    asyncio.run(platform.wait())
    told = asyncio.run(platform.confirm(target))
    assert any(one.startswith("api: container ") and says in one for one in told), told
    assert not any("an operation is under way" in one for one in told)
    asyncio.run(platform.roll_back(target))
    assert asyncio.run(platform.confirm(target)) == []


def test_a_restart_is_no_deployment_and_another_number_of_containers_stays(shop: Project) -> None:
    shop.build(GOOD)
    shop.build(BAD)
    shop.deploy(BAD, "--no-deps", "--scale", "api=3", *SERVICES)
    platform = shop.platform()
    before = asyncio.run(platform.identify())
    docker("restart", "--time", "0", *shop.seen("web", "{{.Id}}"))
    asyncio.run(platform.wait())
    after = asyncio.run(platform.identify())
    assert after.services["web"].serial == before.services["web"].serial
    many = ["api: has 3 containers, and 2 are declared"]
    assert asyncio.run(platform.confirm(shop.vector(BAD))) == many
    asyncio.run(platform.roll_back(shop.vector(GOOD)))
    assert asyncio.run(platform.confirm(shop.vector(GOOD))) == many
    back = asyncio.run(platform.identify()).services["web"]
    assert back.serial != before.services["web"].serial


def test_an_unchanged_image_gets_the_release_of_the_target(shop: Project) -> None:
    image = shop.build(GOOD)
    shop.deploy(BAD, "--no-deps", *SERVICES, image=image)
    platform = shop.platform()
    told = asyncio.run(platform.confirm(shop.vector(GOOD)))
    assert told == [f"{name}: RELEASE_ID is r2, not r1" for name in ("api", "web")]
    asyncio.run(platform.roll_back(shop.vector(GOOD)))
    assert asyncio.run(platform.confirm(shop.vector(GOOD))) == []
    assert all("RELEASE_ID=r1" in one for one in shop.seen("web", "{{.Config.Env}}"))


def test_a_cancelled_rollback_ends_what_it_began_first(shop: Project) -> None:
    """Half a change is worse than a whole one."""
    shop.build(GOOD)
    shop.build(BAD)
    shop.deploy(BAD, "--no-deps", *SERVICES)

    before = shop.ids("api")

    async def act() -> None:
        platform = shop.platform()
        rolling = asyncio.create_task(platform.roll_back(shop.vector(GOOD)))
        while shop.ids("api") == before:  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(0.05)
        rolling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await rolling

    asyncio.run(act())
    assert shop.seen("api") == (shop.images[GOOD],) * 2
    assert shop.seen("web") == (shop.images[BAD],)


def test_what_compose_is_not_given_is_told_and_no_secret_with_it(shop: Project) -> None:
    shop.build(GOOD)
    target = shop.vector(GOOD)
    del shop.variables["DB_PASSWORD"]
    shop.set(SHOP_IMAGE=shop.images[GOOD])
    told = asyncio.run(shop.platform().obtainable(target))
    assert told == ["compose.yaml names the variable DB_PASSWORD, and it is not set here"]
    shop.set(DB_PASSWORD="known", API_PORT=SECRET)
    with pytest.raises(PlatformError, match="invalid") as caught:
        asyncio.run(shop.platform().obtainable(target))
    assert SECRET not in str(caught.value)
    shop.set(API_PORT="0")
    assert asyncio.run(shop.platform().obtainable(target)) == []


def test_an_image_that_is_not_here_any_more_is_pulled_by_its_digest(shop: Project) -> None:
    known = tiny_image(shop.name)
    manifest, config = (
        next(digest for digest, (kind, _) in known.items() if kind == wanted)
        for wanted in (MANIFEST, CONFIG)
    )
    with serving(known) as address:
        artifact = Artifact(identity=config, reference=f"{address}/shop@{manifest}")
        try:
            asked = name_of(artifact, shop.platform().docker, 30.0)
            assert asyncio.run(asked) == artifact.reference
            other = replace(artifact, identity=f"sha256:{'f' * 64}")
            with pytest.raises(
                PlatformError, match=r"shop@sha256:\w+ is not the image sha256:ffff"
            ):
                asyncio.run(name_of(other, shop.platform().docker, 30.0))
        finally:
            docker("rmi", artifact.reference)
    with pytest.raises(PlatformError, match="connection refused"):
        asyncio.run(name_of(artifact, shop.platform().docker, 30.0))
