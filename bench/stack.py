"""`up` and `down`: how long they take, beside the naive way; and what the stack needs of memory."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from bench.measure import figure, interleave, show
from bench.naive import Naive
from harness.stack.state import StateDirectory

ROUNDS = 10
MIB = 1024 * 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.up()
        bench.down()
        values = interleave({"naive": naive, "up": bench.warm, "first up": bench.first}, ROUNDS)
    up, floor = values["up"], values["naive"]
    show(
        "stack",
        [
            figure("naive start", "s", floor),
            figure("up, template present", "s", up, reference=floor, ratio_limit=0.45),
            figure("up, first ever", "s", values["first up"], reference=floor, limit=1.6),
            figure("down", "s", values["down"], reference=floor, limit=0.3),
            figure("memory of the naive system", "MiB", values["naive memory"]),
            figure(
                "memory of the stack", "MiB", values["memory"], reference=values["naive memory"]
            ),
        ],
    )


class Bench:
    """The command, run in a directory of its own as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = StateDirectory(folder / ".keyarc-verify" / "local")

    def warm(self) -> Mapping[str, float]:
        up_s = self.up()
        memory_bytes = sum(map(pss_bytes, descendants(self.state.holder_pid())))
        memory_bytes += used_bytes(self.state.runtime)
        return {"up": up_s, "memory": memory_bytes / MIB, "down": self.down()}

    def first(self) -> Mapping[str, float]:
        cache = self.folder / "cache"
        up_s = self.up(XDG_CACHE_HOME=str(cache))
        self.down()
        shutil.rmtree(cache)
        return {"first up": up_s}

    def up(self, **environment: str) -> float:
        return self._run("up", **environment)

    def down(self) -> float:
        return self._run("down")

    def _run(self, command: str, **environment: str) -> float:
        program = str(Path(sys.executable).with_name("keyarc-verify"))
        started_s = time.perf_counter()
        done = subprocess.run(
            [program, command], cwd=self.folder, env={**os.environ, **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        took_s = time.perf_counter() - started_s
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return took_s


def naive() -> Mapping[str, float]:
    system = Naive()
    started_s = time.perf_counter()
    try:
        system.start()
        took_s = time.perf_counter() - started_s
        processes = [psutil.Process(each.pid) for each in system.processes]
        memory_bytes = sum(map(pss_bytes, processes)) + sum(
            map(pss_bytes, postgres_in(system.folder))
        )
    finally:
        system.stop()
    return {"naive": took_s, "naive memory": memory_bytes / MIB}


def descendants(pid: int | None) -> list[psutil.Process]:
    assert pid is not None
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def postgres_in(folder: Path) -> list[psutil.Process]:
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    return descendants(pid)


def pss_bytes(process: psutil.Process) -> int:
    """The proportional set size: pages that several share are counted once in all."""
    size: int = process.memory_full_info().pss
    return size


def used_bytes(folder: Path) -> int:
    """What files in memory take, which is in nobody's set."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
