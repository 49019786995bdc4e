"""What a run is asked to do: how long, with which seed, which part of the operations.

FUZZ_SHARD=2/8   the second of eight parts of the operations; all parts together are the whole
FUZZ_SEED=7      the same cases again; without one, a seed is chosen and told
FUZZ_TIME=600    seconds for what is generated; coverage comes first and takes what it takes
FUZZ_CORPUS=dir  where Hypothesis keeps what has failed: tried first in the next run
FUZZ_OUTPUT=dir  gets findings.json and coverage.json
FUZZ_SERVICE=auth  of this service's document alone; else of all that answer the public
"""

import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import UsageError

DEFAULT_TIME_S = 30.0
# Those that answer the public; the gateway's document has the paths of the private ones.
PUBLIC = ("auth", "frontend", "gateway")


@dataclass(frozen=True)
class Commission:
    """One run's part.

    Attributes:
        shard: Which part of `shards`, counted from 1.
        time_s: For all that is generated, over all operations.
    """

    seed: int
    shard: int = 1
    shards: int = 1
    time_s: float = DEFAULT_TIME_S
    corpus: Path | None = None
    output: Path | None = None
    services: tuple[str, ...] = PUBLIC

    @classmethod
    def of_environment(cls, variables: Mapping[str, str]) -> "Commission":
        """Reads the variables; empty is not set.

        Raises:
            UsageError: One of them says nothing that can be done.
        """
        shard, shards = _shard(variables.get("FUZZ_SHARD") or "1/1")
        return cls(
            seed=_whole("FUZZ_SEED", variables.get("FUZZ_SEED") or str(secrets.randbelow(2**32))),
            shard=shard,
            shards=shards,
            time_s=_whole("FUZZ_TIME", variables.get("FUZZ_TIME") or f"{DEFAULT_TIME_S:.0f}"),
            corpus=_path(variables.get("FUZZ_CORPUS")),
            output=_path(variables.get("FUZZ_OUTPUT")),
            services=_services(variables.get("FUZZ_SERVICE")),
        )

    def part(self, subjects: Collection[str]) -> set[str]:
        """Those of the operations, by their names, that are of this part.

        Raises:
            UsageError: None is.
        """
        part = set(sorted(subjects)[self.shard - 1 :: self.shards])
        if not part:
            raise UsageError(f"FUZZ_SHARD={self.shard}/{self.shards}: this part has no operation")
        return part

    def __str__(self) -> str:
        part = f", part {self.shard} of {self.shards}" if self.shards > 1 else ""
        return f"seed {self.seed}, {self.time_s:g} s for what is generated{part}"


@cache
def given() -> Commission:
    """What this process is asked to do; the same whenever it is called."""
    return Commission.of_environment(os.environ)


def _shard(text: str) -> tuple[int, int]:
    first, _, second = text.partition("/")
    if first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second):
        return int(first), int(second)
    raise UsageError(f"FUZZ_SHARD={text}: write which part of how many, such as 2/8")


def _whole(name: str, text: str) -> int:
    if text.isascii() and text.isdecimal():
        return int(text)
    raise UsageError(f"{name}={text}: a whole number is needed, such as 600")


def _services(text: str | None) -> tuple[str, ...]:
    if not text or text in PUBLIC:
        return (text,) if text else PUBLIC
    raise UsageError(f"FUZZ_SERVICE={text}: name one of {', '.join(PUBLIC)}")


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
