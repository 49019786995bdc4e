"""`If-Match` as RFC 9110 has it: which versions of a secret a change may replace."""

from collections.abc import Iterator

import pytest

from harness.check import expect
from suites.journeys.crew import changed, kept
from suites.keyarc.person import Person
from suites.keyarc.stored import KeptSecret


@pytest.fixture
def mine(owner: Person) -> Iterator[KeptSecret]:
    """A secret whose first version has been replaced."""
    first = kept(owner)
    yield owner.keys.update(first.id, changed(owner, "second"), if_match=first.etag)
    owner.keys.delete(first.id)


def versions(owner: Person, mine: KeptSecret) -> str:
    """The ETag that is read."""
    return owner.keys.secret(mine.id).etag


@pytest.mark.parametrize(
    "form", ["*", "{}", '"another", {}', '{}, "another"', '"a,b" , {}', '"",{}', '{} , W/"1"']
)
def test_a_change_names_versions_that_it_may_replace(
    owner: Person, mine: KeptSecret, form: str
) -> None:
    """`*` stands for whatever there is, and of several versions one has to be the last."""
    after = owner.keys.update(mine.id, changed(owner, "third"), if_match=form.format(mine.etag))
    expect("it is another version", expected=True, came=after.etag != mine.etag)
    expect("the version that is read", expected=after.etag, came=versions(owner, mine))


@pytest.mark.parametrize("form", ['"another"', "W/{}", 'W/{}, "another"', '""'])
def test_a_change_of_another_version_is_refused(owner: Person, mine: KeptSecret, form: str) -> None:
    """Tags are compared strongly: a weak one is that of no version."""
    draft = changed(owner, "too late")
    owner.keys.update.refused(412, mine.id, draft, if_match=form.format(mine.etag))
    expect("the version that is read", expected=mine.etag, came=versions(owner, mine))


@pytest.mark.parametrize("form", ["another", "{}another", '"open', "{}; q=1", "", ","])
def test_what_is_no_tag_is_refused(owner: Person, mine: KeptSecret, form: str) -> None:
    """What cannot be read as tags is refused as bad input, and changes nothing."""
    tag = mine.etag.strip('"') if form == "another" else mine.etag
    draft = changed(owner, "unread")
    owner.keys.update.refused(422, mine.id, draft, if_match=form.format(tag))
    expect("the version that is read", expected=mine.etag, came=versions(owner, mine))
