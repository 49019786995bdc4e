"""Secrets and folders, where several come at the same moment: what is stored is whole.

Every race is run again and again (`suites/journeys/chance.py`), with other contenders each time.
"""

import base64
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from uuid import uuid4

import httpx
import pytest

from harness.check import expect
from suites.journeys.chance import chance, rounds
from suites.journeys.consistency import Made, must_be_consistent
from suites.journeys.crew import Crew, changed
from suites.journeys.race import AT_ONCE, answered, made, statuses
from suites.keyarc.cryptography import blob
from suites.keyarc.database import Database
from suites.keyarc.person import Person
from suites.keyarc.stored import Folder, FolderContent, NewFolder, SecretContent

pytestmark = pytest.mark.needs("database")
FOLDERS = 3


def test_folders_never_make_a_circle(crew: Crew, database: Database) -> None:
    """Of folders that are moved into each other at once, one at least stays where it was."""
    keys, choices = crew.owner.keys, chance("circles")
    draft = NewFolder(name=crew.owner.named("ring"), owner_type="team", owner_id=crew.id)
    folders = [keys.create_folder(draft) for _ in range(FOLDERS)]
    all_ids = {folder.id for folder in folders}
    for _ in range(rounds()):
        ring = choices.sample(folders, choices.randint(2, FOLDERS))
        moves = [_moving(crew, inner, outer) for inner, outer in pairwise([*ring, ring[0]])]
        came = statuses(answered({200, 409}, *moves))
        expect("all of them were moved", expected=False, came=came[200] == len(ring))
        must_be_consistent(database, Made(all_ids, all_ids))
        above = [each.parent_folder_id for each in keys.folders(team_id=crew.id).items]
        expect("one is at the root", expected=True, came=None in above)
        for folder in folders:
            keys.update_folder(folder.id, FolderContent(name=folder.name))


def _moving(crew: Crew, inner: Folder, outer: Folder) -> Callable[[], httpx.Response]:
    place = FolderContent(name=inner.name, parent_folder_id=outer.id)
    return partial(crew.owner.keys.update_folder.answer, inner.id, place)


def test_one_editor_of_a_version_wins(crew: Crew, admin: Person, database: Database) -> None:
    """Of several who change the version that they know, one does; what is stored is theirs."""
    crew.admit(admin, "admin")
    kept = crew.keep()
    for _ in range(rounds()):
        editors = [crew.owner, admin] * (AT_ONCE // 2)
        drafts = [
            changed(editor, f"by {number}", encrypted_value=blob(40))
            for number, editor in enumerate(editors)
        ]
        changes = [
            partial(editor.keys.update.answer, kept.id, draft, if_match=kept.etag)
            for editor, draft in zip(editors, drafts, strict=True)
        ]
        answers = answered({200, 412}, *changes)
        expect("statuses", expected={200: 1, 412: AT_ONCE - 1}, came=dict(statuses(answers)))
        [winner] = [d for d, a in zip(drafts, answers, strict=True) if a.is_success]
        kept = admin.keys.secret(kept.id)
        expect("what is read", expected=winner.name, came=kept.name)
        stored = database.rows("SELECT name, encrypted_value FROM secrets WHERE id = $1", kept.id)
        expect("what is stored is theirs, whole", expected=True, came=stored == [_row(winner)])


def _row(draft: SecretContent) -> tuple[str, bytes]:
    return draft.name, base64.b64decode(draft.encrypted_value)


def test_a_repeated_request_is_stored_once(crew: Crew, database: Database) -> None:
    """A request that comes many times at once, with one key, makes one row; and everybody who is
    told of it is told of that one."""
    for number in range(rounds()):
        draft = crew.draft(name=f"repeated {number} in {crew.id}")
        create = partial(crew.owner.keys.create.answer, draft, idempotency_key=str(uuid4()))
        answers = answered({201, 409}, *[create] * AT_ONCE)
        last = create()
        expect("asked again", expected=201, came=last.status_code)
        stored = database.rows("SELECT id FROM secrets WHERE name = $1", draft.name)
        expect("how often it is stored", expected=1, came=len(stored))
        told = made([*answers, last])
        expect("what was told of", expected={id_ for (id_,) in stored}, came=told)
