"""`smoke` with 5, 50 and 500 services of ten checks each: time and memory a check.

All services are one process that answers at once. The generic checks are fewer than ten a service
for plain HTTP; a suite made for the purpose adds the rest. What the command needs for a single
service is taken off, so that what is compared is what grows.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

from bench.measure import Figure, figure, interleave, show
from harness.environment import parse
from harness.plan import plan

ROUNDS = 10
SIZES = (5, 50, 500)
CHECKS = 10
_HERE = Path(__file__).parent
_SUITE = '''
from harness.check import check


def made(service: str, number: int):
    async def answers(target) -> None:
        """It answers."""
        await target.get(f"/{number}", expect=200)

    answers.__name__ = f"{service}_{number}"
    return check(service=service)(answers)


for service in range(%d):
    for number in range(%d):
        globals()[f"s{service}_answers_{number}"] = made(f"s{service}", number)
'''


def main() -> None:
    answering = subprocess.Popen(
        [sys.executable, "-m", "bench.answering"],
        stdout=subprocess.PIPE, text=True, cwd=_HERE.parent,
    )  # fmt: skip
    assert answering.stdout is not None
    try:
        port = int(answering.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            sizes = {size: Size(Path(folder) / str(size), size, port) for size in (1, *SIZES)}
            contestants = {f"{size} services": each.run for size, each in sizes.items()}
            values = interleave(contestants, ROUNDS)
    finally:
        answering.terminate()
        answering.wait()
    show("scale", [*_figures("time", "ms", values), *_figures("memory", "KiB", values)])


def _figures(what: str, unit: str, values: Mapping[str, list[float]]) -> list[Figure]:
    one = values[f"{what} of 1"]
    before: list[float] | None = None
    figures = [figure(f"{what}, one service", unit, one)]
    for size in SIZES:
        count = size * CHECKS
        each = [
            (value - start) / (count - CHECKS)
            for value, start in zip(values[f"{what} of {size}"], one, strict=True)
        ]
        name = f"{what} a check, of {count}"
        figures.append(figure(name, unit, each, reference=before, ratio_limit=1.1))
        before = each
    return figures


class Size:
    """A system of so many services, and the command that verifies it."""

    def __init__(self, folder: Path, services: int, port: int) -> None:
        self._folder, self._services, self._runs = folder, services, 0
        folder.mkdir()
        self._declare(port, suites=[])
        generic = len(plan(parse(self._file)).checks)
        own = CHECKS - generic // services
        (folder / "bulk").mkdir()
        (folder / "bulk" / "__init__.py").touch()
        (folder / "bulk" / "answers.py").write_text(_SUITE % (services, own))
        self._declare(port, suites=["bulk"])

    def run(self) -> Mapping[str, float]:
        """Time and the peak of memory of one run, which must end in GO."""
        self._runs += 1
        program = str(Path(sys.executable).with_name("keyarc-verify"))
        command = [program, "smoke", "-q", "--env", str(self._file), "--output", f"{self._runs}"]
        started_s = time.perf_counter()
        process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        took_s = time.perf_counter() - started_s
        if status != 0:
            raise SystemExit(f"{self._services} services: {' '.join(command)}: no GO")
        size = self._services
        return {f"time of {size}": took_s * 1000, f"memory of {size}": float(usage.ru_maxrss)}

    @property
    def _file(self) -> Path:
        return self._folder / "many.yaml"

    def _declare(self, port: int, suites: list[str]) -> None:
        names = [f"s{number}" for number in range(self._services)]
        services = {
            name: {"url": f"http://127.0.0.1:{port}/{name}", "release": {"from": "none"}}
            for name in names
        }
        tree = {"name": "many", "suites": suites, "services": services}
        self._file.write_text(yaml.safe_dump(tree))


if __name__ == "__main__":
    main()
