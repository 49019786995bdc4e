"""All four services lie in one way, all that they depend on is broken, and each is caught at it."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from harness.faults import Place
from harness.matrix import judge
from harness.matrix.experiment import PASSES, Experiment, Found
from harness.matrix.judge import Complaint
from harness.matrix.lane import Lane, lane
from harness.matrix.mending import Breaches
from harness.matrix.trial import Broken, Trial, fault_class
from tests.documents import ROOT
from tests.harness.matrix.lies import LIES

SERVICES = ("auth", "gateway", "account", "keys")
# One fault an edge, all at once: so each service has something to hide.
EDGES = ("auth.postgres", "account.postgres", "keys.postgres", "gateway.account", "gateway.keys")
PATIENCE_S = 20.0
# What is said of each service, and what came in place of the truth, as a pattern.
UNTOLD = "health of {} does not tell of it"
CAUGHT = {
    "always_passes": (UNTOLD, "200 pass"),
    "nameless": (UNTOLD, "503 fail"),
    "only_at_start": (UNTOLD, "200 pass"),
    "only_at_start_in_fresh_words": (UNTOLD, "200 pass"),
    "cached_for_a_minute": (UNTOLD, "200 pass"),
    "lives_by_its_database": ("liveness of {}", "503 fail, failing: .*"),
    "dies_in_silence": ("liveness of {}", "503 fail"),
    "hangs": ("health of {} is slow", ".*: no answer within .*"),
}
# The rest of them, with `LIES=all`: `make soak` has the time.
SOME = ("none", "always_passes")
TOLD = tuple(LIES) if os.environ.get("LIES") == "all" else SOME
# And a single liar among the truthful, for each service.
ALONE = SERVICES if os.environ.get("LIES") == "all" else ("keys",)


def declared(lie: Path) -> str:
    """The file of the local environment, with liars for services; health alone is looked at."""
    tree = yaml.safe_load((ROOT / "environments" / "local.yaml").read_text())
    tree["stack"]["env"]["LIE"] = str(lie)
    for name in SERVICES:
        tree["stack"]["services"][name]["python"]["app"] = f"tests.harness.matrix.liars:{name}"
    tree["checks"] = {"*": {"off": "it is health that lies here"}}
    tree["faults"] = {**tree.get("faults", {}), "workload": None}
    return yaml.safe_dump({**tree, "name": "lying", "suites": []}, sort_keys=False)


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Lane]:
    """A stack whose services tell what the file `lie` says."""
    (folder / "lie").write_text("none")
    file = folder / "lying.yaml"
    file.write_text(declared(folder / "lie"))
    async with lane(file, "lies", 0) as opened:
        yield opened


async def conducted(stage: Lane, folder: Path, lie: str) -> Found:
    """What is found of a lie, once all have begun to tell it."""
    (folder / "lie").write_text(lie)
    observer, names = stage.observer, list(stage.environment.services)
    well = partial(judge.healthy, names=names, since_s=observer.now_s, times=PASSES)
    assert await observer.until(lambda seen: well(seen), PATIENCE_S)
    breaches = Breaches("lies", "lying", folder / "faults")
    refuse = fault_class("refuse")()
    broken = (Broken("refuse", refuse, Place(*edge.split("."))) for edge in EDGES)
    try:
        return await Experiment(stage, Trial("auth", tuple(broken)), breaches).conduct()
    finally:
        breaches.close()


def about(service: str, complaints: Sequence[Complaint]) -> list[Complaint]:
    return [each for each in complaints if f" of {service}" in f"{each.message} "]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """What is found of each lie, in one stack."""
    folder = tmp_path_factory.mktemp("stage")

    async def inside() -> dict[str, Found]:
        async with stage(folder) as opened:
            alone = [f"always_passes at {service}" for service in ALONE]
            return {lie: await conducted(opened, folder, lie) for lie in (*TOLD, *alone)}

    return asyncio.run(inside())


def test_the_truth_is_no_finding(found: dict[str, Found]) -> None:
    assert found["none"].complaints == []
    assert found["none"].detected_s is not None


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("lie", [lie for lie in TOLD if lie != "none"])
def test_each_lie_is_caught_at_each_service(
    found: dict[str, Found], lie: str, service: str
) -> None:
    message, came = CAUGHT[lie]
    complaints = about(service, found[lie].complaints)
    assert [
        each
        for each in complaints
        if each.message == message.format(service) and re.fullmatch(came, each.came)
    ], complaints


@pytest.mark.parametrize("service", ALONE)
def test_a_single_liar_is_told_from_the_truthful(found: dict[str, Found], service: str) -> None:
    complaints = found[f"always_passes at {service}"].complaints
    assert [(each.message, each.came) for each in complaints] == [
        (UNTOLD.format(service), "200 pass")
    ]


@pytest.mark.parametrize("lie", TOLD)
def test_nobody_is_accused_who_tells_the_truth(found: dict[str, Found], lie: str) -> None:
    """The frontend depends on nothing: that it passes is true."""
    assert about("frontend", found[lie].complaints) == []


def test_every_lie_has_its_words() -> None:
    assert set(CAUGHT) == set(LIES) - {"none"}
