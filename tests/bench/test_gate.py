"""What is made of rounds at the gate, and the floor beside it, with real processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.gate import figures, played, spoilt_tree
from bench.lookout import serves_alone
from bench.moments import Untold
from harness.environment import find, parse
from tests.harness.stack.conftest import ROOT, Sandbox
from tests.harness.stack.shop import Shop

ROUND = {
    "floor": 0.5,
    "found": 1.0,
    "decided": 0.2,
    "issued": 0.5,
    "restored": 1.0,
    "mended": 1.5,
    "verified": 3.0,
}


def test_a_round_that_goes_wrong_is_told_and_is_in_no_figure() -> None:
    endings: list[dict[str, float] | Exception] = [
        ROUND, Untold("the gate said GO"), ROUND, ValueError("no number")
    ]  # fmt: skip

    def next_round() -> dict[str, float]:
        ending = endings.pop(0)
        if isinstance(ending, Exception):
            raise ending
        return ending

    whole, spoilt = played(next_round, 4)
    assert whole == [ROUND, ROUND]
    assert spoilt == ["2 of 4: the gate said GO", "4 of 4: ValueError: no number"]


def test_ratios_are_to_the_floor_of_the_same_round() -> None:
    rounds = [{**ROUND, "floor": floor, "restored": 2 * floor} for floor in (0.9, 0.3, 0.5)]
    shown = {each.name: each for each in figures(rounds)}
    assert shown["restart alone"].values == [0.9, 0.3, 0.5]
    assert shown["rollback to good alone"].ratio == 2


@pytest.mark.parametrize(("decided_s", "told"), [(0.2, "≤ 1 met"), (1.2, "≤ 1 NOT MET")])
def test_the_decision_is_held_to_a_second(decided_s: float, told: str) -> None:
    shown = {each.name: each.told for each in figures([{**ROUND, "decided": decided_s}])}
    assert {name: text for name, text in shown.items() if text} == {
        "wrong answer to decision": told
    }


def test_the_bad_release_is_the_good_one_but_for_the_defect(tmp_path: Path) -> None:
    demo = parse(find("local")).demo
    assert demo is not None
    bad = spoilt_tree(find("local"), tmp_path / "bad")
    changed = [
        path.relative_to(bad).as_posix()
        for path in bad.rglob("*")
        if path.is_file() and path.read_bytes() != (ROOT / path.relative_to(bad)).read_bytes()
    ]
    assert changed == [demo.file]
    assert demo.find not in (bad / demo.file).read_text()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(Sandbox(tmp_path))
    shop.declare()
    shop.up()
    yield shop
    shop.sandbox.down()


def test_the_floor_restarts_a_stored_release_and_leaves_the_stack_alone(shop: Shop) -> None:
    deployed = shop.deploy("v2", "--from", str(shop.write("other")))
    assert deployed.code == 0, deployed
    state_dir, before = shop.sandbox.state.path, shop.about()
    assert serves_alone(state_dir, "v2")
    assert not serves_alone(state_dir, "v1")
    told = restart(shop, "v2")
    assert told.returncode == 0, told
    assert float(told.stdout) > 0
    assert shop.about()["pid"] == before["pid"]
    mark = str(shop.sandbox.path / "restart.log")
    assert not [each for each in psutil.process_iter(["open_files"]) if mark in opened(each)]


def test_the_floor_has_no_figure_for_what_does_not_start(shop: Shop) -> None:
    deployed = shop.deploy("v2", "--from", str(shop.write("other")))
    assert deployed.code == 0, deployed
    tree = shop.sandbox.path / ".keyarc-verify" / "releases" / "here" / "v2" / "tree"
    (tree / "shop.py").write_text("raise SystemExit('damaged')")
    told = restart(shop, "v2")
    assert told.returncode == 1
    assert told.stdout == ""
    assert "release v2 is damaged" in told.stderr
    assert "Traceback" not in told.stderr


def test_nothing_serves_alone_where_nothing_is_up(tmp_path: Path) -> None:
    assert not serves_alone(tmp_path, "v1")


def restart(shop: Shop, release: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bench.restart", str(shop.sandbox.file), release],
        cwd=shop.sandbox.path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def opened(process: psutil.Process) -> list[str]:
    return [each.path for each in process.info["open_files"] or []]
