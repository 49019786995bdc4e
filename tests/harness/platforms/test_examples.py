"""The worked examples, word for word as they are committed, against stand-ins for their tools."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.deployment import Artifact, Vector, same
from harness.environment import Environment, parse
from harness.errors import PlatformError, UsageError
from harness.platforms import Platform
from harness.platforms.command import connect
from tests.harness.platforms.rig_command import place

EXAMPLES = Path(__file__).parents[3] / "environments" / "examples"
STAND_INS = Path(__file__).parent / "stand_ins"
# Which stand-in plays which tool.
TOOLS = {"helm": "kubernetes", "kubectl": "kubernetes", "argocd": "argocd", "wrangler": "wrangler"}
GOOD, BAD = "sha256:" + "a" * 64, "sha256:" + "b" * 64
V1, V2 = "00000001-0000-4000-8000-000000000000", "00000002-0000-4000-8000-000000000000"


def of_helm() -> dict[str, Any]:
    revisions = [
        {"revision": 7, "image": GOOD, "status": "superseded", "description": "Upgrade complete"},
        {"revision": 8, "image": BAD, "status": "deployed", "description": "Upgrade complete"},
    ]
    return {"revisions": revisions, "pods": [BAD, BAD]}


def of_argocd() -> dict[str, Any]:
    history = [{"id": 4, "image": GOOD}, {"id": 5, "image": BAD}]
    app = {"history": history, "images": [BAD, BAD], "phase": "Succeeded"}
    return {**app, "automated": False, "asked": False}


def of_wrangler() -> dict[str, Any]:
    deployed = [{"version_id": V2, "percentage": 100}]
    return {"versions": [V1, V2], "deployed": deployed, "count": 1}


# By example: one application, and what it is to go back to.
PLANTS: Mapping[str, tuple[Callable[[], dict[str, Any]], Artifact]] = {
    "helm": (of_helm, Artifact(identity=GOOD, reference="7")),
    "argocd": (of_argocd, Artifact(identity=GOOD, reference="4")),
    "wrangler": (of_wrangler, Artifact(identity=V1, reference=V1)),
}
every_example = pytest.mark.parametrize("name", PLANTS)


@dataclass
class Shop:
    """An example, and the file that its tools read and write."""

    name: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "state.json"

    @property
    def environment(self) -> Environment:
        return parse(EXAMPLES / f"{self.name}.yaml")

    @property
    def platform(self) -> Platform:
        return connect(place(self.environment, self.folder))

    @property
    def good(self) -> Vector:
        return dict.fromkeys(("web", "api"), PLANTS[self.name][1])

    def plant(self, ill: str = "", **changes: object) -> None:
        """`changes` are made to the application of `web`."""
        apps = {name: PLANTS[self.name][0]() for name in ("shop-web", "shop-api")}
        apps["shop-web"].update(changes)
        self.file.write_text(json.dumps({"ill": ill, "apps": apps}))


Started = Callable[[str], Shop]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    """Starts an example, with the stand-ins on the PATH and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool, script in TOOLS.items():
        program = f'exec "{sys.executable}" -I -S "{STAND_INS / script}.py" {tool} "$@"'
        (folder / tool).write_text(f"#!/bin/sh\n{program}\n")
        (folder / tool).chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("STAND_IN_FILE", str(tmp_path / "state.json"))
    monkeypatch.delenv("WRANGLER_LOG", raising=False)

    def start(name: str) -> Shop:
        shop = Shop(name, tmp_path)
        shop.plant()
        return shop

    return start


async def brought_back(shop: Shop) -> list[str]:
    """What is told after a rollback, whatever it was: how it ends proves nothing."""
    with suppress(PlatformError):
        await shop.platform.roll_back(shop.good)
        await shop.platform.wait()
    return list(await shop.platform.confirm(shop.good))


def asked(answer: Awaitable[Any]) -> Any:
    async def inside() -> Any:
        return await answer

    return asyncio.run(inside())


def test_every_example_is_tried_here() -> None:
    assert {file.stem for file in EXAMPLES.iterdir()} == set(PLANTS)


@every_example
def test_an_example_can_be_used_and_knows_its_schema(name: str) -> None:
    file = EXAMPLES / f"{name}.yaml"
    assert parse(file).platform is not None
    assert file.read_text().startswith("# yaml-language-server: $schema=../schema.json\n")


@every_example
def test_stand_ins_say_that_they_are(name: str) -> None:
    file = STAND_INS / f"{TOOLS[name]}.py"
    assert file.read_text().startswith('"""A stand-in for ')


@every_example
def test_a_bad_release_goes_and_the_good_one_is_back(name: str, started: Started) -> None:
    shop = started(name)

    async def story() -> None:
        before = await shop.platform.identify()
        assert before.vector is not None
        assert not same(before.vector, shop.good)
        assert await shop.platform.obtainable(shop.good) == []
        await shop.platform.roll_back(shop.good)
        await shop.platform.wait()
        assert list(await shop.platform.confirm(shop.good)) == []
        after = await shop.platform.identify()
        assert same(after.vector, shop.good)
        serials = [[r.serial for r in state.services.values()] for state in (before, after)]
        assert serials[0] != serials[1]
        assert all(serial for each in serials for serial in each)

    asyncio.run(story())


@every_example
def test_what_identify_tells_is_enough_to_come_back(name: str, started: Started) -> None:
    """The reference of the ledger is that of the moment when the release earned GO."""
    shop = started(name)

    async def story() -> None:
        earned = (await shop.platform.identify()).vector
        assert earned is not None
        await shop.platform.roll_back(shop.good)
        await shop.platform.roll_back(earned)
        assert list(await shop.platform.confirm(earned)) == []

    asyncio.run(story())


@every_example
@pytest.mark.parametrize("ill", ["does nothing", "half"])
def test_a_tool_that_exits_with_0_is_not_believed(name: str, ill: str, started: Started) -> None:
    shop = started(name)
    shop.plant(ill)
    told = asked(brought_back(shop))
    assert any(line.startswith("web: ") for line in told)
    assert any(line.startswith("api: ") for line in told)


@every_example
def test_what_the_platform_has_forgotten_is_told(name: str, started: Started) -> None:
    shop = started(name)
    gone = {
        service: Artifact(identity=one.identity, reference="99")
        for service, one in shop.good.items()
    }
    with suppress(PlatformError):  # `versions view` fails, the histories are silent
        assert len(asked(shop.platform.obtainable(gone))) == 2


@every_example
def test_a_missing_tool_is_told_with_its_place(
    name: str, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = started(name)
    monkeypatch.setenv("PATH", str(shop.folder))
    expected = r"is not on the PATH; platform\.commands\.identify\.run needs it: install it, or"
    with pytest.raises(UsageError, match=expected):
        shop.platform  # noqa: B018  connects


def test_helm_forgets_what_is_older_than_ten_revisions(started: Started) -> None:
    shop = started("helm")
    first = of_helm()["revisions"][0]
    later = [{**first, "revision": 8 + count, "image": BAD} for count in range(10)]
    shop.plant(revisions=[first, *later])
    assert asked(shop.platform.obtainable(shop.good)) == ["web: nothing at /*/revision is 7"]


def test_helm_another_deploy_meanwhile_is_no_rollback(started: Started) -> None:
    """The very digests run, and Helm says that they came by an upgrade."""
    shop = started("helm")
    revisions = of_helm()["revisions"]
    revisions[1]["description"] = "Rollback to 7"
    shop.plant(pods=[GOOD], revisions=revisions)
    told = asked(shop.platform.confirm({**shop.good}))
    assert [line for line in told if line.startswith("web: ")] == []
    revisions[1]["description"] = "Upgrade complete"
    shop.plant(pods=[GOOD], revisions=revisions)
    told = asked(shop.platform.confirm({**shop.good}))
    assert "web: /info/description is Upgrade complete, not Rollback to 7" in told


def test_helm_a_pod_on_its_way_out_is_waited_for(started: Started) -> None:
    shop = started("helm")
    shop.plant(leaving=[GOOD])
    state = asked(shop.platform.identify())
    assert state.changing == ["web"]
    assert state.vector is None


def test_helm_a_pod_that_does_not_run_yet_is_no_success(started: Started) -> None:
    shop = started("helm")
    shop.plant(pods=[GOOD, ""])
    told = asked(shop.platform.confirm(shop.good))
    assert "web: 1 of 2 instances do not tell what they run" in told


def test_helm_without_pods_nothing_runs(started: Started) -> None:
    shop = started("helm")
    shop.plant(pods=[])
    assert "web does not run" in asked(shop.platform.confirm(shop.good))


@pytest.mark.parametrize(
    ("status", "changing"),
    [("pending-rollback", ["web"]), ("pending-upgrade", ["web"]), ("failed", [])],
)
def test_helm_a_killed_operation_is_seen(
    status: str, changing: list[str], started: Started
) -> None:
    shop = started("helm")
    revisions = of_helm()["revisions"]
    revisions[1]["status"] = status
    shop.plant(revisions=revisions)
    state = asked(shop.platform.identify())
    assert state.changing == changing
    assert state.services["web"].troubles == (f"/info/status is {status}, not deployed",)


def test_argocd_a_failed_sync_that_exits_with_0_is_not_believed(started: Started) -> None:
    shop = started("argocd")
    shop.plant("fails with 0")
    assert asked(brought_back(shop)) == [
        f"{service}: /status/operationState/phase is Failed, not Succeeded"
        for service in ("web", "api")
    ]


def test_argocd_auto_sync_is_told_before_it_refuses(started: Started) -> None:
    shop = started("argocd")
    shop.plant(automated=True)
    [told] = asked(shop.platform.obtainable(shop.good))
    assert told == "web: something stands at /spec/syncPolicy/automated, and nothing may"


def test_argocd_what_is_asked_for_and_has_not_begun_is_under_way(started: Started) -> None:
    shop = started("argocd")
    shop.plant(asked=True)
    assert asked(shop.platform.identify()).changing == ["web"]


def test_argocd_an_application_without_its_own_image_is_told(started: Started) -> None:
    shop = started("argocd")
    shop.plant(images=[])
    with pytest.raises(
        PlatformError, match=r"identify: `argocd app get shop-web -o json`: `read\.ma"
    ):
        asked(shop.platform.identify())


def test_wrangler_traffic_that_is_split_is_no_release(started: Started) -> None:
    shop = started("wrangler")
    split = [{"version_id": V1, "percentage": 10}, {"version_id": V2, "percentage": 90}]
    shop.plant(deployed=split)
    state = asked(shop.platform.identify())
    assert state.vector is None
    assert len(state.services["web"].artifacts) == 2


def test_wrangler_one_version_at_less_than_all_is_no_success(started: Started) -> None:
    shop = started("wrangler")
    shop.plant(deployed=[{"version_id": V1, "percentage": 40}])
    told = asked(shop.platform.confirm(shop.good))
    assert "web: /versions/*/percentage is 40, not 100" in told


def test_wrangler_lists_the_newest_last_and_is_read_the_other_way(started: Started) -> None:
    listed = asked(started("wrangler").platform.list())
    assert [artifact.identity for artifact in listed["web"]] == [V2, V1]


def test_wrangler_a_silent_caller_does_not_empty_its_json(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = started("wrangler")
    monkeypatch.setenv("WRANGLER_LOG", "none")
    assert asked(shop.platform.identify()).vector is not None
    tree = shop.environment.model_dump(by_alias=True, exclude_unset=True)
    del tree["platform"]["commands"]["identify"]["env"]
    bare = connect(place(Environment.model_validate(tree), shop.folder))
    expected = r"commands\.identify: `wrangler deployments status .*` printed no JSON: nothing"
    with pytest.raises(PlatformError, match=expected):
        asked(bare.identify())
