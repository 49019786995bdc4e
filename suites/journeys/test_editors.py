"""Two editors of one secret: none of them overwrites what they have not seen."""

from collections import Counter

import pytest

from harness.check import expect
from suites.journeys.crew import Crew, changed
from suites.keyarc.person import Person
from suites.keyarc.stored import KeptSecret
from suites.keyarc.waiting import at_once

AT_ONCE = 6


@pytest.fixture
def shared(crew: Crew, admin: Person) -> KeptSecret:
    """A secret that two may change."""
    crew.admit(admin, "admin")
    return crew.keep()


def test_the_second_editor_is_told(crew: Crew, admin: Person, shared: KeptSecret) -> None:
    """Who changes a version that is not the last one is refused, looks again, and can."""
    first = crew.owner.keys.update(shared.id, changed(crew.owner, "first"), if_match=shared.etag)
    admin.keys.update.refused(412, shared.id, changed(admin, "second"), if_match=shared.etag)
    seen = crew.owner.keys.secret(shared.id)
    expect(
        "what is there", expected=(admin.named("first"), first.etag), came=(seen.name, seen.etag)
    )
    admin.keys.update(shared.id, changed(admin, "second"), if_match=seen.etag)
    expect("after", expected=admin.named("second"), came=crew.owner.keys.secret(shared.id).name)


def test_a_change_names_the_version_that_it_knows(crew: Crew, shared: KeptSecret) -> None:
    """Without `If-Match` nothing is changed."""
    crew.owner.keys.update.refused(428, shared.id, changed(crew.owner), if_match=None)
    expect("ETag", expected=shared.etag, came=crew.owner.keys.secret(shared.id).etag)


def test_each_version_has_a_tag_of_its_own(crew: Crew, shared: KeptSecret) -> None:
    """The same content written again is a new version; reading makes none."""
    same = changed(crew.owner, "same", encrypted_value=crew.draft().encrypted_value)
    tags = [shared.etag]
    for _ in range(3):
        tags.append(crew.owner.keys.update(shared.id, same, if_match=tags[-1]).etag)
        seen = crew.owner.keys.secret(shared.id).etag
        expect("the ETag that is read", expected=tags[-1], came=seen)
    expect("each is another one", expected=4, came=len(set(tags)))


def test_of_many_at_once_one_succeeds(crew: Crew, admin: Person, shared: KeptSecret) -> None:
    """Whoever comes first changes it; all others are told, and nothing of theirs is there."""
    editors = [(crew.owner, admin)[number % 2] for number in range(AT_ONCE)]

    def edit(number: int) -> int:
        draft = changed(admin, f"editor {number}")
        return (
            editors[number].keys.update.answer(shared.id, draft, if_match=shared.etag).status_code
        )

    came = at_once(*(lambda number=number: edit(number) for number in range(AT_ONCE)))
    expect("statuses", expected={200: 1, 412: AT_ONCE - 1}, came=dict(Counter(came)))
    winner = admin.named(f"editor {came.index(200)}")
    expect("what is there", expected=winner, came=crew.owner.keys.secret(shared.id).name)


def test_who_is_too_late_for_a_deletion_is_told(crew: Crew, shared: KeptSecret) -> None:
    """A secret that has gone meanwhile is not brought back by a change."""
    crew.owner.keys.delete(shared.id)
    crew.owner.keys.update.refused(404, shared.id, changed(crew.owner), if_match=shared.etag)
    crew.owner.keys.delete.refused(404, shared.id)
