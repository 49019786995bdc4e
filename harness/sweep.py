"""Removes what runs have left in the system: told by their journals, or by its database.

`sweep` is for what killed runs left, `tidy` for a run that has just ended. Neither knows what it
removes: suites give the sweepers (`harness.sweeper`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.environment import Environment
from harness.errors import HarnessError, RecordsError, Unreachable, UsageError
from harness.journal import JOURNAL, Account, Made, Taken, goes_on, left_in, place_of, read, taken
from harness.sweeper import Old, Sweepers, sweepers_of
from harness.target import Target

# What a run that has ended may take for it; whoever waits can always end it.
TIDY_S = 60.0


@dataclass(slots=True)
class Swept:
    """What became of what was left.

    Attributes:
        removed: What is gone now; in a dry run, what would be.
        absent: What a journal speaks of, and the system knows nothing of.
        left: What is still there, and why.
        going_on: Runs that are not over.
        younger: How many things were made too short a time ago.
        unreadable: Journals that were left alone, and why.
    """

    removed: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    going_on: list[str] = field(default_factory=list)
    younger: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.left and not self.unreadable


class Sweep:
    """One sweep through an environment.

    Args:
        targets: Its services, by name.
        age_s: What was made less long ago stays.
        is_dry: Nothing is removed.
    """

    def __init__(
        self,
        environment: Environment,
        targets: Mapping[str, Target],
        *,
        age_s: float = 0.0,
        is_dry: bool = False,
    ) -> None:
        self.swept = Swept()
        self._environment = environment
        self._targets = targets
        self._age_s = age_s
        self._is_dry = is_dry
        self._sweepers: Sweepers = sweepers_of(environment.suites)
        # What was found in the database is not asked for once more.
        self._done: set[str] = set()
        self._silence: Unreachable | None = None

    async def database(self, url: str, journals: Sequence[Path]) -> None:
        """Removes what is stored and left, but for runs that go on."""
        spared = frozenset(read(file).run_id for file in journals if goes_on(file))
        for look in self._sweepers.of_database:
            try:
                found = await look(url, Old(self._age_s, spared, self._is_dry))
            except HarnessError as error:
                self.swept.left.append(f"what is stored: {error}")
                continue
            self.swept.left += [f"{one}: {one.kept}" for one in found if one.kept]
            self.swept.removed += [str(one) for one in found if not one.kept]
            self._done |= {str(one) for one in found if not one.kept}

    async def replay(self, file: Path) -> None:
        """Removes what a journal says is left."""
        try:
            with taken(file) as journal:
                account = read(file)
                if journal is None:
                    self.swept.going_on.append(account.run_id)
                else:
                    await self._remove(account, journal)
        except RecordsError as error:
            self.swept.unreadable.append(str(error))

    async def _remove(self, account: Account, journal: Taken) -> None:
        latest = datetime.now(UTC) - timedelta(seconds=self._age_s)
        for made in account.left:
            if made.at > latest:
                self.swept.younger += 1
            elif str(made) in self._done:
                if not self._is_dry:
                    journal.removed(made)
            elif self._is_dry:
                self.swept.removed.append(str(made))
            else:
                await self._remove_one(made, journal)

    async def _remove_one(self, made: Made, journal: Taken) -> None:
        try:
            was_there = await self._removed(made)
        except (HarnessError, AssertionError) as error:
            self._silence = error if isinstance(error, Unreachable) else self._silence
            self.swept.left.append(f"{made}: {error}")
            return
        journal.removed(made)
        (self.swept.removed if was_there else self.swept.absent).append(str(made))

    async def _removed(self, made: Made) -> bool:
        """Whether it was there to be removed."""
        if self._silence is not None:
            # Who does not answer would keep us waiting once for each.
            raise self._silence
        sweeper = self._sweepers.of_kind.get(made.kind)
        if sweeper is None:
            raise UsageError(f"no suite of {self._environment.name} has a sweeper for it")
        return await sweeper(self._environment, self._targets, made.name)


def of_place(journals: Sequence[Path], environment: Environment) -> tuple[list[Path], list[str]]:
    """The journals of an environment, and what is wrong with those that cannot be read."""
    found, problems = list[Path](), list[str]()
    for file in journals:
        try:
            if read(file).environment == place_of(environment):
                found.append(file)
        except RecordsError as error:
            problems.append(str(error))
    return found, problems


async def tidy(
    environment: Environment, directory: Path, targets: Mapping[str, Target]
) -> list[str]:
    """Removes what a run that has just ended has left; what could not be, with the reason.

    Args:
        directory: The run's.
    """
    file = directory / JOURNAL
    try:
        if not left_in(directory):
            return []
        sweep = Sweep(environment, targets)
        async with asyncio.timeout(TIDY_S):
            await sweep.replay(file)
    except (HarnessError, TimeoutError) as error:
        return [f"what {file} names: {error or f'not removed within {TIDY_S:g} s'}"]
    held = [f"what {file} names: somebody still writes to it" for _ in sweep.swept.going_on]
    return [*sweep.swept.left, *sweep.swept.unreadable, *held]
