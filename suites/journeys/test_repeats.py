"""A repeated request is done once: `Idempotency-Key`."""

from collections import Counter
from uuid import UUID, uuid4

from harness.check import expect
from suites.journeys.crew import Crew
from suites.keyarc.cryptography import blob
from suites.keyarc.keyring import share
from suites.keyarc.person import Person
from suites.keyarc.stored import NewFolder
from suites.keyarc.waiting import at_once

AT_ONCE = 6


def secrets_of(crew: Crew) -> list[UUID]:
    return [each.id for each in crew.owner.keys.secrets(team_id=crew.id, limit=100).items]


def test_a_repeated_secret_is_kept_once(crew: Crew) -> None:
    """The same request with the same key gets the first answer again, its ETag too."""
    draft, key = crew.draft(), str(uuid4())
    first = crew.owner.keys.create(draft, idempotency_key=key)
    again = crew.owner.keys.create(draft, idempotency_key=key)
    expect("the answer", expected=first, came=again)
    expect("secrets", expected=[first.id], came=secrets_of(crew))


def test_a_repeated_team_is_made_once(owner: Person) -> None:
    """A team is made once, however often its request arrives."""
    key, sealed = str(uuid4()), share(b"k" * 32, owner.public_key)
    name = owner.named(f"repeated {key}")
    teams = [
        owner.account.create_team(name=name, encrypted_team_key=sealed, idempotency_key=key)
        for _ in range(2)
    ]
    named = [team.team_id for team in owner.account.teams(limit=100).items if team.name == name]
    owner.account.delete_team(teams[0].team_id)
    expect("the answer", expected=teams[0], came=teams[1])
    expect("teams of that name", expected=1, came=len(named))


def test_a_repeated_folder_is_made_once(crew: Crew) -> None:
    """A folder is made once."""
    draft, key = (
        NewFolder(name=crew.owner.named("f"), owner_type="team", owner_id=crew.id),
        str(uuid4()),
    )
    folders = [crew.owner.keys.create_folder(draft, idempotency_key=key) for _ in range(2)]
    expect("the answer", expected=folders[0], came=folders[1])
    page = crew.owner.keys.folders(team_id=crew.id)
    expect("folders", expected=[folders[0].id], came=[folder.id for folder in page.items])


def test_a_member_is_added_once(crew: Crew, member: Person) -> None:
    """What would be a conflict the second time is the first answer again."""
    key, sealed = str(uuid4()), share(crew.key, member.public_key)
    added = [
        crew.owner.account.add_member(
            crew.id, user=member.id, role="member", encrypted_team_key=sealed, idempotency_key=key
        )
        for _ in range(2)
    ]
    expect("the answer", expected=added[0], came=added[1])
    expect("members", expected=2, came=len(crew.roles()))


def test_a_key_stands_for_one_body(crew: Crew) -> None:
    """The same key with something else is a mistake, and does nothing."""
    key = str(uuid4())
    first = crew.owner.keys.create(crew.draft(), idempotency_key=key)
    crew.owner.keys.create.refused(422, crew.draft(name="another"), idempotency_key=key)
    expect("secrets", expected=[first.id], came=secrets_of(crew))


def test_a_refusal_is_repeated_too(crew: Crew, member: Person) -> None:
    """Who was refused is refused again with the same key, though the way be open by now."""
    crew.admit(member)
    draft, key = crew.draft(), str(uuid4())
    member.keys.create.refused(403, draft, idempotency_key=key)
    crew.owner.account.change_role(crew.id, member.id, role="admin")
    member.keys.create.refused(403, draft, idempotency_key=key)
    member.keys.create(draft, idempotency_key=str(uuid4()))
    expect("secrets", expected=1, came=len(secrets_of(crew)))


def test_keys_of_two_users_have_nothing_to_do_with_each_other(crew: Crew, admin: Person) -> None:
    """Two users may think of the same key."""
    crew.admit(admin, "admin")
    draft, key = crew.draft(), str(uuid4())
    ids = {person.keys.create(draft, idempotency_key=key).id for person in (crew.owner, admin)}
    expect("secrets", expected=2, came=len(ids))


def test_many_at_once_make_one(crew: Crew) -> None:
    """The same request many times at once: one secret, and whoever comes too early is told."""
    draft, key = crew.draft(encrypted_value=blob(40)), str(uuid4())

    def create() -> int:
        return crew.owner.keys.create.answer(draft, idempotency_key=key).status_code

    came = Counter(at_once(*[create] * AT_ONCE))
    expect("statuses", expected=set(), came=came.keys() - {201, 409})
    expect("one was answered", expected=True, came=came[201] >= 1)
    expect("secrets", expected=1, came=len(secrets_of(crew)))
