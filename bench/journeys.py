"""The journeys in two processes and in one: `keyarc-verify journeys -n 2` beside `-n 0`.

Each is a whole run as a tester has it: the tests are collected, a stack is started for them and
ended after. What is not the verification's own time, which its verdict tells, is the start-up: the
program, the collection, the stack. A run takes tens of seconds, so the rounds are few;
`BENCH_JOURNEYS_ROUNDS=9` has more of them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.measure import figure, interleave, show
from harness.records import read

VARIABLE = "BENCH_JOURNEYS_ROUNDS"
ROUNDS = 3
LIMIT_S = 600


def main() -> None:
    rounds = int(os.environ.get(VARIABLE) or ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        runs = {f"-n {workers}": _run(Path(folder), workers) for workers in (0, 2)}
        values = interleave(runs, rounds)
    one, two = values["-n 0"], values["-n 2"]
    show(
        "journeys",
        [
            figure("journeys -n 0", "s", one),
            figure("journeys -n 2", "s", two, reference=one, limit=60),
            figure("start-up of -n 0", "s", values["-n 0 start"], reference=one),
            figure("start-up of -n 2", "s", values["-n 2 start"], reference=two),
        ],
    )
    print(f"{values['cases'][-1]:g} cases; the ratio of a start-up is its share of the whole")


def _run(folder: Path, workers: int) -> Callable[[], Mapping[str, float]]:
    """A contestant: in a folder of its own, so that no stack of another is in the way."""
    place = folder / f"n{workers}"
    place.mkdir()
    program = str(Path(sys.executable).with_name("keyarc-verify"))
    name = f"-n {workers}"

    def run() -> Mapping[str, float]:
        output = place / f"run-{time.time_ns()}"
        words = ["journeys", "--env", "local", f"-n{workers}", "--output", str(output)]
        started_s = time.perf_counter()
        done = subprocess.run(
            [program, *words], cwd=place, capture_output=True, text=True, timeout=LIMIT_S,
            check=False,
        )  # fmt: skip
        took_s = time.perf_counter() - started_s
        if done.returncode != 0:
            raise SystemExit(f"journeys {name} ended with {done.returncode}:\n{done.stdout}")
        record = read(output)
        own_s = record.judgement.duration_ms / 1000
        return {name: took_s, f"{name} start": took_s - own_s, "cases": len(record.results)}

    return run


if __name__ == "__main__":
    main()
