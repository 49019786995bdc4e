"""What every call of the command pays: `--version` and `--help`, from start to end of a process."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.measure import figure, interleave, show

ROUNDS = 20
_HELLO = str(Path(__file__).with_name("hello.py"))


def main() -> None:
    program = str(Path(sys.executable).with_name("keyarc-verify"))
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "hello": [sys.executable, _HELLO, "--help"],
        "version": [program, "--version"],
        "help": [program, "--help"],
    }
    values = interleave({name: timed(name, line) for name, line in commands.items()}, ROUNDS)
    python, hello = values["python"], values["hello"]
    show(
        "command",
        [
            figure("python -c pass", "ms", python),
            figure("--version", "ms", values["version"], reference=python, ratio_limit=3),
            figure("a typer hello-world's --help", "ms", hello),
            figure("--help", "ms", values["help"], reference=hello, ratio_limit=1.2),
        ],
    )


def timed(name: str, command: list[str]) -> Callable[[], Mapping[str, float]]:
    def run() -> Mapping[str, float]:
        started_s = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return {name: (time.perf_counter() - started_s) * 1000}

    return run


if __name__ == "__main__":
    main()
