"""`gate` as a command, before releases of a small system that is really deployed."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.ledger import Event
from harness.records import ACTION, MANIFEST, RESULTS, VERDICT, read
from harness.stack import control
from tests.harness.cli.command import keyarc_verify, write_environment
from tests.harness.cli.releasing import Shop, shop_up
from tests.harness.stack.conftest import until

GO, NO_GO, HOLD, USAGE, INTERRUPTED = 0, 10, 20, 2, 130
NO_TARGET = "the ledger has no release with a GO here that could be gone back to"
ROLLED_BACK = [Event.ROLLBACK_BEGUN, Event.ROLLBACK_ENDED]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """With a release that has earned GO. Each test deploys another one, whatever runs by then."""
    with shop_up(tmp_path_factory.mktemp("shop")) as shop:
        shop.earns_go("v1")
        yield shop


@pytest.fixture
def ledger(shop: Shop) -> Iterator[Path]:
    """The ledger, to be spoilt; afterwards it is as it was."""
    kept = shop.ledger_file.read_bytes()
    yield shop.ledger_file
    shop.ledger_file.write_bytes(kept)


def test_without_rollback_a_bad_release_is_blocked_and_stays(shop: Shop) -> None:
    shop.deploy("blocked", bad=True)
    done = shop.gate("blocked")
    assert (done.code, shop.action("blocked")["action"]) == (NO_GO, "blocked")
    assert "no rollback was asked for" in done.out
    shop.must_run("blocked")
    assert shop.events("blocked") == [Event.DEPLOYED, Event.NO_GO]


def test_a_release_is_rolled_back_once(shop: Shop) -> None:
    good = shop.good()
    shop.deploy("twice", bad=True)
    first = shop.rolls_back("twice")
    assert (first.code, shop.action("twice")["action"]) == (NO_GO, "rolled_back_verified")
    shop.must_run(good)
    shop.again("twice")
    second = shop.rolls_back("twice", "--output", "runs/second")
    assert (second.code, shop.action("second")["action"]) == (NO_GO, "held")
    assert "a rollback of twice was begun before" in second.out
    shop.must_run("twice")
    assert [each for each in shop.events("twice") if each in ROLLED_BACK] == ROLLED_BACK


def test_of_two_gates_at_once_the_second_is_told_who_has_its_turn(shop: Shop) -> None:
    shop.deploy("first")
    first = shop.begin_gate("first", "--rollback", "--bake", "60s", "--bake-every", "60s")
    until(lambda: (shop.path / "runs" / "first" / MANIFEST).exists(), limit_s=60)
    for second in (
        shop.rolls_back("first", "--output", "runs/at-once"),
        shop.back("--output", "runs/at-once"),
    ):
        assert second.code == HOLD
        assert "here is held by another gate: release first at the gate, process " in second.err
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode == INTERRUPTED
    assert not (shop.path / "runs" / "at-once").exists()
    shop.must_run("first")
    assert shop.events("first") == [Event.DEPLOYED]


def test_a_release_that_goes_bad_in_the_bake_is_rolled_back(shop: Shop) -> None:
    good = shop.good()
    shop.deploy("baked")
    gate = shop.begin_gate("baked", "--rollback", "--bake", "60s", "--bake-every", "0.2s")
    results = shop.path / "runs" / "baked" / RESULTS
    until(lambda: results.exists() and '"round": 2' in results.read_text(), limit_s=60)
    shop.spoilt("baked").touch()
    out, _ = gate.communicate(timeout=60)
    assert (gate.returncode, shop.action("baked")["action"]) == (NO_GO, "rolled_back_verified"), out
    shop.must_run(good)


def test_a_bake_asks_again_and_again_until_its_window_is_over(shop: Shop) -> None:
    shop.deploy("steady")
    done = shop.rolls_back("steady", "--bake", "2s", "--bake-every", "1s")
    assert (done.code, shop.action("steady")["action"]) == (GO, "kept"), done
    results = (shop.path / "runs" / "steady" / RESULTS).read_text().splitlines()
    rounds = {json.loads(line)["round"] for line in results}
    assert rounds >= {0, 1, 2}
    assert shop.good() == "steady"


def test_a_dry_run_changes_nothing_and_says_what_would_be_done(shop: Shop) -> None:
    good = shop.good()
    shop.deploy("dry", bad=True)
    before = shop.ledger_file.read_bytes(), (shop.state.path / "state.json").read_bytes()
    done = shop.rolls_back("dry", "--dry-run")
    assert done.code == GO
    assert f"NO_GO    it is rolled back to {good}\n" in done.out
    assert not (shop.path / "runs" / "dry").exists()
    assert not (shop.path / "reports").exists()
    after = shop.ledger_file.read_bytes(), (shop.state.path / "state.json").read_bytes()
    assert after == before
    shop.must_run("dry")


def test_with_nothing_in_the_ledger_a_bad_release_is_held(shop: Shop, ledger: Path) -> None:
    shop.deploy("alone", bad=True)
    ledger.unlink()
    done = shop.rolls_back("alone")
    action = shop.action("alone")
    assert (done.code, action["action"], action["why"]) == (NO_GO, "held", [NO_TARGET])
    shop.must_run("alone")


def test_a_ledger_that_cannot_be_read_is_hold_and_is_left_as_it_is(
    shop: Shop, ledger: Path
) -> None:
    shop.deploy("unreadable", bad=True)
    with ledger.open("a") as file:
        file.write("{]\n")
    damaged, line = ledger.read_bytes(), len(ledger.read_text().splitlines())
    done = shop.rolls_back("unreadable")
    assert (done.code, shop.action("unreadable")["action"]) == (HOLD, "blocked")
    assert f"{ledger}, line {line}: is not JSON" in done.out
    assert ledger.read_bytes() == damaged
    shop.must_run("unreadable")


def test_a_mistyped_release_takes_nothing_down(shop: Shop) -> None:
    """Going back to the last good release would replace the one that serves, and is not judged."""
    shop.deploy("unjudged")
    done = shop.rolls_back("unjugded", "--ready-timeout", "1s")
    assert (done.code, shop.action("unjugded")["action"]) == (NO_GO, "held")
    assert "unjugded is not what runs: unjudged is" in done.out
    shop.must_run("unjudged")
    assert Event.ROLLBACK_BEGUN not in shop.events("unjugded")


def test_a_deploy_that_was_begun_meanwhile_is_not_undone(shop: Shop) -> None:
    shop.deploy("earlier")
    gate = shop.begin_gate("earlier", "--rollback", "--bake", "60s", "--bake-every", "0.2s")
    results = shop.path / "runs" / "earlier" / RESULTS
    until(lambda: results.exists() and '"round": 1' in results.read_text(), limit_s=60)
    shop.deploy("later")
    gate.communicate(timeout=60)
    action = shop.action("earlier")
    assert (gate.returncode, action["action"]) == (NO_GO, "held")
    # That deployment has ended by then, or not.
    reasons = ("somebody has deployed one meanwhile: ", "an operation is under way on ")
    assert action["why"][0].startswith(reasons)
    shop.must_run("later")
    assert Event.ROLLBACK_BEGUN not in shop.events("earlier")


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_in_a_rollback_leaves_it_to_who_can_end_it(shop: Shop, times: int) -> None:
    """Once, and the gate ends it; more often, and the platform does, and the gate given again."""
    good, release = shop.good(), f"interrupted-{times}"
    shop.deploy(release, bad=True)
    waits = Path(f"{shop.spoilt(good)}.waits")
    waits.touch()
    gate = shop.begin_gate(release, "--rollback")
    until(lambda: Event.ROLLBACK_BEGUN in shop.events(release), limit_s=60)
    until(lambda: control.status(shop.state.path)["replacing"] == good)
    gate.send_signal(signal.SIGINT)
    assert gate.stderr is not None
    while "what was begun is being ended" not in gate.stderr.readline():
        assert gate.poll() is None
    if times > 1:
        gate.send_signal(signal.SIGINT)
        until(lambda: (shop.path / "runs" / release / ACTION).exists())
    waits.unlink()
    _, err = gate.communicate(timeout=60)
    assert (gate.returncode, "Traceback" in err) == (INTERRUPTED, False), err
    again = shop.rolls_back(release, "--output", f"runs/again-{release}")
    expected = "held" if times == 1 else "rolled_back_verified"
    assert (again.code, shop.action(f"again-{release}")["action"]) == (NO_GO, expected)
    assert shop.action(release)["target"] == good
    shop.must_run(good)
    assert [each for each in shop.events(release) if each in ROLLED_BACK] == ROLLED_BACK


def test_one_document_comes_out_in_json(shop: Shop) -> None:
    shop.deploy("told", bad=True)
    document = json.loads(shop.gate("told", "--format", "json").out)
    assert document["verdict"] == "NO_GO"


def test_with_no_stack_up_one_is_started_for_the_run(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    done = shop.rolls_back("v0")
    assert (done.code, shop.action("v0")["action"]) == (GO, "kept"), done
    assert "starting here for this run" in done.err
    assert shop.left() == []
    assert [(entry.event, set(entry.vector)) for entry in shop.entries()] == [
        (Event.GO, {"one", "two"})
    ]


@pytest.mark.parametrize("release", ["../x", "-x", "a b", "$(x)", "", "x/y", "x\n", "x" * 101, "é"])
def test_a_release_id_that_could_be_misread_is_refused(tmp_path: Path, release: str) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    words = ("--env", "some.yaml", f"--release={release}")
    for command in ("gate", "deploy"):
        done = keyarc_verify(tmp_path, command, *words)
        assert done.code == USAGE
        assert "letters, digits and . _ + - are meant" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["some.yaml"]


def test_a_rollback_needs_a_platform(tmp_path: Path) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    words = ("gate", "--env", "some.yaml", "--release", "v1")
    done = keyarc_verify(tmp_path, *words, "--rollback")
    assert (done.code, done.out) == (USAGE, "")
    assert "a rollback needs a `platform`" in done.err
    blocked = keyarc_verify(tmp_path, *words, "--ready-timeout", "1s", "--output", "run")
    assert blocked.code == NO_GO, blocked
    assert read(tmp_path / "run").sha256
    assert (tmp_path / "run" / VERDICT).exists()


def test_the_ledger_names_the_run_as_its_directory_is_called(shop: Shop) -> None:
    shop.deploy("named")
    words = ("gate", "--env", shop.env, "--release", "named", "--ready-timeout", "20s")
    done = shop.run(*words)
    assert done.code == GO, done
    [noted] = [entry for entry in shop.entries() if entry.evidence and entry.release == "named"]
    assert read(shop.path / "reports" / "runs" / noted.run_id).sha256 == noted.evidence
