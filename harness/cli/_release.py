"""What the commands of `release` do."""

import json
from collections.abc import Iterable

from harness.cli._exits import written
from harness.cli._ledger import Opened
from harness.cli._release_text import details, table, without
from harness.errors import HarnessError, UsageError
from harness.ledger import Entry, Event, History
from harness.records import now, plain
from harness.release_id import checked
from reports._printable import printable


def listed(found: Opened, output_format: str) -> None:
    _must_be(output_format)
    history = History(found.ledger.entries())
    if output_format == "json":
        _print_json([_summary(history, release) for release in history.releases()])
    else:
        _print(table(history, found.name, str(found.ledger)))


def shown(release: str, found: Opened, output_format: str) -> None:
    """Raises UsageError: the ledger knows no such release."""
    _must_be(output_format)
    history = _knowing(found, release)
    entries = [each for each in history.entries if release in (each.release, each.target)]
    if output_format == "json":
        _print_json([plain(entry) for entry in entries])
    else:
        _print(details(entries))


def noted(release: str, found: Opened, output_format: str) -> None:
    """Has the ledger know of a deploy that begins. Raises UsageError: it is no id of a release."""
    _must_be(output_format)
    checked(release)
    entry = Entry(event=Event.DEPLOYED, environment=found.name, release=release, at=now())
    found.ledger.append(entry)
    if output_format == "json":
        _print_json(plain(entry))
    else:
        _print([f"the ledger of {found.name} knows that a deploy of {release} begins"])


def forgotten(release: str, found: Opened, why: str, output_format: str) -> None:
    """Raises UsageError: the ledger knows no such release, or it is forgotten already."""
    _must_be(output_format)
    why = why.strip()
    if not why:
        raise UsageError("--why is empty; say why, for whoever reads the ledger later")
    standing = _knowing(found, release).standing(release)
    if standing is not None and standing.event is Event.FORGOTTEN:
        told = f"{release} is forgotten already, since {standing.at}: {standing.why}"
        raise UsageError(printable(told))
    entry = Entry(event=Event.FORGOTTEN, environment=found.name, release=release, at=now(), why=why)
    found.ledger.append(entry)
    if output_format == "json":
        _print_json(plain(entry))
    else:
        _print(without(release, History(found.ledger.entries())))


def _knowing(found: Opened, release: str) -> History:
    history = History(found.ledger.entries())
    known = history.releases()
    if release not in known:
        there = ", ".join(known) or "none yet"
        raise UsageError(
            printable(f"the ledger of {found.name} knows no release {release!r}; known: {there}")
        )
    return history


def _summary(history: History, release: str) -> dict[str, object]:
    last = next(each for each in reversed(history.entries) if each.release == release)
    standing = history.standing(release)
    target = history.next_target()
    attempt = history.rollback(release)
    return {
        "release": release,
        "standing": standing.event if standing else None,
        "environment": last.environment,
        "at": (standing or last).at,
        "run_id": (standing or last).run_id,
        "evidence": standing.evidence if standing else "",
        "rollback": [plain(entry) for entry in attempt if entry] if attempt else [],
        "is_rollback_target": target is not None and target.release == release,
    }


def _print_json(tree: object) -> None:
    _print(json.dumps(tree, indent=2).splitlines())


def _print(lines: Iterable[str]) -> None:
    problem = written("".join(f"{printable(line)}\n" for line in lines))
    if problem:
        raise HarnessError(problem)


def _must_be(output_format: str) -> None:
    if output_format not in ("text", "json"):
        raise UsageError(f"unknown format {output_format!r}; known: json, text")
