"""What the entries say, taken together: each rule, and all of them against a slow reading."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.deployment import Artifact, Vector
from harness.ledger import Entry, Event, History
from harness.model import Action
from tests.harness.ledger.noted import noted, seeded

GO, NO_GO, DEPLOYED, FORGOTTEN = Event.GO, Event.NO_GO, Event.DEPLOYED, Event.FORGOTTEN
BEGUN, ENDED = Event.ROLLBACK_BEGUN, Event.ROLLBACK_ENDED
VERIFIED = Action.ROLLED_BACK_VERIFIED


def history(*told: tuple[Event, str]) -> History:
    return History([noted(event, release) for event, release in told])


def vector_of(release: str) -> Vector:
    return noted(GO, release).vector


def target(found: History, bad: str | None = None, running: Vector | None = None) -> str | None:
    entry = found.target(bad, running)
    return entry.release if entry else None


def test_the_last_go_is_the_target() -> None:
    assert target(history((GO, "one"), (GO, "two"), (DEPLOYED, "three")), "three") == "two"


def test_without_a_go_there_is_no_target() -> None:
    assert target(history()) is None
    assert target(history((DEPLOYED, "one"), (NO_GO, "two"), (ENDED, "two")), "three") is None


def test_the_bad_release_is_never_the_target_whatever_it_once_earned() -> None:
    assert target(history((GO, "one"), (GO, "two")), "two") == "one"
    assert target(history((GO, "one")), "one") is None


def test_a_go_that_was_taken_back_since_counts_no_more() -> None:
    assert target(history((GO, "one"), (GO, "two"), (NO_GO, "two")), "three") == "one"


def test_a_release_that_earned_go_again_is_a_target_again() -> None:
    found = history((GO, "one"), (NO_GO, "one"), (GO, "one"))
    assert target(found, "two") == "one"


@pytest.mark.parametrize("again", [(DEPLOYED, "one"), (NO_GO, "one"), (FORGOTTEN, "one")])
def test_a_forgotten_release_is_none_until_it_earns_go_again(again: tuple[Event, str]) -> None:
    told = ((GO, "one"), (FORGOTTEN, "one"), again)
    assert target(history(*told), "two") is None
    assert target(history(*told, (GO, "one")), "two") == "one"


def test_what_runs_already_is_no_target() -> None:
    found = history((GO, "one"), (GO, "two"))
    assert target(found, "three", vector_of("two")) == "one"
    assert target(found, None, vector_of("one")) == "two"


def test_what_runs_is_told_by_its_artifacts_not_by_its_id() -> None:
    same = {"a": Artifact(identity="sha256:two", reference="another-tag", release="renamed")}
    assert target(history((GO, "one"), (GO, "two")), "renamed", same) == "one"


def test_a_release_that_was_rolled_back_from_is_none_even_without_a_no_go() -> None:
    """By hand, say: the next bad release must not bring it back."""
    left = noted(BEGUN, "two", target="one")
    ended = noted(ENDED, "two", target="one", action=VERIFIED)
    told = [noted(GO, "one"), noted(GO, "two"), left, ended]
    assert target(History(told), "three") == "one"
    assert target(History(told[:3]), "three") == "one"
    assert target(History([*told, noted(GO, "two")]), "three") == "two"


def test_a_go_without_a_vector_cannot_be_brought_back() -> None:
    told = [noted(GO, "one"), noted(GO, "two", vector={})]
    assert target(History(told), "three") == "one"


def test_the_target_has_the_vector_of_its_last_go() -> None:
    moved = {"a": Artifact(identity="sha256:moved")}
    found = History([noted(GO, "one"), noted(GO, "one", vector=moved)]).target("two", None)
    assert found is not None
    assert found.vector == moved


def test_the_older_vector_of_a_release_is_no_target_while_the_newer_runs() -> None:
    moved = {"a": Artifact(identity="sha256:moved")}
    told = History([noted(GO, "one"), noted(GO, "one", vector=moved)])
    assert target(told, None, moved) is None


def test_the_standing_is_the_last_verdict() -> None:
    found = history((GO, "one"), (NO_GO, "one"), (DEPLOYED, "one"), (BEGUN, "one"))
    standing = found.standing("one")
    assert standing is not None
    assert standing.event is NO_GO
    assert found.standing("two") is None
    assert history((DEPLOYED, "one")).standing("one") is None


def test_an_unfinished_rollback_is_found_again() -> None:
    found = history((GO, "one"), (NO_GO, "two"), (BEGUN, "two"))
    assert found.rollback("two") == (found.entries[2], None)
    assert found.rollback("one") is None


def test_a_finished_rollback_is_found_with_its_end() -> None:
    found = history((NO_GO, "two"), (BEGUN, "two"), (ENDED, "two"), (DEPLOYED, "two"))
    assert found.rollback("two") == (found.entries[1], found.entries[2])


def test_the_end_of_another_releases_rollback_ends_nothing() -> None:
    found = history((BEGUN, "two"), (BEGUN, "three"), (ENDED, "three"))
    assert found.rollback("two") == (found.entries[0], None)


def test_a_second_beginning_is_unfinished_until_it_has_its_own_end() -> None:
    found = history((BEGUN, "two"), (ENDED, "two"), (BEGUN, "two"))
    assert found.rollback("two") == (found.entries[2], None)


@pytest.mark.parametrize("event", [GO, FORGOTTEN])
def test_a_rollback_before_a_new_go_or_a_forgetting_is_over(event: Event) -> None:
    assert history((BEGUN, "two"), (ENDED, "two"), (event, "two")).rollback("two") is None


def test_a_redeploy_or_a_second_no_go_is_no_leave_for_a_second_rollback() -> None:
    found = history((BEGUN, "two"), (ENDED, "two"), (DEPLOYED, "two"), (NO_GO, "two"))
    assert found.rollback("two") is not None


def test_an_end_without_a_beginning_is_no_rollback() -> None:
    assert history((ENDED, "two")).rollback("two") is None


@pytest.mark.parametrize(
    ("told", "latest"),
    [
        ([], None),
        ([noted(DEPLOYED, "one"), noted(FORGOTTEN, "two")], "one"),
        ([noted(BEGUN, "two", target="one")], "two"),
        ([noted(ENDED, "two", target="one", action=Action.ROLLBACK_FAILED)], "two"),
        ([noted(ENDED, "two", target="one", action=VERIFIED)], "one"),
    ],
)
def test_what_runs_is_what_was_deployed_or_verified_last(
    told: list[Entry], latest: str | None
) -> None:
    assert History(told).latest() == latest


def test_the_next_target_is_never_what_runs() -> None:
    found = history((GO, "one"), (GO, "two"), (DEPLOYED, "three")).next_target()
    assert found is not None
    assert found.release == "two"
    found = history((GO, "one"), (GO, "two")).next_target()
    assert found is not None
    assert found.release == "one"


def test_releases_are_told_once_the_last_heard_of_first() -> None:
    found = history((GO, "one"), (GO, "two"), (NO_GO, "one"))
    assert found.releases() == ["one", "two"]


RELEASES = ("one", "two", "three")
told_entries = st.lists(
    st.builds(
        noted,
        st.sampled_from(Event),
        st.sampled_from(RELEASES),
        # Few vectors, so that releases share some, and the empty one.
        vector=st.sampled_from([{}, *map(vector_of, ("p", "q"))]),
    ),
    max_size=12,
)
vectors = st.sampled_from([None, *map(vector_of, ("p", "q"))])


def allowed(entries: Sequence[Entry], index: int, bad: str | None, running: Vector | None) -> bool:
    """Whether an entry may be gone back to, read slowly, rule by rule."""
    entry = entries[index]
    later = [each for each in entries[index + 1 :] if each.release == entry.release]
    return (
        entry.event is GO
        and entry.release != bad
        and bool(entry.vector)
        and entry.vector != running
        and not any(each.event in (GO, NO_GO, FORGOTTEN, BEGUN) for each in later)
    )


@settings(seeded, max_examples=500)
@given(told_entries, st.none() | st.sampled_from(RELEASES), vectors)
@example([noted(GO, "one")], "one", None)
def test_the_target_is_the_last_entry_that_no_rule_forbids(
    entries: list[Entry], bad: str | None, running: Vector | None
) -> None:
    good = [e for i, e in enumerate(entries) if allowed(entries, i, bad, running)]
    found = History(entries).target(bad, running)
    assert found is (good[-1] if good else None)


@seeded
@given(told_entries, st.sampled_from(RELEASES), vectors)
def test_a_go_of_another_release_takes_no_target_away(
    entries: list[Entry], bad: str, running: Vector | None
) -> None:
    more = [*entries, noted(GO, "new", vector={"a": Artifact(identity="new")})]
    assert target(History(more), bad, running) == "new"


@seeded
@given(told_entries, st.sampled_from(RELEASES))
def test_whoever_is_forgotten_is_neither_target_nor_rolled_back(
    entries: list[Entry], release: str
) -> None:
    found = History([*entries, noted(FORGOTTEN, release)])
    assert target(found) != release
    assert found.rollback(release) is None
