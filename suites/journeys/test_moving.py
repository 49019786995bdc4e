"""Folders within folders: moved with all that is in them, taken away from in between."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from harness.check import expect
from suites.journeys.crew import kept, secret
from suites.keyarc.cryptography import new_key
from suites.keyarc.person import Person, present
from suites.keyarc.stored import Folder, FolderContent, NewFolder
from suites.keyarc.visit import Visit
from suites.keyarc.waiting import at_once

DEPTH = 8
ROUNDS = 4


class Tree:
    """Somebody's folders, by the names that a test gives them."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._made: dict[str, Folder] = {}

    def make(self, name: str, parent: str | None = None) -> UUID:
        draft = NewFolder(
            name=self.person.named(name),
            owner_type="user",
            parent_folder_id=self._made[parent].id if parent else None,
        )
        self._made[name] = self.person.keys.create_folder(draft)
        return self._made[name].id

    def move(self, name: str, parent: str | None) -> int:
        """The answer's status."""
        place = FolderContent(
            name=self._made[name].name,
            parent_folder_id=self._made[parent].id if parent else None,
        )
        answer = self.person.keys.update_folder.answer(self._made[name].id, place)
        return answer.status_code

    def delete(self, name: str) -> None:
        self.person.keys.delete_folder(self._made.pop(name).id)

    def parents(self) -> dict[str, str | None]:
        """Where each lies."""
        names = {folder.id: name for name, folder in self._made.items()}
        found = self.person.keys.folders(limit=100).items
        return {
            names[each.id]: names[each.parent_folder_id] if each.parent_folder_id else None
            for each in found
            if each.id in names
        }


@pytest.fixture
def tree(visit: Visit) -> Iterator[Tree]:
    with present(visit, quick=True) as person:
        yield Tree(person)


def chain(tree: Tree, letters: str) -> dict[str, str | None]:
    """Folders, each in the one before; where each lies."""
    above: str | None = None
    lies: dict[str, str | None] = {}
    for letter in letters:
        tree.make(letter, above)
        lies[letter] = above
        above = letter
    return lies


def test_a_subtree_moves_as_it_is(tree: Tree) -> None:
    """A folder takes along what is in it, however deep, and nothing else moves."""
    lies = chain(tree, "abcdefgh"[:DEPTH])
    tree.make("z")
    secret = kept(tree.person, folder_id=tree.make("leaf", "h"))
    expect("the move", expected=200, came=tree.move("d", "z"))
    expect(
        "where all lie", expected={**lies, "d": "z", "z": None, "leaf": "h"}, came=tree.parents()
    )
    inside = tree.person.keys.secret(secret.id)
    expect("the secret's folder", expected=secret.folder_id, came=inside.folder_id)
    expect("the secret's version", expected=secret.etag, came=inside.etag)


def test_a_folder_from_in_between_leaves_the_rest_whole(tree: Tree) -> None:
    """What was in it is at the root by then, with all below it; what is above stays."""
    lies = chain(tree, "abcde")
    tree.make("beside", "c")
    in_it = kept(tree.person, folder_id=tree.make("own", "b"))
    tree.delete("c")
    del lies["c"]
    expected = {**lies, "d": None, "beside": None, "own": "b"}
    expect("where all lie", expected=expected, came=tree.parents())
    stays = tree.person.keys.secret(in_it.id).folder_id
    expect("a secret elsewhere", expected=in_it.folder_id, came=stays)


def test_a_circle_is_refused_wherever_it_would_close(tree: Tree) -> None:
    """No folder goes into any that lies in it; after it has moved away, it can."""
    lies = chain(tree, "abcd")
    for name, into in (("a", "a"), ("a", "b"), ("a", "d"), ("b", "d"), ("c", "d")):
        expect(f"{name} into {into}", expected=409, came=tree.move(name, into))
    expect("where all lie", expected=lies, came=tree.parents())
    expect("c goes out", expected=200, came=tree.move("c", None))
    expect("a goes into d", expected=200, came=tree.move("a", "d"))
    expected = {"a": "d", "b": "a", "c": None, "d": "c"}
    expect("where all lie, after", expected=expected, came=tree.parents())


def test_two_that_move_into_each_other_make_no_circle(tree: Tree) -> None:
    """Each move alone is right; of both at once one is done, and the other a conflict."""
    for number in range(ROUNDS):
        one, two = f"one {number}", f"two {number}"
        tree.make(one)
        tree.make(two)
        came = at_once(lambda: tree.move(one, two), lambda: tree.move(two, one))  # noqa: B023
        expect("the answers", expected=[200, 409], came=sorted(came))
        lies = tree.parents()
        moved, into = (one, two) if came[0] == 200 else (two, one)
        expect("where both lie", expected=(into, None), came=(lies[moved], lies[into]))


def test_a_folder_that_goes_takes_no_secret_along(tree: Tree) -> None:
    """However a creation meets the deletion of its folder, the secret is kept, at the root, or was
    refused."""
    keys = tree.person.keys
    for number in range(ROUNDS):
        folder = tree.make(f"goes {number}")
        draft = secret(new_key(), name=tree.person.named("meets"), folder_id=folder)
        created, _ = at_once(
            lambda: keys.create.answer(draft),  # noqa: B023
            lambda: keys.delete_folder.answer(folder),  # noqa: B023
        )
        expect("the answer", expected=True, came=created.status_code in (201, 422))
        if created.status_code == 201:
            seen = keys.secret(UUID(created.json()["id"]))
            expect("where it lies", expected=None, came=seen.folder_id)
