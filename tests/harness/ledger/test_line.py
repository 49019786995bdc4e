"""An entry as a line: nothing is lost, nothing is taken for granted."""

import json
from typing import Any

import pytest
from hypothesis import given

from harness.deployment import Artifact, Database
from harness.ledger import Entry, Event
from harness.ledger._line import entry_of, line_of
from tests.harness.ledger.noted import ENVIRONMENT, entries, noted, seeded

WHOLE = noted(
    vector={"a": Artifact(identity="sha256:1", reference="r", release="one")},
    database=Database(revision="7", oldest_compatible="5"),
)


@seeded
@given(entries())
def test_every_entry_is_read_as_it_was_written(entry: Entry) -> None:
    line = line_of(entry)
    assert entry_of(line, ENVIRONMENT) == entry
    assert line.isascii()
    assert line.isprintable()


@seeded
@given(entries())
def test_no_part_of_an_entry_passes_for_one(entry: Entry) -> None:
    line = line_of(entry)
    for end in range(1, len(line), 7):
        with pytest.raises(ValueError, match="is not JSON"):
            entry_of(line[:end], ENVIRONMENT)


def altered(**changes: Any) -> str:
    tree = json.loads(line_of(WHOLE)) | changes
    return json.dumps({key: value for key, value in tree.items() if value is not ...})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "is empty"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no JSON object"),
        ("{}", "is no entry: event: "),
        (altered(event="gone"), "is no entry: event: "),
        (altered(event=...), "is no entry: event: Field required"),
        (altered(release=7), "is no entry: release: "),
        (altered(release=""), "is no entry: release: names none"),
        (altered(release="\ud800"), "is no entry: "),
        (altered(at="yesterday"), "is no entry: at: not a time in UTC"),
        (altered(at="2027-01-31T09:30:00"), "is no entry: at: not a time in UTC"),
        (altered(at="2027-01-31T09:30:00+01:00"), "is no entry: at: not a time in UTC"),
        (altered(vector={"a": {}}), "is no entry: vector.a.identity: Field required"),
        (altered(vector={"a": {"identity": "i", "tag": "t"}}), "vector.a.tag: unknown key"),
        (altered(database={"revision": 7}), "is no entry: database.revision: "),
        (altered(verdict="GO"), "is no entry: verdict: unknown key"),
        (altered(version=2, event="promoted"), "was written by a newer keyarc-verify"),
        (altered(version=0), "is no entry: version: 0"),
        (altered(version="1"), "is no entry: version: "),
        (altered(environment="other"), "is of the environment 'other', not of 'some'"),
    ],
)
def test_what_is_no_entry_is_told(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"^is |^was ") as caught:
        entry_of(line, ENVIRONMENT)
    assert why in str(caught.value)


def test_a_line_in_another_encoding_is_no_entry() -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        entry_of(line_of(WHOLE).encode("utf-16"), ENVIRONMENT)


def test_what_a_newer_version_may_leave_out_is_what_it_is_unless_said() -> None:
    told = {"event": "no_go", "environment": "some", "release": "x", "at": "2027-01-31T09:30:00Z"}
    entry = entry_of(json.dumps(told | {"version": 1}), ENVIRONMENT)
    assert (entry.event, entry.vector, entry.database) == (Event.NO_GO, {}, None)
