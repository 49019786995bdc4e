"""Folders: nested, without circles; what was in one that is deleted moves to the root."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from harness.check import expect
from suites.journeys.crew import Crew, changed, kept
from suites.keyarc.person import Person
from suites.keyarc.stored import Folder, FolderContent, NewFolder


class Shelves:
    """Folders of one person's own, removed at the end."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._made: list[UUID] = []

    def make(self, name: str, parent: Folder | None = None) -> Folder:
        draft = NewFolder(
            name=self.person.named(name), owner_type="user", parent_folder_id=parent and parent.id
        )
        folder = self.person.keys.create_folder(draft)
        self._made.append(folder.id)
        return folder

    def move(self, folder: Folder, parent: Folder | None) -> FolderContent:
        return FolderContent(name=folder.name, parent_folder_id=parent and parent.id)

    def parents(self) -> dict[UUID, UUID | None]:
        """Where each folder lies."""
        page = self.person.keys.folders(limit=100)
        return {folder.id: folder.parent_folder_id for folder in page.items}

    def clear(self) -> None:
        for id_ in self._made:
            answer = self.person.keys.delete_folder.answer(id_)
            expect("the folder goes", expected=True, came=answer.status_code in (204, 404))


@pytest.fixture
def shelves(owner: Person) -> Iterator[Shelves]:
    shelves = Shelves(owner)
    yield shelves
    shelves.clear()


def test_folders_nest(shelves: Shelves) -> None:
    """A folder lies in another one, and can be moved out again."""
    outer = shelves.make("outer")
    inner = shelves.make("inner", outer)
    expect("where it lies", expected=outer.id, came=shelves.parents()[inner.id])
    moved = shelves.person.keys.update_folder(inner.id, shelves.move(inner, None))
    expect("where it was moved to", expected=None, came=moved.parent_folder_id)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_folder_never_lies_within_itself(shelves: Shelves, depth: int) -> None:
    """A circle of any length is a conflict, and nothing is moved."""
    chain = [shelves.make("top")]
    while len(chain) < depth:
        chain.append(shelves.make("below", chain[-1]))
    before = shelves.parents()
    into_itself = shelves.move(chain[0], chain[-1])
    shelves.person.keys.update_folder.refused(409, chain[0].id, into_itself)
    expect("where all of them lie", expected=before, came=shelves.parents())


def test_what_was_in_a_folder_moves_to_the_root(shelves: Shelves) -> None:
    """A deleted folder leaves its secrets and folders; to the secret that is a change."""
    keys = shelves.person.keys
    top, inner = shelves.make("top"), None
    inner = shelves.make("inner", top)
    below = shelves.make("below", inner)
    secret = kept(shelves.person, folder_id=inner.id)
    keys.delete_folder(inner.id)
    expect("where the folder below lies", expected=None, came=shelves.parents()[below.id])
    seen = keys.secret(secret.id)
    expect("where the secret lies", expected=None, came=seen.folder_id)
    expect("another ETag", expected=True, came=seen.etag != secret.etag)
    keys.delete(secret.id)


def test_a_folder_shows_what_is_in_it(shelves: Shelves) -> None:
    """The list of secrets can be asked for one folder alone; a secret can be moved to another."""
    keys, one, two = shelves.person.keys, shelves.make("one"), shelves.make("two")
    secret = kept(shelves.person, folder_id=one.id)
    inside = [each.id for each in keys.secrets(folder_id=one.id).items]
    expect("in the one", expected=[secret.id], came=inside)
    keys.update(secret.id, changed(shelves.person, folder_id=two.id), if_match=secret.etag)
    expect("in the one, after", expected=[], came=keys.secrets(folder_id=one.id).items)
    inside = [each.id for each in keys.secrets(folder_id=two.id).items]
    expect("in the other", expected=[secret.id], came=inside)
    keys.delete(secret.id)


def test_a_folder_is_of_the_same_owner(crew: Crew, shelves: Shelves) -> None:
    """Neither secret nor folder goes into a folder of somebody else, a team's included."""
    keys, folder = crew.owner.keys, shelves.make("own")
    of_team = {"name": crew.owner.named("n"), "owner_type": "team", "owner_id": crew.id}
    keys.create.refused(422, crew.draft(folder_id=folder.id))
    nested = NewFolder.model_validate({"parent_folder_id": folder.id, **of_team})
    keys.create_folder.refused(422, nested)
    expect("secrets of the team", expected=[], came=keys.secrets(team_id=crew.id).items)
    expect("folders of the team", expected=[], came=keys.folders(team_id=crew.id).items)


def test_anothers_folder_is_no_place(shelves: Shelves, other: Person) -> None:
    """Somebody else's folder is refused in the words for one that is not there."""
    theirs = shelves.make("theirs")
    draft = NewFolder(name=other.named("n"), owner_type="user", parent_folder_id=theirs.id)
    other.keys.create_folder.refused(422, draft)
    other.keys.update_folder.refused(404, theirs.id, FolderContent(name=other.named("taken over")))
    other.keys.delete_folder.refused(404, theirs.id)
    expect("it is there", expected=True, came=theirs.id in shelves.parents())
