"""What is broken, and how it is mended, whatever becomes of who broke it.

    .keyarc-verify/faults/RUN.jsonl
    {"event": "breaks", "fault": "kill", "service": "auth", …}   before it is broken
    {"event": "mended", …}                                     once it is healed

Whoever writes holds a lock on the file for as long as it lives: whoever gets it knows that the run
is over, and finds what it has left broken.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.faults import Place, Site
from harness.matrix.trial import Broken, fault_class
from harness.records import explained, now, write_line

FOLDER = Path(".keyarc-verify/faults")
HEAL_LIMIT_S = 45.0


@dataclass(frozen=True, slots=True)
class Breach:
    """A fault that was put in somewhere.

    Attributes:
        state_dir: Of the stack that it was put in.
        env: Its environment's name or file.
        parameters: Of the fault.
    """

    fault: str
    service: str
    dependency: str | None
    parameters: Mapping[str, Any]
    state_dir: str
    env: str

    @property
    def broken(self) -> Broken:
        fault = fault_class(self.fault).model_validate(self.parameters)
        return Broken(self.fault, fault, Place(self.service, self.dependency))

    def __str__(self) -> str:
        return str(self.broken)


class Breaches:
    """The journal of one run: what it breaks, noted before it does, and what it has mended."""

    def __init__(self, run_id: str, env: str, folder: Path = FOLDER) -> None:
        self._file = folder.absolute() / f"{run_id}.jsonl"
        self._env = env
        self._opened: int | None = None
        self.open: dict[Breach, None] = {}

    def breach(self, broken: Broken, state_dir: Path) -> Breach:
        parameters = broken.fault.model_dump(mode="json", exclude_unset=True)
        place = broken.place
        return Breach(
            broken.name,
            place.service,
            place.dependency,
            _Frozen(parameters),
            str(state_dir),
            self._env,
        )

    def breaks(self, breach: Breach) -> None:
        self.open[breach] = None
        self._note("breaks", breach)

    def mended(self, breach: Breach) -> None:
        self.open.pop(breach, None)
        self._note("mended", breach)

    def close(self) -> None:
        """Nothing more is broken by this run. Where all is mended, the journal goes."""
        if self._opened is None:
            return
        if not self.open:
            self._file.unlink(missing_ok=True)
            _remove_empty(self._file.parent)
        os.close(self._opened)
        self._opened = None

    def _note(self, event: str, breach: Breach) -> None:
        with explained(self._file):
            if self._opened is None:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                fcntl.flock(self._opened, fcntl.LOCK_EX)
            write_line(self._opened, {"event": event, **asdict(breach), "at": now()})


class _Frozen(dict[str, Any]):
    """Parameters that tell breaches apart."""

    def __hash__(self) -> int:  # type: ignore[override]  # it is never changed
        return hash(json.dumps(self, sort_keys=True))


@contextmanager
def left_broken(folder: Path = FOLDER) -> Iterator[list[Breach]]:
    """What runs that are over have left broken here; nobody else gets to it meanwhile.

    Left without an exception, their journals are gone.
    """
    taken: list[tuple[Path, int]] = []
    found: dict[Breach, None] = {}
    try:
        for file in sorted(folder.glob("*.jsonl")):
            opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(opened)  # Its run goes on.
                continue
            taken.append((file, opened))
            found |= dict.fromkeys(_open_in(file.read_text(errors="replace").splitlines()))
        yield list(found)
        for file, _ in taken:
            file.unlink(missing_ok=True)
        _remove_empty(folder)
    finally:
        for _, opened in taken:
            os.close(opened)


async def heal(site: Site, broken: Broken, limit_s: float = HEAL_LIMIT_S) -> None:
    """Heals it, to the end, also where who waits for it is cancelled.

    Raises:
        HarnessError: It could not be healed, or not in time.
    """
    work = asyncio.create_task(_healed(site, broken, limit_s))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait((work,))
        if not work.cancelled() and work.exception() is not None:
            raise work.exception() from None  # type: ignore[misc]  # it is there
        raise


async def _healed(site: Site, broken: Broken, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await broken.fault.heal(site, broken.place)
    except TimeoutError:
        raise HarnessError(f"{broken} was not healed within {limit_s:g} s") from None
    except HarnessError as error:
        raise HarnessError(f"{broken} was not healed: {error}") from error
    except Exception as error:
        raise HarnessError(f"{broken} was not healed: {type(error).__name__}: {error}") from error


def _open_in(lines: Iterable[str]) -> Iterator[Breach]:
    open_: dict[Breach, None] = {}
    for line in lines:
        try:
            told = json.loads(line)
            event = told.pop("event")
            told.pop("at")
            told["parameters"] = _Frozen(told["parameters"])
            breach = Breach(**told)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # A line that was cut off: nothing had been broken by then.
        if event == "mended":
            open_.pop(breach, None)
        else:
            open_[breach] = None
    yield from open_


def _remove_empty(folder: Path) -> None:
    for each in (folder, folder.parent):
        try:
            each.rmdir()
        except OSError:
            return  # Something else is kept there.
