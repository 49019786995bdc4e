"""From a bad release's first wrong answer to its rollback, beside a restart of the same processes.

The commands are those of `keyarc-verify demo`. A good release is deployed to the local stack and
gets GO. Then, each round, the same bad one is deployed under a new name, and the gate finds it out,
brings the good one back, and verifies it. `bench.moments` says how each moment is known, and
`bench.lookout` when the good release is taken to serve again. The floor is in `bench.restart`:
processes ended and started again, and nothing else. A round that goes otherwise is told, and is in
no figure.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.lookout import Lookout, serves_alone
from bench.measure import SEED, Figure, figure, show
from bench.moments import Untold, moments
from harness.environment import find, parse
from harness.stack.state import StateDirectory

ROUNDS = 5
GOOD = "good"
GO, NO_GO = 0, 10
LIMIT_S = 120
DECISION_LIMIT_S = 1.0
_ROOT = Path(__file__).parents[1]

Figures = Mapping[str, float]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder))
        try:
            whole, spoilt = played(story.round, ROUNDS)
        finally:
            story.end()
    if whole:
        show("gate", figures(whole))
    for reason in spoilt:
        print(f"a round went wrong, and is in no figure: {reason}")
    if not whole:
        raise SystemExit("gate: there is nothing to show")


def played(round_: Callable[[], Figures], rounds: int) -> tuple[list[Figures], list[str]]:
    """The figures of those rounds that went as they should, and why the others did not."""
    whole, spoilt = [], []
    for number in range(1, rounds + 1):
        sys.stderr.write(f"\rround {number} of {rounds}")
        try:
            whole.append(round_())
        except Exception as error:  # noqa: BLE001  whatever it was, the other rounds stand
            kind = "" if isinstance(error, Untold) else f"{type(error).__name__}: "
            spoilt.append(f"{number} of {rounds}: {kind}{error}")
    sys.stderr.write("\r" + " " * 60 + "\r")
    return whole, spoilt


def figures(rounds: Sequence[Figures]) -> list[Figure]:
    """What is shown of rounds, one or more."""
    values = {name: [each[name] for each in rounds] for name in rounds[0]}
    floor = values["floor"]

    def against_floor(name: str, what: str, limit: float | None = None) -> Figure:
        return figure(name, "s", values[what], reference=floor, limit=limit)

    return [
        figure("restart alone", "s", floor),
        figure("gate began to wrong answer", "s", values["found"]),
        against_floor("wrong answer to decision", "decided", DECISION_LIMIT_S),
        against_floor("wrong answer to rollback", "issued"),
        against_floor("rollback to good alone", "restored"),
        against_floor("wrong answer to good alone", "mended"),
        against_floor("wrong answer to verified", "verified"),
    ]


class Story:
    """The local stack in a folder of its own, with a good release to go back to.

    Args:
        folder: An empty one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = find("local")
        self._state = StateDirectory(folder / ".keyarc-verify" / self._file.stem)
        self._order = random.Random(SEED)
        self._rounds = 0
        self._bad = spoilt_tree(self._file, folder / "bad")

    def round(self) -> Figures:
        """Gate and floor, in an order that changes from round to round.

        Raises:
            Untold: It did not go as it should.
        """
        self._rounds += 1
        parts = [self.rollback, self.restart]
        self._order.shuffle(parts)
        found: dict[str, float] = {}
        for part in parts:
            self._begin()
            found |= part()
        return found

    def rollback(self) -> Figures:
        """A bad release is deployed, and comes to the gate."""
        bad, run = f"bad-{self._rounds}", self._folder / f"run-{self._rounds}"
        self._command("deploy", "--release", bad, "--from", str(self._bad))
        with Lookout(self._file, self._state, GOOD, after=run / "verdict.json") as lookout:
            gate = ("gate", "--release", bad, "--rollback", "--output", str(run))
            self._command(*gate, expected=NO_GO)
        ledger = json.loads(self._command("release", "show", bad, "--format", "json"))
        at = moments(run, ledger, self._state.logs, lookout.seen_at)
        return {
            "found": at.wrong - at.began,
            "decided": at.decided - at.wrong,
            "issued": at.issued - at.wrong,
            "restored": at.restored - at.issued,
            "mended": at.restored - at.wrong,
            "verified": at.verified - at.wrong,
        }

    def restart(self) -> Figures:
        """The floor."""
        command = [sys.executable, "-m", "bench.restart", str(self._file), GOOD]
        return {"floor": float(self._run(command, GO))}

    def end(self) -> None:
        try:
            self._command("down")
        except Untold as error:
            print(f"the stack may still be up: {error}", file=sys.stderr)

    def _begin(self) -> None:
        """The good release serves alone, as after the round before; else the stack starts anew."""
        if serves_alone(self._state.path, GOOD):
            return
        self._command("down")
        self._command("up")
        is_stored = (self._state.path.parent / "releases" / self._file.stem / GOOD).exists()
        self._command("deploy", "--release", GOOD, *([] if is_stored else ["--from", str(_ROOT)]))
        self._command("gate", "--release", GOOD)

    def _command(self, name: str, *words: str, expected: int = GO) -> str:
        program = str(Path(sys.executable).with_name("keyarc-verify"))
        return self._run([program, name, *words, "--env", str(self._file)], expected)

    def _run(self, command: list[str], expected: int) -> str:
        """What it printed."""
        try:
            ended = subprocess.run(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=LIMIT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Untold(f"`{' '.join(command)}` was not over in {LIMIT_S} s") from None
        if ended.returncode != expected:
            told = f"ended with {ended.returncode}, not {expected}"
            raise Untold(f"`{' '.join(command)}` {told}:\n{ended.stdout}{ended.stderr}")
        return ended.stdout


def spoilt_tree(file: Path, target: Path) -> Path:
    """What is here, with the defect in it that the environment file names for its demonstration."""
    demo = parse(file).demo
    if demo is None:
        raise SystemExit(f"{file} has no `demo` that says what a bad release is")
    top = Path(demo.file).parts[0]
    shutil.copytree(_ROOT / top, target / top, ignore=shutil.ignore_patterns("__pycache__"))
    source = (target / demo.file).read_text(encoding="utf-8")
    if source.count(demo.find) != 1:
        raise SystemExit(f"{file}: demo.find has to stand in {demo.file} exactly once")
    (target / demo.file).write_text(source.replace(demo.find, demo.replace), encoding="utf-8")
    return target


if __name__ == "__main__":
    main()
