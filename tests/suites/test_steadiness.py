"""A healthy system gets GO every time. A few runs here; `make soak` makes two hundred."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.harness.stack.conftest import Sandbox

RUNS = int(os.environ.get("SOAK_RUNS", "5"))


@pytest.mark.timeout(60 + 5 * RUNS)
def test_every_run_against_a_healthy_stack_is_go(tmp_path: Path) -> None:
    system = Sandbox(tmp_path, "local")
    assert system.up().code == 0
    try:
        verdicts: Counter[str] = Counter()
        for number in range(RUNS):
            done = system.run("smoke", "--env", "local", "--output", f"runs/{number}")
            verdict = json.loads((tmp_path / "runs" / str(number) / "verdict.json").read_text())
            assert (done.code, verdict["reasons"]) == (0, []), (number, done.out)
            verdicts[verdict["verdict"]] += 1
    finally:
        system.down()
    assert verdicts == {"GO": RUNS}
