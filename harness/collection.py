"""The tests of one suite, as pytest collected them: a phase that runs them."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.environment import Environment
from harness.errors import UsageError
from harness.following import Following
from harness.model import Declared, Excluded
from harness.outage import Outage
from harness.plan import Plan, matches, shortfalls
from harness.redaction import Redactor
from harness.session import LONGEST_OUTPUT, Session
from harness.sweep import tidy

if TYPE_CHECKING:
    from harness.runner import Means
    from harness.verification import Verification

# Half a secret would not be found at the cut.
_MARGIN = 64 * 1024


@dataclass(frozen=True, slots=True)
class Collection:
    """The tests of a part, as they were collected; a phase that runs them.

    Attributes:
        words: What pytest is told.
        declared: The tests that are to run.
        excluded: What policy, or the environment file, keeps from running.
        left_out: What a selection keeps from running.
    """

    name: str
    words: tuple[str, ...]
    declared: tuple[Declared, ...]
    excluded: tuple[Excluded, ...] = ()
    left_out: tuple[str, ...] = ()

    def only(self, pattern: str) -> "Collection":
        """Those tests whose id matches. Raises UsageError: none does."""
        kept = tuple(test for test in self.declared if matches(test.id, pattern))
        if not kept:
            files = sorted({".".join(test.id.split(".")[:2]) for test in self.declared})
            raise UsageError(
                f"no test matches {pattern!r}; there are: "
                f"{', '.join(f'{file}.*' for file in files)}"
            )
        ids = {test.id for test in kept}
        rest = tuple(test.id for test in self.declared if test.id not in ids)
        return replace(self, declared=kept, left_out=rest)

    async def run(self, run: "Verification", means: "Means") -> None:
        """Reports each outcome to `run` as soon as it is certain; what pytest prints is kept.

        A session that does not come to its regular end is a trouble, and whatever it did not
        finish stays unfinished. Of a service that is down, no test has more to say than its own
        health check: where that fails, what is left of the tests is not run.
        """
        outage = Outage(run, means)
        promises = {test.id: test.promise for test in self.declared}
        following = Following(self.name, promises, run, outage.suspect)
        if run.blocker:
            following.blocked(run.blocker)
            return
        absent = (*(test.id for test in self.excluded), *self.left_out)
        session = Session(
            (
                *self.words,
                f"--run={run.directory.path}",
                *(f"--leave-out={id_}" for id_ in absent),
            ),
            following.on_line,
        )
        file = run.directory.path / f"{self.name}.txt"
        try:
            down = await _run(session, outage)
        finally:
            _keep(bytes(session.output), file, means.secrets, run)
            # Whoever tidies needs it alone; what is noted later opens it again.
            means.journal.close()
            for left in await tidy(run.environment, run.directory.path, means.targets()):
                run.trouble(f"left behind: {left}")
        if down:
            following.blocked(down)
            return
        for trouble in following.troubles(session.code):
            run.trouble(f"suite {self.name}: {trouble}; see {file.name}")


async def _run(session: Session, outage: Outage) -> str | None:
    """Runs the tests until they end, or a service does: then, its health check."""
    tests = asyncio.create_task(session.run())
    noticing = asyncio.create_task(outage.noticed())
    try:
        await asyncio.wait((tests, noticing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        is_over = tests.done()
        tests.cancel()
        noticing.cancel()
        await asyncio.gather(tests, noticing, return_exceptions=True)
    if is_over:
        tests.result()
    return await outage.looked() if noticing.cancelled() else noticing.result()


class Added(Protocol):
    """What joins a plan; see `Collection`."""

    @property
    def name(self) -> str: ...
    @property
    def declared(self) -> tuple[Declared, ...]: ...
    @property
    def excluded(self) -> tuple[Excluded, ...]: ...
    @property
    def left_out(self) -> tuple[str, ...]: ...


def joined(plan: Plan, environment: Environment, collections: Iterable[Added]) -> Plan:
    """A plan with the tests of parts, which are required as its checks are.

    Raises:
        UsageError: Two have the same id.
    """
    parts = list(collections)
    declared = [*plan.declared, *(test for part in parts for test in part.declared)]
    excluded = [*plan.excluded, *(test for part in parts for test in part.excluded)]
    ids = [test.id for test in declared] + [test.id for test in excluded]
    for id_, count in Counter(ids).items():
        if count > 1:
            raise UsageError(f"two checks have the id {id_}")
    short = shortfalls(environment, declared, [part.name for part in parts])
    return replace(
        plan,
        declared=tuple(declared),
        excluded=tuple(excluded),
        shortfalls=(*plan.shortfalls, *short),
        left_out=plan.left_out + sum(len(part.left_out) for part in parts),
    )


def _keep(output: bytes, file: Path, redactor: Redactor, run: "Verification") -> None:
    text = redactor.prose(output.decode("utf-8", "replace"))
    try:
        file.write_text(text[_MARGIN:] if len(output) >= LONGEST_OUTPUT else text)
    except OSError as error:
        run.trouble(f"cannot write {file}: {error.strerror}")
