"""What expires soon, or has, is told in time."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

from services.keys import expiring as service
from tests.services.keys.world import Person, Team, World, items

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def after(left: timedelta) -> str:
    return (datetime.now(UTC) + left).isoformat()


def expiring(person: Person, **params: Any) -> list[dict[str, Any]]:
    return items(person.get("/secrets/expiring", **params))


# From now until expiry; the reminder's days; days until expiry; whether the reminder is due.
CASES = [
    (10 * DAY + HOUR, 5, 10, False),
    (10 * DAY - HOUR, 10, 9, True),
    (10 * DAY + HOUR, 10, 10, False),
    (HOUR, 0, 0, False),
    (HOUR, 1, 0, True),
    (HOUR, None, 0, False),
    (-HOUR, 0, -1, True),
    (-HOUR, None, -1, False),
    (-DAY - HOUR, 3650, -2, True),
    (-400 * DAY - HOUR, 1, -401, True),
]


@pytest.mark.parametrize(("left", "reminder_days", "days", "due"), CASES)
def test_days_are_whole_and_reminders_due_in_time(
    ada: Person, left: timedelta, reminder_days: int | None, days: int, due: bool
) -> None:
    secret = ada.secret(expires_at=after(left), rotation_reminder_days=reminder_days)
    expected = secret | {"days_until_expiry": days, "reminder_due": due}
    assert [expected] == expiring(ada)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["past", "29 days"]),
        ({"days": 30}, ["past", "29 days"]),
        ({"days": 31}, ["past", "29 days", "30 days"]),
        ({"days": 0}, ["past"]),
        ({"days": 3650}, ["past", "29 days", "30 days", "ten years"]),
    ],
)
def test_window_is_in_days_from_now(
    ada: Person, params: dict[str, int], expected: list[str]
) -> None:
    ada.secret(name="never")
    ada.secret(name="past", expires_at="0001-01-01T00:00:00.000001Z", rotation_reminder_days=3650)
    ada.secret(name="29 days", expires_at=after(30 * DAY - HOUR))
    ada.secret(name="30 days", expires_at=after(30 * DAY + HOUR))
    ada.secret(name="ten years", expires_at=after(3650 * DAY - HOUR))
    ada.secret(name="last", expires_at="9999-12-31T23:59:59.999998Z")
    assert expected == ada.names("/secrets/expiring", **params)


NOW = datetime(2030, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Frozen(datetime):
    """A clock that stands at `NOW`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # no own kind
        return NOW.astimezone(tz)


@pytest.mark.parametrize(
    ("left", "days", "due"),
    [
        (7 * DAY - MICROSECOND, 6, True),
        (7 * DAY, 7, True),
        (7 * DAY + MICROSECOND, 7, False),
        (timedelta(), 0, True),
        (-MICROSECOND, -1, True),
        (-DAY, -1, True),
        (-DAY - MICROSECOND, -2, True),
        (30 * DAY, 30, False),
        (30 * DAY + MICROSECOND, None, False),
    ],
)
def test_boundaries_are_exact(
    ada: Person, monkeypatch: pytest.MonkeyPatch, left: timedelta, days: int | None, due: bool
) -> None:
    monkeypatch.setattr(service, "datetime", Frozen)
    ada.secret(expires_at=(NOW + left).isoformat(), rotation_reminder_days=7)
    found = [(each["days_until_expiry"], each["reminder_due"]) for each in expiring(ada)]
    assert found == ([] if days is None else [(days, due)])


def test_secrets_of_own_teams_are_in_and_others_not(ada: Person, team: Team, world: World) -> None:
    soon = after(DAY)
    team.owner.secret(name="team's", expires_at=soon, **team.owned)
    team.owner.secret(name="owner's", expires_at=soon)
    team.member.secret(name="own", expires_at=soon)
    ada.secret(name="stranger's", expires_at=soon)
    assert team.member.names("/secrets/expiring") == ["team's", "own"]
    world.leave(team.id, team.member)
    assert team.member.names("/secrets/expiring") == ["own"]


@pytest.mark.parametrize("days", ["-1", "3651", "x", "1.5", "NaN", "1e999", "", "9" * 5000])
def test_days_out_of_bounds_are_422(ada: Person, days: str) -> None:
    assert ada.get("/secrets/expiring", days=days).status_code == 422
