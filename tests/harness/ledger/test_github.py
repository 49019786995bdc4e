"""The ledger as Deployments, against a stand-in for GitHub: what is kept comes back."""

import json
import threading
from typing import Any

import pytest
from hypothesis import given, settings

from harness.errors import LedgerError
from harness.ledger import Entry, Event
from harness.ledger.github import open_ledger
from tests.harness.ledger.noted import entries, noted, seeded
from tests.harness.ledger.on_github import SETTINGS, ledger, told
from tests.harness.ledger.stand_in import REPOSITORY, Answer, GitHub


def test_entries_come_back_as_they_were_in_their_order(github: GitHub) -> None:
    given_ones = [noted(Event.DEPLOYED), noted(Event.GO, why="sound"), noted(Event.NO_GO, "two")]
    for entry in given_ones:
        ledger(github).append(entry)
    assert ledger(github).entries() == given_ones


def test_an_empty_ledger_has_no_entries(github: GitHub) -> None:
    assert ledger(github).entries() == []


@settings(seeded, max_examples=40)
@given(entries())
def test_every_entry_comes_back_exactly(github: GitHub, entry: Entry) -> None:
    github.deployments.clear()
    ledger(github).append(entry)
    assert ledger(github).entries() == [entry]


def test_all_pages_are_read(github: GitHub) -> None:
    github.largest_page = 3
    for number in range(8):
        ledger(github).append(noted(release=str(number)))
    github.requests.clear()
    assert [entry.release for entry in ledger(github).entries()] == list("01234567")
    # The largest page that there is: each request counts against a limit.
    assert [each.query["per_page"] for each in github.requests] == ["100"] * 3


def test_the_oldest_comes_first_by_time_and_then_by_number(github: GitHub) -> None:
    for number in range(12):
        ledger(github).append(noted(release=str(number)))
    # As numbers: 9 before 10. And the clock decides before they do.
    github.deployments[0]["created_at"] = "2099-01-01T00:00:00Z"
    found = [entry.release for entry in ledger(github).entries()]
    assert found == [*map(str, range(1, 12)), "0"]


def test_what_comes_on_two_pages_is_one_entry(github: GitHub) -> None:
    """Another gate adds one while the pages are read, and all others move on by one."""
    github.largest_page = 2
    for number in range(4):
        ledger(github).append(noted(release=str(number)))
    late = ledger(github)

    def first_page(request: Any) -> Answer:
        page = github._page(request)
        github.deployments.append({**github.deployments[-1], "id": 5, "payload": other})
        return page

    other = {**github.deployments[0]["payload"], "key": "of another"}
    github.instead = [first_page]
    assert [entry.release for entry in late.entries()] == list("0123")


def test_deployments_of_others_are_left_alone(github: GitHub) -> None:
    ledger(github).append(noted())
    for other in ({"task": "deploy", "payload": {}}, {"environment": "other"}):
        github.deployments.append({**github.deployments[0], "id": 7, **other})
    assert ledger(github).entries() == [noted()]
    # A server that does not know the filter.
    github.instead = [told(200, github.deployments[:2])]
    assert ledger(github).entries() == [noted()]


def test_a_payload_that_comes_as_text_is_read_as_well(github: GitHub) -> None:
    ledger(github).append(noted())
    deployment = github.deployments[0]
    deployment["payload"] = json.dumps(deployment["payload"])
    assert ledger(github).entries() == [noted()]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({}, "holds no entry"),
        ("", "holds no entry"),
        ([], "holds no entry"),
        ({"entry": "{"}, "is not JSON"),
        ({"entry": '{"version": 2}'}, "was written by a newer keyarc-verify"),
    ],
)
def test_a_damaged_entry_is_named(github: GitHub, payload: object, why: str) -> None:
    for number in range(3):
        ledger(github).append(noted(release=str(number)))
    github.deployments[1]["payload"] = payload
    with pytest.raises(LedgerError, match=f"deployment 2 of {REPOSITORY}, .*: {why}"):
        ledger(github).entries()


def test_an_entry_of_another_environment_is_neither_read_nor_taken(github: GitHub) -> None:
    other = open_ledger({**SETTINGS, "api_url": github.url}, "other")
    other.append(noted(environment="other"))
    github.deployments[0]["environment"] = "some"
    with pytest.raises(LedgerError, match="is of the environment 'other', not of 'some'"):
        ledger(github).entries()
    with pytest.raises(LedgerError, match="is of the environment 'other', not of 'some'"):
        ledger(github).append(noted(environment="other"))
    assert len(github.deployments) == 1


def test_writers_at_once_lose_nothing(github: GitHub) -> None:
    def write(writer: int) -> None:
        for number in range(5):
            ledger(github).append(noted(release=f"{writer}-{number}"))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len({entry.release for entry in ledger(github).entries()}) == 20
