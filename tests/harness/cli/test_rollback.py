"""`rollback` by hand: the rules of the gate, before releases that are really deployed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.ledger import Event
from tests.harness.cli.releasing import Shop, shop_up

DONE, USAGE, REFUSED, HOLD = 0, 2, 10, 20
ROLLED_BACK = [Event.ROLLBACK_BEGUN, Event.ROLLBACK_ENDED]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """With a release that has earned GO. Each test deploys another one, whatever runs by then."""
    with shop_up(tmp_path_factory.mktemp("shop")) as shop:
        shop.earns_go("v1")
        yield shop


def test_the_last_good_release_comes_back_and_is_verified(shop: Shop) -> None:
    good = shop.good()
    shop.deploy("left")
    done = shop.back("--output", "runs/back")
    assert (done.code, done.out.splitlines()[0]) == (DONE, f"action   rolled_back_verified: {good}")
    shop.must_run(good)
    assert (shop.path / "runs" / "back" / "verdict.json").exists()
    assert shop.events("left") == [Event.DEPLOYED, *ROLLED_BACK]
    action = shop.action("back")
    assert (action["action"], action["release"], action["target"]) == (
        ("rolled_back_verified", "left", good)
    )
    # Given again, it finds nothing to do.
    again = shop.back("--release", "left", "--output", "runs/again")
    assert again.code == HOLD, again
    assert "a rollback of left was begun before" in shop.action("again")["why"][0]
    assert shop.back("--output", "runs/again").code == USAGE
    shop.must_run(good)


def test_a_named_release_is_not_left_once_a_newer_deploy_was_begun(shop: Shop) -> None:
    """What a pipeline's job says, whose gate refused a release that is gone by now."""
    shop.deploy("overtaken", bad=True)
    assert shop.gate("overtaken").code == REFUSED
    shop.deploy("overtaker")
    done = shop.back("--release", "overtaken", "--output", "runs/overtaken-back")
    assert done.code == HOLD, done
    assert shop.action("overtaken-back") == {
        **shop.action("overtaken-back"),
        "action": "held",
        "release": "overtaken",
        "target": shop.good(),
    }
    assert "somebody has deployed one meanwhile" in done.out
    shop.must_run("overtaker")


def test_a_good_release_can_be_left_for_an_older_one(shop: Shop) -> None:
    older = shop.good()
    shop.earns_go("newer")
    done = shop.back()
    assert done.code == DONE, done
    shop.must_run(older)


def test_a_release_of_the_ledger_can_be_named(shop: Shop) -> None:
    older = shop.good()
    shop.earns_go("newest")
    shop.deploy("unwanted")
    done = shop.back("--to", older)
    assert done.code == DONE, done
    shop.must_run(older)


@pytest.mark.parametrize("release", ["unknown", "ungated", "refused"])
def test_only_what_has_earned_go_comes_back(shop: Shop, release: str) -> None:
    if release != "unknown":
        shop.deploy(release, bad=release == "refused")
    if release == "refused":
        assert shop.gate(release).code == REFUSED
    shop.deploy(f"stays-{release}")
    done = shop.back("--to", release)
    assert done.code == USAGE
    assert f"{release} has no GO here that still counts; these have: {shop.good()}" in done.err
    shop.must_run(f"stays-{release}")


def test_what_runs_already_is_not_brought_back_and_keeps_its_go(shop: Shop) -> None:
    shop.earns_go("current")
    before = shop.ledger_file.read_bytes()
    done = shop.back("--to", "current")
    assert (done.code, "current is what runs already" in done.out) == (HOLD, True), done
    assert shop.ledger_file.read_bytes() == before
    shop.must_run("current")


def test_a_release_whose_files_are_gone_is_not_gone_back_to(shop: Shop) -> None:
    shop.earns_go("pruned")
    shop.deploy("kept")
    shutil.rmtree(shop.path / ".keyarc-verify" / "releases" / "here" / "pruned")
    done = shop.back("--to", "pruned")
    assert (done.code, done.out.splitlines()[0]) == (HOLD, "action   held: pruned")
    assert "pruned cannot be had any more" in done.out
    shop.must_run("kept")
    assert shop.events("kept") == [Event.DEPLOYED]
    assert shop.run("release", "forget", "pruned", "--env", shop.env, "--why", "pruned").code == 0


def test_what_was_brought_back_and_is_bad_by_now_is_told(shop: Shop) -> None:
    shop.earns_go("aged")
    shop.deploy("fled")
    shop.spoilt("aged").touch()
    done = shop.back("--to", "aged")
    assert (done.code, done.out.splitlines()[0]) == (HOLD, "action   rollback_failed: aged"), done
    assert "health.one: " in done.out
    shop.must_run("aged")
    assert shop.run("release", "forget", "aged", "--env", shop.env, "--why", "aged").code == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--to=../x",), "letters, digits and . _ + - are meant"),
        (("--to=",), "letters, digits and . _ + - are meant"),
        (("--release=$(x)",), "letters, digits and . _ + - are meant"),
        (("--release=v1", "--to=v1"), "v1 is to be left, and --to v1 to be gone back to"),
    ],
)
def test_a_release_that_could_be_misread_is_refused(
    shop: Shop, given: tuple[str, ...], says: str
) -> None:
    done = shop.back(*given)
    assert (done.code, says in done.err) == (USAGE, True), done


def test_with_no_release_in_the_ledger_nothing_is_done(tmp_path: Path) -> None:
    with shop_up(tmp_path) as shop:
        done = shop.back()
        assert (done.code, done.out.splitlines()[0]) == (HOLD, "action   held")
        assert "the ledger has no release with a GO here" in done.out
        shop.must_run("v0")
        assert not shop.ledger_file.exists()


def test_with_no_stack_up_nothing_is_brought_back(tmp_path: Path) -> None:
    """One that was started for the command alone would be gone after it, and the ledger wrong."""
    shop = Shop(tmp_path)
    done = shop.back()
    assert (done.code, done.out) == (USAGE, "")
    assert "here is not up here; `keyarc-verify up --env here.yaml` starts it" in done.err
    assert not shop.ledger_file.exists()
