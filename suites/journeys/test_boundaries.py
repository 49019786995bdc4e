"""The moments at which a secret expires, or its reminder falls due: by the server's own clock."""

import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest

from harness.check import expect
from harness.errors import NoData
from suites.journeys.crew import kept, secret
from suites.keyarc.person import Person, present
from suites.keyarc.stored import ExpiringSecret
from suites.keyarc.visit import Visit

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
# `Date` has whole seconds; and who answers may be a little ahead of it, or behind.
EARLY, LATE = 2 * SECOND, SECOND
PAUSE_S = 0.2
Seen = dict[UUID, ExpiringSecret]


def clock(person: Person) -> datetime:
    """What time it is where secrets expire; up to a second later, in fact."""
    written = person.keys.expiring.answer().headers["date"]
    return parsedate_to_datetime(written).replace(tzinfo=UTC)


def looked(person: Person, days: int) -> Seen:
    """What expires within so many days, by id."""
    return {each.id: each for each in person.keys.expiring(days=days, limit=100).items}


def around(person: Person, moment: datetime, days: int) -> tuple[Seen, Seen] | None:
    """What expires, as it is told the last time before a moment and the first time after it; None
    where all was too slow to look before."""
    before: Seen | None = None
    while True:
        since = clock(person)
        seen = looked(person, days)
        if since >= moment + LATE:
            return (before, seen) if before is not None else None
        if clock(person) + EARLY <= moment:
            before = seen
        time.sleep(PAUSE_S)


def test_a_moment_later_it_is_another_day(visit: Visit) -> None:
    """Days, reminder, window and expiry change at their moment: not before, and from then on."""
    with present(visit, quick=True) as person:
        for ahead_s in (3, 6, 12):
            moment = clock(person) + ahead_s * SECOND
            expired = kept(person, expires_at=moment, rotation_reminder_days=0).id
            ten = kept(person, expires_at=moment + 10 * DAY, rotation_reminder_days=10).id
            edge = kept(person, expires_at=moment + 30 * DAY).id
            if both := around(person, moment, 30):
                break
        else:
            raise NoData("no answer came in time before the moment")
        came = [_told(seen, id_) for id_ in (expired, ten) for seen in both]
        expected = [(0, False), (-1, True), (10, False), (9, True)]
        expect("days and reminder, before and after", expected=expected, came=came)
        is_listed = [edge in seen for seen in both]
        expect("what expires in 30 days is among it", expected=[False, True], came=is_listed)


def _told(seen: Seen, id_: UUID) -> tuple[int, bool] | None:
    return (seen[id_].days_until_expiry, seen[id_].reminder_due) if id_ in seen else None


@pytest.mark.parametrize("hours", [-12, -3.5, 0, 5.75, 14])
def test_a_moment_is_the_same_in_any_zone(owner: Person, hours: float) -> None:
    """An expiry is a moment: whatever offset it was told with, it is kept and shown in UTC."""
    zone = timezone(timedelta(hours=hours))
    moment = datetime(2040, 2, 29, 23, 59, 59, 999_999, tzinfo=zone)
    mine = kept(owner, expires_at=moment)
    seen = owner.keys.secret(mine.id).expires_at
    owner.keys.delete(mine.id)
    expect("the moment", expected=moment, came=seen)
    expect("its offset", expected=timedelta(0), came=seen and seen.utcoffset())


def test_a_time_without_a_zone_is_no_moment(owner: Person) -> None:
    """Nobody could say when it is: it is refused, and nothing is kept."""
    name, moment = owner.named("no zone"), datetime(2040, 1, 1)  # noqa: DTZ001  that is the point
    draft = secret(owner.keyring.vault_key, name=name, expires_at=moment)
    owner.keys.create.refused(422, draft)
    listed = [each.name for each in owner.keys.secrets(limit=100).items]
    expect("it is kept", expected=False, came=name in listed)


def test_what_has_expired_before_it_is_kept_is_told_at_once(owner: Person) -> None:
    """A certificate may be kept that has expired long ago; it is listed, however near one looks."""
    long_ago = datetime(1999, 12, 31, tzinfo=UTC)
    mine = kept(owner, type="cert", expires_at=long_ago, rotation_reminder_days=30)
    seen = {days: looked(owner, days).get(mine.id) for days in (0, 3650)}
    owner.keys.delete(mine.id)
    for days, found in seen.items():
        came = found and (found.days_until_expiry < -9000, found.reminder_due)
        expect(f"expired and due, within {days} days", expected=(True, True), came=came)


@pytest.mark.parametrize("days", ["-1", "0.5", "1e3", "soon", "", "99999999999999999999"])
def test_days_are_a_whole_number(owner: Person, days: str) -> None:
    """How far to look ahead is a number of days; anything else is refused."""
    # What no client of ours would ask.
    owner.keys.expiring.refused(422, days=days)  # type: ignore[arg-type]
