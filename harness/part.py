"""A part of a verdict: a suite of plain pytest tests, run in a process of its own.

    part = find_part("journeys")
    collection = await part.declare(environment, file, redactor)     # before the first request
    verification.plan = joined(plan, environment, [collection])
    verification.phases = (*phases, Limited(part.name, collection, limit_s))

A suite of our own checks is no such part: its `package` joins the environment's `suites`.

What a test's end means: an assertion, `pytest.fail` and an expected failure are a `fail`; any other
exception, and whatever happens as it is set up or taken down, an `error`; a skip is `skipped`, so
the run is no GO. What may fail or need not run is said in the environment file's `checks`, nowhere
else. In a read-only environment only tests that are marked `read_only` run. Of pytest's plugins
those for timeouts and workers are loaded, where they are installed; others are named in the suite's
own `pytest.ini` or `conftest.py`.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from harness.check import Check
from harness.collection import Collection
from harness.environment import Environment
from harness.errors import UsageError
from harness.model import Declared, Excluded
from harness.needs import lacking
from harness.plan import Allowances
from harness.redaction import Redactor
from harness.session import Session
from harness.suite import Folder, find_folder

_COLLECTED_WITHIN_S = 120.0
_SHOWN_LINES = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A suite that was asked for by name. `package` where it holds checks instead of tests."""

    folder: Folder

    @property
    def name(self) -> str:
        return self.folder.path.name

    @property
    def package(self) -> str | None:
        return None if self.folder.holds_tests else self.folder.package

    async def declare(
        self, environment: Environment, file: Path, redactor: Redactor, *, rehearse: bool = False
    ) -> Collection:
        """Has pytest collect its tests; nothing of them runs.

        Raises:
            UsageError: There is none, or not all can be collected, or none may run there.
        """
        assert self.package is None, "checks join the plan"
        words = (str(self.folder.path), f"--env={file}", *["--rehearse"] * rehearse)
        told: dict[str, list[dict[str, Any]]] = {"test": [], "trouble": [], "finished": []}

        def on_line(line: bytes) -> None:
            said = json.loads(line)
            told[said["kind"]].append(said)

        session = Session((*words, "--collect-only", "-q"), on_line)
        try:
            async with asyncio.timeout(_COLLECTED_WITHIN_S):
                await session.run()
        except TimeoutError:
            raise UsageError(
                f"suite {self.name} was not collected within {_COLLECTED_WITHIN_S:g} s"
            ) from None
        ids = [test["id"] for test in told["test"]]
        troubles = [said["text"] for said in told["trouble"]]
        troubles = troubles or list(_troubles(session, ids, told["finished"]))
        if troubles:
            said = redactor.prose("\n".join(troubles))
            raise UsageError(f"suite {self.name} cannot be used: {said}")
        return self._collection(environment, words, told["test"], redactor)

    def _collection(
        self,
        environment: Environment,
        words: tuple[str, ...],
        tests: list[dict[str, Any]],
        redactor: Redactor,
    ) -> Collection:
        _must_match(environment, self.name, [test["id"] for test in tests])
        allowances = Allowances(environment, datetime.now(UTC).date())
        declared, excluded = list[Declared](), list[Excluded]()
        for test in tests:
            id_, promise = redactor.text(test["id"]), redactor.text(test["promise"])
            check = Check(id=test["id"], service=None, function=_elsewhere, writes=test["writes"])
            reason = allowances.exclusion(check, ()) or _lacking(environment, test["needs"])
            if reason:
                excluded.append(Excluded(id=id_, reason=reason, promise=promise))
            else:
                declared.append(replace(allowances.declared(check), id=id_, promise=promise))
        if not declared:
            raise UsageError(
                f"no test of suite {self.name} may run in {environment.name}: {excluded[0].reason}"
            )
        return Collection(self.name, words, tuple(declared), tuple(excluded))


def find_part(name: str) -> Part:
    """A suite by its name, such as `journeys` or `suites.smoke`, or by its folder.

    Raises:
        UsageError: There is none; lists the known ones.
    """
    return Part(find_folder(name))


def _troubles(session: Session, ids: list[str], finished: list[dict[str, Any]]) -> Iterable[str]:
    """What is wrong with a collection beside what pytest has told of itself."""
    for id_, count in Counter(ids).items():
        if count > 1:
            yield f"{count} tests have the id {id_}"
    if [session.code] != [said["code"] for said in finished] or session.code not in (0, 5):
        said = bytes(session.output).decode("utf-8", "replace").strip().splitlines()
        yield "\n".join([f"pytest ended with {session.code}", *said[-_SHOWN_LINES:]])
    elif not ids:
        yield "it holds no test"


def _lacking(environment: Environment, needs: Iterable[str]) -> str | None:
    return next(filter(None, (lacking(environment, need) for need in needs)), None)


async def _elsewhere() -> None:
    raise NotImplementedError


def _must_match(environment: Environment, name: str, ids: Iterable[str]) -> None:
    known = sorted(ids)
    for pattern in environment.checks:
        of_it = pattern.partition(".")[0] == name
        if of_it and not any(fnmatchcase(id_, pattern) for id_ in known):
            raise UsageError(
                f"checks: {pattern}: no test has this id; there are: {', '.join(known)}"
            )
