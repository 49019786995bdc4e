"""How much of the contract's tables a run has seen: `coverage.json`, `coverage.md`, and claims."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from harness.check import expect
from harness.closing import Claim
from harness.environment import Environment, find, parse
from harness.needs import lacking
from suites.journeys.observations import Seen, kept
from suites.journeys.permissions import Cell, matrix
from suites.keyarc.contract import Answer, answers

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A part of a table. `out_of_reach`: why no test can see it in this environment."""

    key: Seen
    name: str
    is_seen: bool
    out_of_reach: str | None

    @property
    def is_missing(self) -> bool:
        return not self.is_seen and self.out_of_reach is None

    @property
    def sign(self) -> str:
        return "seen" if self.is_seen else "not here" if self.out_of_reach else "**missing**"


class Coverage:
    """What a run has seen of what it could.

    Args:
        environment: What tests need and it does not have is out of reach.
        seen: By all processes of the run.
    """

    def __init__(self, environment: Environment, seen: frozenset[Seen]) -> None:
        self._environment = environment
        self.seen = seen
        self.answers = {each: self._of_answer(each) for each in answers()}
        self.cells = {each: self._of_cell(each) for each in matrix()}

    @property
    def possible(self) -> frozenset[Seen]:
        """All that is in the tables."""
        return frozenset(e.key for e in (*self.answers.values(), *self.cells.values()))

    @property
    def unknown(self) -> list[Seen]:
        """Answers that are in no table."""
        known = {entry.key for entry in self.answers.values()}
        return sorted(seen for seen in self.seen if seen[0] == "answer" and seen not in known)

    def service(self, name: str) -> list[Entry]:
        return [entry for each, entry in self.answers.items() if each.service == name]

    def _of_answer(self, each: Answer) -> Entry:
        key = ("answer", each.service, each.method, each.path, str(each.status))
        return self._entry(key, str(each), each.need)

    def _of_cell(self, cell: Cell) -> Entry:
        return self._entry(("cell", cell.who, cell.does), str(cell), cell.need)

    def _entry(self, key: Seen, name: str, need: str | None) -> Entry:
        why = lacking(self._environment, need) if need else None
        return Entry(key, name, key in self.seen, why)


def of_session(config: pytest.Config) -> Coverage:
    """What the session's run directory tells, once all tests have ended."""
    environment = parse(find(config.getoption("env"))).to_look_at()
    return Coverage(environment, kept(Path(config.getoption("run"))))


def pytest_keyarc_claims(config: pytest.Config) -> list[Claim]:
    services = dict.fromkeys(each.service for each in answers())
    return [
        *(
            Claim(
                f"coverage.{name}",
                f"Every answer that the contract promises of {name} is seen in this run.",
                FOLDER,
                partial(_all_of_service, config, name),
            )
            for name in services
        ),
        Claim(
            "coverage.permissions",
            "Every cell of the permission matrix is tried in this run.",
            FOLDER,
            partial(_all_cells, config),
        ),
    ]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if hasattr(config, "workerinput"):
        return
    run, coverage = Path(config.getoption("run")), of_session(config)
    if coverage.seen:
        tree, text = pages(coverage)
        (run / "coverage.json").write_text(tree)
        (run / "coverage.md").write_text(text)
        terminalreporter.write_line(f"coverage {run / 'coverage.md'}")


def _all_of_service(config: pytest.Config, name: str) -> None:
    nothing_is_missing(of_session(config).service(name))


def _all_cells(config: pytest.Config) -> None:
    nothing_is_missing(list(of_session(config).cells.values()))


def nothing_is_missing(entries: list[Entry]) -> None:
    """Raises ContractViolation: something could have been seen and was not, or nothing was."""
    expect("something was seen", expected=True, came=any(entry.is_seen for entry in entries))
    missing = [entry.name for entry in entries if entry.is_missing]
    expect("never seen", expected=[], came=missing)


def pages(coverage: Coverage) -> tuple[str, str]:
    """The coverage as JSON, and as Markdown."""
    return _json(coverage), _markdown(coverage)


def _json(coverage: Coverage) -> str:
    def told(entries: Iterable[Entry]) -> list[dict[str, object]]:
        return [
            {"what": list(e.key[1:]), "seen": e.is_seen, "out_of_reach": e.out_of_reach}
            for e in entries
        ]

    tree = {
        "answers": told(coverage.answers.values()),
        "cells": told(coverage.cells.values()),
        "in_no_table": [list(seen[1:]) for seen in coverage.unknown],
    }
    return f"{json.dumps(tree, indent=1)}\n"


def _markdown(coverage: Coverage) -> str:
    entries = [*coverage.answers.values(), *coverage.cells.values()]
    seen = sum(entry.is_seen for entry in entries)
    calls = {
        (f"{a.service} {a.method} {a.path}", str(a.status)): e for a, e in coverage.answers.items()
    }
    cells = {(cell.does, cell.who): entry for cell, entry in coverage.cells.items()}
    unknown = [f"* {' '.join(each[1:])}" for each in coverage.unknown]
    return "\n\n".join(
        [
            "# What this run has seen of the contract",
            f"{seen} of {len(entries)} entries were seen, "
            f"{sum(entry.is_missing for entry in entries)} are missing; the rest cannot be seen "
            "in this environment, for want of what `coverage.json` names.",
            "## Answers",
            _table("call", calls),
            "## Permissions",
            _table("action", cells),
            *(["## Answers in no table", "\n".join(unknown)] if unknown else []),
            "",
        ]
    )


def _table(corner: str, entries: dict[tuple[str, str], Entry]) -> str:
    """`entries`: by row and column."""
    rows = list(dict.fromkeys(row for row, _ in entries))
    columns = list(dict.fromkeys(column for _, column in entries))
    if corner == "call":
        columns.sort()
    lines = [[corner, *columns], ["---"] * (len(columns) + 1)]
    for row in rows:
        found = (entries.get((row, column)) for column in columns)
        lines.append([row, *(entry.sign if entry else "" for entry in found)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
