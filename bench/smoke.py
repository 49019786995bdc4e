"""`smoke` against a system that is up, each answer 50 ms late, beside those who send the same.

The system is the local stack, reached through `bench.delay`. One run of `smoke` is recorded; from
then on the floors repeat it, with tokens and ids of their own, and must get the same statuses. All
of them are processes and what is timed is the whole process, but for the longest chain: that is
the requests which have to follow each other, alone, without the start of the process, and it is
held against the time that `smoke` measures itself, from its first request to its verdict. The same
requests take longer while all others are under way and the system has to share its cores: the
longest chain of the very run is shown too.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bench import stack
from bench.measure import figure, interleave, show
from bench.recording import Recording, chains_of, critical_path_ms, longest, script
from harness.environment import find, parse, resolve
from harness.model import Outcome
from harness.network import Network
from harness.plan import plan
from harness.records import RunDirectory, read

ROUNDS = 12
DELAY_MS = 50
EDGE = "stack:edge.url"
_HERE = Path(__file__).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = stack.Bench(Path(folder))
        bench.up()
        try:
            contest = Contest(Path(folder), bench)
            try:
                values = interleave(contest.contestants(), ROUNDS)
            finally:
                contest.close()
        finally:
            bench.down()
    whole, chain = values["smoke"], values["longest chain"]
    show(
        "smoke",
        [
            figure("sockets, -I -S", "s", values["sockets"]),
            figure("asyncio + httpx", "s", values["httpx"], reference=values["sockets"]),
            figure("smoke / httpx", "s", whole, reference=values["httpx"], ratio_limit=1.15),
            figure("smoke / sockets", "s", whole, reference=values["sockets"], ratio_limit=1.3),
            figure("CPU of httpx", "s", values["httpx CPU"]),
            figure("CPU of smoke", "s", values["smoke CPU"], reference=values["httpx CPU"]),
            figure("longest chain", "s", chain),
            figure("sockets, own time", "s", values["sockets own"], reference=chain),
            figure("smoke, own time", "s", values["own"], reference=chain, ratio_limit=1.1),
            figure("longest chain of that run", "s", values["path"], reference=chain),
            figure(
                "own time / that", "s", values["own"], reference=values["path"], ratio_limit=1.1
            ),
        ],
    )
    print(f"{contest.count} requests")


class Contest:
    """The contestants, and the delayed system that they ask."""

    def __init__(self, folder: Path, system: stack.Bench) -> None:
        self._folder = folder
        self._runs = 0
        references = system.state.references()
        assert references is not None, "the stack is up"
        port = references[EDGE].rpartition(":")[2]
        self._delay = subprocess.Popen(
            [sys.executable, "-m", "bench.delay", port, str(DELAY_MS)],
            stdout=subprocess.PIPE, text=True, cwd=_HERE.parent,
        )  # fmt: skip
        assert self._delay.stdout is not None
        self._file = delayed(folder, int(self._delay.stdout.readline()))
        self._record(references)

    def close(self) -> None:
        self._delay.terminate()
        self._delay.wait()

    def contestants(self) -> dict[str, Any]:
        return {
            "smoke": self.smoke,
            "httpx": self.httpx,
            "sockets": self.sockets,
            "longest chain": self.longest_chain,
        }

    def smoke(self) -> Mapping[str, float]:
        self._runs += 1
        output = self._folder / f"run {self._runs}"
        command = [str(Path(sys.executable).with_name("keyarc-verify")), "smoke"]
        took_s, cpu_s, _ = self._timed(*command, "--env", str(self._file), "--output", str(output))
        sent = sum(
            sum(not exchange["shared"] for exchange in attempt["exchanges"])
            for line in (output / "results.jsonl").read_text().splitlines()
            for attempt in json.loads(line)["attempts"]
        )
        if sent != self.count:
            raise SystemExit(f"smoke sent {sent} requests, and {self.count} when it was recorded")
        record = read(output)
        chains = chains_of(self._plan, {result.id: result for result in record.results})
        return {
            "smoke": took_s,
            "smoke CPU": cpu_s,
            "own": record.judgement.duration_ms / 1000,
            "path": critical_path_ms(chains) / 1000,
        }

    def httpx(self) -> Mapping[str, float]:
        took_s, cpu_s, _ = self._timed(sys.executable, *self._floor("floor_httpx", "all"))
        return {"httpx": took_s, "httpx CPU": cpu_s}

    def sockets(self) -> Mapping[str, float]:
        command = [sys.executable, "-I", "-S", *self._floor("floor_sockets", "all")]
        took_s, _, output = self._timed(*command)
        return {"sockets": took_s, "sockets own": float(output)}

    def longest_chain(self) -> Mapping[str, float]:
        command = [sys.executable, "-I", "-S", *self._floor("floor_sockets", "longest")]
        return {"longest chain": float(self._timed(*command)[2])}

    def _floor(self, name: str, which: str) -> list[str]:
        return [str(_HERE / f"{name}.py"), str(self._folder / f"{which}.json"), self._ca_file]

    def _timed(self, *command: str) -> tuple[float, float, str]:
        """Seconds on the clock, seconds of CPU, and what it printed; it must succeed."""
        before = os.times()
        started_s = time.perf_counter()
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, check=False
        )
        took_s, after = time.perf_counter() - started_s, os.times()
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)
        cpu_s = after.children_user - before.children_user
        return took_s, cpu_s + after.children_system - before.children_system, done.stdout

    def _record(self, references: Mapping[str, str]) -> None:
        environment = resolve(parse(self._file), references, os.environ)
        recording = Recording(
            plan=plan(environment),
            environment=environment,
            directory=RunDirectory(self._folder / "recorded"),
            run_id="recorded",
        )
        record = asyncio.run(recording.run())
        failed = [one for one in record.results if one.outcome is not Outcome.PASS]
        if failed:
            raise SystemExit(f"{failed[0].id}: {failed[0].message}")
        self._plan = recording.plan
        chains = chains_of(self._plan, {one.id: one for one in record.results})
        path, network = longest(chains), Network.of(environment)
        for name, some in (("all", chains), ("longest", path)):
            (self._folder / f"{name}.json").write_text(json.dumps(script(some, network)))
        self.count = sum(len(wave) for chain in chains for wave in chain.waves)
        self._ca_file = str(environment.tls.ca_file)


def delayed(folder: Path, port: int) -> Path:
    """The environment file of the local stack, its public services reached through a port."""
    tree = yaml.safe_load(find("local").read_text())
    for service in tree["services"].values():
        if f"${{{EDGE}}}" in service["url"]:
            service["connect"] = f"127.0.0.1:{port}"
    file = folder / "local.yaml"
    file.write_text(yaml.safe_dump(tree))
    return file


if __name__ == "__main__":
    main()
