"""What the platform `local` says and does beyond what every platform must."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from harness.deployment import Artifact, Vector
from harness.environment import parse
from harness.errors import PlatformError
from harness.platforms import Place
from harness.platforms.local import Local, connect
from tests.harness.stack.conftest import Sandbox, sandbox, until
from tests.harness.stack.shop import Shop
from tests.harness.stack.traffic import Asked, traffic

__all__ = ["sandbox"]


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = Shop(sandbox)
    shop.declare()
    return shop


def place(shop: Shop) -> Place:
    return Place(
        environment=parse(shop.sandbox.file),
        file=shop.sandbox.file,
        references={},
        limit_s=60,
        progress=lambda line: None,
    )


def platform(shop: Shop) -> Local:
    return Local(place(shop), shop.sandbox.state.path)


def running(shop: Shop) -> Vector:
    vector = asyncio.run(platform(shop).identify()).vector
    assert vector is not None
    return vector


def test_where_nothing_is_up_it_says_how_to_start(shop: Shop) -> None:
    with pytest.raises(PlatformError, match=r"no stack is up .*`keyarc-verify up --env .*here"):
        asyncio.run(platform(shop).identify())


def test_it_asks_the_stack_of_its_file_below_the_current_directory(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.up()
    monkeypatch.chdir(shop.sandbox.path)
    state = asyncio.run(connect(place(shop)).identify())
    assert {name: len(each.artifacts) for name, each in state.services.items()} == {
        "one": 1,
        "two": 1,
    }


def test_the_way_back_to_what_up_started_is_kept_and_nobody_notices(shop: Shop) -> None:
    shop.up()
    before = running(shop)
    assert {artifact.release for artifact in before.values()} == {"v1"}
    assert shop.deploy("v2", "--from", str(shop.write("v2"))).code == 0
    asked = [Asked(url=f"{shop.url()}/", method="POST", body=lambda: b"x", keeps=False)]
    with traffic(*asked) as clients:
        assert asyncio.run(platform(shop).obtainable(before)) == []
        asyncio.run(platform(shop).roll_back(before))
    assert clients.failed == []
    assert asyncio.run(platform(shop).confirm(before)) == []
    assert (shop.release("one"), shop.release("two")) == ("v1", "v1")


def test_a_rollback_never_migrates(shop: Shop) -> None:
    shop.declare(migrate={"python": {"app": "shop:migrate"}, "env": {"DATABASE_URL": "a@b"}})
    shop.up()
    before = running(shop)
    assert shop.deploy("v2", "--from", str(shop.write("v2"))).code == 0
    migrated = shop.sandbox.state.log_tail("migrate").splitlines()
    asyncio.run(platform(shop).roll_back(before))
    assert len(migrated) == 2
    assert shop.sandbox.state.log_tail("migrate").splitlines() == migrated


def test_what_runs_the_target_already_is_left_alone(shop: Shop) -> None:
    shop.up()
    target = running(shop)
    more = "if os.environ['INSTANCE_ID'] == 'two-1': sys.exit('not here')"
    assert shop.deploy("v2", "--from", str(shop.write("v2", more))).code == 20
    pid = shop.about("two")["pid"]
    assert asyncio.run(platform(shop).confirm(target)) != []
    asyncio.run(platform(shop).roll_back(target))
    assert asyncio.run(platform(shop).confirm(target)) == []
    assert shop.about("two")["pid"] == pid


def test_a_dead_instance_is_brought_back_too(shop: Shop) -> None:
    shop.up()
    target = running(shop)
    os.kill(shop.about()["pid"], signal.SIGKILL)
    until(lambda: shop.status()["services"]["one"]["troubles"])
    told = asyncio.run(platform(shop).confirm(target))
    assert told == ["one does not run", "one: one was killed by SIGKILL"]
    # What `up` started is in the store once something takes its place; here nothing has yet.
    assert shop.deploy("v1", "--from", str(shop.sandbox.path)).code == 0
    assert asyncio.run(platform(shop).confirm(target)) == []


def test_a_vector_of_two_releases_is_put_back_as_it_was(shop: Shop) -> None:
    shop.up()
    first = running(shop)
    assert shop.deploy("v2", "--from", str(shop.write("v2"))).code == 0
    mixed = {"one": running(shop)["one"], "two": first["two"]}
    asyncio.run(platform(shop).roll_back(mixed))
    assert asyncio.run(platform(shop).confirm(mixed)) == []
    assert (shop.release("one"), shop.release("two")) == ("v2", "v1")


@pytest.mark.parametrize("damaged", [True, False])
def test_a_target_that_is_damaged_or_pruned_is_told(shop: Shop, damaged: bool) -> None:
    shop.up()
    before = running(shop)
    assert shop.deploy("v2", "--from", str(shop.write("v2"))).code == 0
    stored = shop.sandbox.path / ".keyarc-verify" / "releases" / "here" / "v1"
    if damaged:
        with (stored / "tree" / "shop.py").open("a") as file:
            file.write("# and more\n")
    else:
        stored.rename(Path(f"{stored.parent}-elsewhere"))
    [told] = asyncio.run(platform(shop).obtainable(before))
    why = "is damaged" if damaged else "no such files are stored"
    assert why in told
    with pytest.raises(PlatformError, match=why):
        asyncio.run(platform(shop).roll_back(before))
    assert shop.release() == "v2"


def test_a_stranger_s_service_is_told(shop: Shop) -> None:
    shop.up()
    target = {**running(shop), "three": Artifact(identity="sha256:0")}
    assert asyncio.run(platform(shop).obtainable(target)) == ["three is not deployed here"]


def test_what_is_stored_is_listed_newest_first(shop: Shop) -> None:
    shop.up()
    for release in ("v2", "v3"):
        assert shop.deploy(release, "--from", str(shop.write(release))).code == 0
    listed = asyncio.run(platform(shop).list())
    assert set(listed) == {"one", "two"}
    assert listed["one"][0].release == "v3"


def test_a_new_serial_tells_of_a_deployment_meanwhile(shop: Shop) -> None:
    shop.up()
    before = asyncio.run(platform(shop).identify()).services["one"]
    assert shop.deploy("v2", "--from", str(shop.sandbox.path)).code == 0
    after = asyncio.run(platform(shop).identify()).services["one"]
    assert after.serial != before.serial
    # The same files under another name are another release of the same content.
    old = replace(before.artifacts[0], release="v2")
    assert after.artifacts == (old,)
