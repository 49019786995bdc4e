"""What expires, and when somebody is to be reminded of it."""

from datetime import UTC, datetime, timedelta

import pytest

from harness.check import expect
from suites.journeys.crew import Crew, changed, kept
from suites.keyarc.person import Person
from suites.keyarc.stored import ExpiringSecret

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def expiring(person: Person, **asked: int) -> dict[object, ExpiringSecret]:
    """All that expires, by id."""
    found: dict[object, ExpiringSecret] = {}
    cursor: str | None = None
    while True:
        page = person.keys.expiring(limit=100, cursor=cursor, **asked)
        found |= {secret.id: secret for secret in page.items}
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (10 * DAY + HOUR, 10),
        (10 * DAY - HOUR, 9),
        (DAY + HOUR, 1),
        (DAY - HOUR, 0),
        (HOUR, 0),
        (-HOUR, -1),
        (-DAY + HOUR, -1),
        (-DAY - HOUR, -2),
    ],
    ids=lambda value: str(value).replace(", ", " and "),
)
def test_days_are_rounded_down(owner: Person, left: timedelta, days: int) -> None:
    """Whole days until it expires, negative once it has."""
    secret = kept(owner, expires_at=datetime.now(UTC) + left)
    found = expiring(owner).get(secret.id)
    owner.keys.delete(secret.id)
    expect("days_until_expiry", expected=days, came=found and found.days_until_expiry)


@pytest.mark.parametrize(
    ("left", "reminder_days", "due"),
    [
        (10 * DAY + HOUR, 10, False),
        (10 * DAY - HOUR, 10, True),
        (10 * DAY + HOUR, 11, True),
        (HOUR, 0, False),
        (-HOUR, 0, True),
        (HOUR, None, False),
        (-HOUR, None, False),
    ],
    ids=lambda value: str(value).replace(", ", " and "),
)
def test_a_reminder_is_due_so_many_days_before(
    owner: Person, left: timedelta, reminder_days: int | None, due: bool
) -> None:
    """From `rotation_reminder_days` before the expiry on; where there are none, never."""
    expires_at = datetime.now(UTC) + left
    secret = kept(owner, expires_at=expires_at, rotation_reminder_days=reminder_days)
    found = expiring(owner).get(secret.id)
    owner.keys.delete(secret.id)
    expect("reminder_due", expected=due, came=found and found.reminder_due)


def test_what_expires_later_is_not_asked_for(owner: Person) -> None:
    """`days` is how far one looks ahead; what has expired is always in."""
    now = datetime.now(UTC)
    past, soon = kept(owner, expires_at=now - DAY), kept(owner, expires_at=now + 5 * DAY)
    never = kept(owner)
    seen = {days: expiring(owner, days=days).keys() for days in (0, 4, 6)}
    for secret in (past, soon, never):
        owner.keys.delete(secret.id)
    wanted = {past.id, soon.id, never.id}
    came = {days: wanted & found for days, found in seen.items()}
    expected = {0: {past.id}, 4: {past.id}, 6: {past.id, soon.id}}
    expect("what is listed", expected=expected, came=came)


def test_what_a_team_has_expires_for_its_members(crew: Crew, member: Person, other: Person) -> None:
    """Members are told of the team's secrets, and nobody else is."""
    crew.admit(member)
    ours = crew.keep(expires_at=datetime.now(UTC) + DAY)
    came = [ours.id in expiring(person) for person in (crew.owner, member, other)]
    expect("owner, member and other are told", expected=[True, True, False], came=came)


def test_a_rotated_secret_expires_no_more(owner: Person) -> None:
    """A change that names no expiry takes it away."""
    secret = kept(owner, expires_at=datetime.now(UTC) + DAY)
    owner.keys.update(secret.id, changed(owner), if_match=secret.etag)
    listed = secret.id in expiring(owner)
    owner.keys.delete(secret.id)
    expect("it is listed", expected=False, came=listed)
