"""Compose brings exactly the target back, and is believed only after its containers were read."""

from pathlib import Path
from typing import Any

import pytest

from harness.deployment import Vector
from harness.errors import PlatformError
from tests.harness.platforms.compose_standin import IDS, NEW, OLD, Shop, target


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_one_service_after_the_other_is_replaced_and_nothing_else(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_REMOVE_ORPHANS", "1")
    monkeypatch.setenv("RELEASE_ID", "r2")
    shop.does(lambda compose: compose.roll_back(target("r$1")))
    assert shop.said == [f"rolling back {name} to {OLD[:19]}" for name in ("api", "web")]
    asked = shop.heard("up")
    assert [one["words"][-1] for one in asked] == ["api", "web"]
    for one in asked:
        words, service = one["words"], one["words"][-1]
        assert {"--no-deps", "--no-build", "--detach", "--wait"} <= set(words)
        assert words[words.index("-p") + 1] == "shop"
        assert words[words.index("--scale") + 1] == f"{service}=1"
        assert 1 <= int(words[words.index("--wait-timeout") + 1]) < 30
        assert not {"--remove-orphans", "--yes", "-y", "--build", "--force-recreate"} & set(words)
        assert one["env"] == {"RELEASE_ID": "r$1", "COMPOSE_REMOVE_ORPHANS": "0", "CI": "1"}
        pinned = {"image": OLD, "pull_policy": "never", "environment": {"RELEASE_ID": "r$$1"}}
        assert one["override"] == {service: pinned}
        assert one["mode"] == "0o700"
        assert not Path(one["at"]).is_relative_to(shop.folder)
        assert not Path(one["at"]).parent.exists()
    changing = [one["words"] for one in shop.heard() if {"run", "down", "rm"} & set(one["words"])]
    assert changing == []


def test_what_runs_its_target_already_is_left_alone_unless_it_is_another_release(
    shop: Shop,
) -> None:
    of_r1 = ["RELEASE_ID=r1", None]
    shop.keep(
        containers=[
            shop.container("api", image=OLD, variables=of_r1),
            shop.container("web", image=OLD),
        ]
    )
    assert shop.does(lambda compose: compose.confirm(target())) == ["web: RELEASE_ID is r2, not r1"]
    shop.does(lambda compose: compose.roll_back(target()))
    assert [one["words"][-1] for one in shop.heard("up")] == ["web"]
    assert shop.said[0] == f"api runs {OLD[:19]} already"
    assert shop.does(lambda compose: compose.confirm(target())) == []


def test_what_runs_its_target_and_is_not_well_is_replaced(shop: Shop) -> None:
    of_r1 = ["RELEASE_ID=r1", None]
    shop.keep(
        containers=[
            shop.container(name, image=OLD, variables=of_r1, health=health)
            for name, health in (("api", "healthy"), ("web", "unhealthy"))
        ]
    )
    shop.does(lambda compose: compose.roll_back(target()))
    assert [one["words"][-1] for one in shop.heard("up")] == ["web"]


def test_without_a_release_variable_releases_are_not_told(shop: Shop) -> None:
    shop.keep(containers=[shop.container(name, variables=[None]) for name in IDS])

    wanted = target(None)
    shop.does(lambda compose: compose.roll_back(wanted), release_variable="")
    assert shop.does(lambda compose: compose.confirm(wanted), release_variable="") == []
    assert [one["override"]["api"]["environment"] for one in shop.heard("up")[:1]] == [{}]


def test_the_number_of_containers_stays(shop: Shop) -> None:
    second = shop.container("api", id="3" * 64, name="/shop-api-2", number="2")
    shop.keep(containers=[*(shop.container(name) for name in IDS), second])
    shop.does(lambda compose: compose.roll_back(target()))
    words = next(one["words"] for one in shop.heard("up"))
    assert words[words.index("--scale") + 1] == "api=2"


def test_a_service_of_which_nothing_is_there_is_made_anew(shop: Shop) -> None:
    shop.keep(containers=[shop.container("web")])
    assert "api does not run" in shop.does(lambda compose: compose.confirm(target()))
    shop.does(lambda compose: compose.roll_back(target()))
    words = next(one["words"] for one in shop.heard("up"))
    assert (words[-1], "--scale" in words) == ("api", False)


@pytest.mark.parametrize(
    ("state", "wanted", "says"),
    [
        ({"services": ["web"]}, target(), "compose.yaml has no service api"),
        ({"unset": ["TAG"]}, target(), "compose.yaml names the variable TAG, and it is not set he"),
        ({}, target(None), "api: nobody knows which RELEASE_ID it is to be given"),
        ({}, target(identity="shop:1"), "api: 'shop:1' is no id of an image"),
        ({}, {"api": target()["api"]}, "no target for web"),
        ({}, {**target(), "db": target()["api"]}, "db is not deployed here"),
        (
            {},
            target(identity=f"sha256:{'c' * 64}", reference="shop:1"),
            "api: the image sha256:cccccccccccc is not here any more, and no registry is known to",
        ),
        (
            {},
            target(identity=f"sha256:{'c' * 64}", reference=f"h/shop@{OLD}"),
            "manifest unknown",
        ),
        (
            {"registry": {f"h/shop@{OLD}": OLD}},
            target(identity=f"sha256:{'c' * 64}", reference=f"h/shop@{OLD}"),
            f"api: h/shop@{OLD} is not the image sha256:cccccccccccc",
        ),
    ],
)
def test_what_cannot_be_brought_back_is_told_before_anything_is_changed(
    state: dict[str, Any], wanted: Vector, says: str, shop: Shop
) -> None:
    shop.keep(**state)
    lines = shop.does(lambda compose: compose.obtainable(wanted))
    assert any(says in line for line in lines), lines
    with pytest.raises(PlatformError) as caught:
        shop.does(lambda compose: compose.roll_back(wanted))
    assert says in str(caught.value)
    assert shop.heard("up") == []


def test_an_image_that_is_elsewhere_is_pulled(shop: Shop) -> None:
    reference = f"h/shop@{OLD}"
    shop.keep(images=[NEW], registry={reference: OLD})
    wanted = target(reference=reference)
    assert shop.does(lambda compose: compose.obtainable(wanted)) == []
    assert [one["words"] for one in shop.heard("pull")] == [["pull", "--quiet", reference]]
    shop.does(lambda compose: compose.roll_back(wanted))
    assert len(shop.heard("pull")) == 1


def test_a_rollback_that_says_it_succeeded_is_not_believed(shop: Shop) -> None:
    shop.keep(idle=["web"])
    shop.does(lambda compose: compose.roll_back(target()))
    told = shop.does(lambda compose: compose.confirm(target()))
    assert told == [
        f"web: 1 of 1 instances run {NEW[:19]}, not {OLD[:19]}",
        "web: RELEASE_ID is r2, not r1",
    ]


def test_one_that_fails_keeps_no_other_from_coming_back(shop: Shop) -> None:
    shop.keep(idle=["api"], fails={"api": "container shop-api-1 is unhealthy"})
    with pytest.raises(PlatformError, match=r"(?s)^api: .*container shop-api-1 is unhealthy$"):
        shop.does(lambda compose: compose.roll_back(target()))
    told = shop.does(lambda compose: compose.confirm(target()))
    assert all(line.startswith("api: ") for line in told)


def test_a_failure_over_a_service_that_is_well_is_none(shop: Shop) -> None:
    shop.keep(fails={"up": "context canceled"})
    shop.does(lambda compose: compose.roll_back(target()))
    assert shop.does(lambda compose: compose.confirm(target())) == []


def test_containers_that_vanish_meanwhile_are_looked_for_again(shop: Shop) -> None:
    shop.keep(vanishing=["9" * 64, "8" * 64])
    assert shop.does(lambda compose: compose.identify()).vector is not None
    shop.keep(vanishing=["9" * 64] * 3)
    with pytest.raises(PlatformError, match="containers come and go faster than"):
        shop.does(lambda compose: compose.identify())


def test_a_project_without_containers_is_another_one(shop: Shop) -> None:
    shop.keep(containers=[])
    with pytest.raises(PlatformError, match="no container of the project shop: is it the right"):
        shop.does(lambda compose: compose.identify())


def test_a_container_that_is_passed_over_is_no_answer(shop: Shop) -> None:
    shop.keep(hidden=[IDS["api"]])
    with pytest.raises(PlatformError, match="asked of 2 containers, docker told of 1"):
        shop.does(lambda compose: compose.identify())
