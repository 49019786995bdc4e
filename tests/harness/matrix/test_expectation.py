"""What should be seen of a system in which something is broken, from its graph alone."""

from typing import Any

import pytest

from harness.faults import Fault, Place, Seen
from harness.matrix.expectation import Expected, expected, users
from harness.matrix.trial import Broken
from tests.harness.matrix.shop import shop


def broken(place: Place, seen: Seen, kind: str = "network") -> Broken:
    class Odd(Fault):
        """Something odd."""

        at = "service"
        needs = frozenset()

        async def inject(self, *_: Any) -> None: ...

        async def heal(self, *_: Any) -> None: ...

    Odd.seen, Odd.kind = seen, kind  # type: ignore[assignment]  # one of its words
    return Broken("odd", Odd(), place)


FAIL = Seen(health="fail")


def fails(*names: str) -> Expected:
    return Expected("fail", frozenset(names))


def test_with_nothing_broken_all_pass() -> None:
    assert set(expected(shop(), []).values()) == {Expected()}


def test_a_broken_way_is_told_by_who_goes_it_and_by_those_who_need_that_one() -> None:
    found = expected(shop(), [broken(Place("store", "db"), FAIL)])
    assert found == {
        "store": fails("db"),
        "api": fails("store"),
        "page": fails("api"),
        "help": Expected(),
    }


def test_a_silent_service_is_named_by_those_who_need_it() -> None:
    found = expected(shop(), [broken(Place("store"), Seen(health="fail", silent=True))])
    assert (found["store"].health, found["api"]) == ("silent", fails("store"))


def test_a_broken_database_is_named_by_all_who_need_it() -> None:
    found = expected(shop(), [broken(Place("db"), FAIL)])
    assert found["api"] == fails("db", "store")
    assert found["store"] == fails("db")


def test_what_can_be_borne_is_not_told() -> None:
    found = expected(shop(), [broken(Place("store", "db"), Seen(health="pass", users="fine"))])
    assert {one.health for one in found.values()} == {"pass"}


def test_what_comes_and_goes_may_be_told_up_the_graph_and_nowhere_else() -> None:
    found = expected(shop(), [broken(Place("api", "db"), Seen(health="any", users="any"))])
    assert {name: one.health for name, one in found.items()} == {
        "store": "pass",
        "api": "any",
        "page": "any",
        "help": "pass",
    }


def test_only_who_is_started_anew_may_lose_its_life_for_a_moment() -> None:
    found = expected(shop(), [broken(Place("store"), Seen(health="pass"), "settings")])
    assert [name for name, one in found.items() if one.restarts] == ["store"]
    assert {name for name, one in found.items() if one.settles} == {"store", "api", "page"}


def test_of_two_faults_the_worse_is_told_and_all_is_named() -> None:
    silent = broken(Place("store"), Seen(health="fail", silent=True))
    found = expected(shop(), [silent, broken(Place("api", "db"), FAIL)])
    assert found["store"].health == "silent"
    assert found["api"] == fails("store", "db")


def test_who_comes_and_goes_cannot_go_on_telling_of_anything() -> None:
    loop = broken(Place("api"), Seen(health="any", users="any"), "process")
    found = expected(shop(), [loop, broken(Place("store", "db"), FAIL)])
    assert (found["api"].health, found["api"].names) == ("any", frozenset())
    assert found["store"] == fails("db")


@pytest.mark.parametrize(
    ("place", "through", "hears"),
    [
        (Place("store", "db"), {"api", "store"}, "errors"),
        (Place("store", "db"), {"api"}, "fine"),
        (Place("api", "store"), {"api"}, "fine"),
        (Place("api", "store"), {"api", "store"}, "errors"),
        (Place("store"), {"store"}, "errors"),
        (Place("store"), {"help"}, "fine"),
        (Place("db"), {"store"}, "errors"),
        (Place("db"), {"help"}, "fine"),
    ],
)
def test_who_does_not_come_to_it_does_not_hear_of_it(
    place: Place, through: set[str], hears: str
) -> None:
    assert users(shop(), [broken(place, FAIL)], frozenset(through)) == hears
