"""How often, and which chance."""

import pytest

from harness.errors import UsageError
from suites.journeys.chance import ROUNDS, ROUNDS_VARIABLE, SEED_VARIABLE, chance, rounds


@pytest.mark.parametrize(("given", "came"), [("", ROUNDS), ("1", 1), ("500", 500)])
def test_rounds_are_as_many_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, given: str, came: int
) -> None:
    monkeypatch.setenv(ROUNDS_VARIABLE, given)
    assert rounds() == came


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "many", " "])
def test_no_number_of_rounds_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(ROUNDS_VARIABLE, given)
    with pytest.raises(UsageError, match="must be a whole number above 0, such as 100"):
        rounds()


def test_one_seed_is_one_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [chance("a").random() for _ in range(2)]
    assert drawn[0] == drawn[1] != chance("b").random()
    monkeypatch.setenv(SEED_VARIABLE, "another")
    assert chance("a").random() != drawn[0]
