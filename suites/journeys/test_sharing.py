"""The way that KeyArc is for: keep a secret, share it, take it back."""

from uuid import UUID

import pytest

from harness.check import expect
from harness.errors import ContractViolation
from suites.journeys.crew import PLAINTEXT, Crew, changed, kept, read_own, read_shared, secret
from suites.keyarc.cryptography import decrypt, new_key
from suites.keyarc.keyring import share
from suites.keyarc.keys import SECRETS
from suites.keyarc.person import Person, present
from suites.keyarc.visit import Visit


def test_two_strangers_come_to_share_a_secret(visit: Visit) -> None:
    """Sign up, log in, keep a secret, make a team, share it: the other member decrypts it."""
    with present(visit) as ann, present(visit) as ben:
        mine = kept(ann, b"for Ann alone")
        expect("Ann's own secret", expected=b"for Ann alone", came=read_own(ann, mine.id))

        team_key = new_key()
        found = ann.account.search(email=ben.identity.email)
        expect(
            "who is found",
            expected=(ben.id, ben.public_key),
            came=(found.user_id, found.public_key),
        )
        team = ann.account.create_team(
            name=ann.named("Ann and Ben"), encrypted_team_key=share(team_key, ann.public_key)
        )
        ann.account.add_member(
            team.team_id,
            user=found.user_id,
            role="member",
            encrypted_team_key=share(team_key, found.public_key),
        )
        ours = ann.keys.create(
            secret(team_key, name=ann.named("ours"), owner_type="team", owner_id=team.team_id)
        )

        listed = [each.id for each in ben.keys.secrets(team_id=team.team_id).items]
        expect("the team's secrets, as Ben sees them", expected=[ours.id], came=listed)
        came = read_shared(ben, team.team_id, ours.id)
        expect("what Ben decrypts", expected=PLAINTEXT, came=came)
        ben.keys.secret.refused(404, mine.id)


def test_the_key_of_one_member_is_of_no_use_to_another(crew: Crew, member: Person) -> None:
    """Each member gets the team key under their own public key, and sees no other's."""
    crew.admit(member)
    own = crew.owner.account.team(crew.id).encrypted_team_key
    theirs = member.account.team(crew.id).encrypted_team_key
    expect("the same copy for both", expected=False, came=own == theirs)
    with pytest.raises(ContractViolation, match="the team key"):
        member.keyring.open_team_key(own)


def test_another_key_opens_nothing(owner: Person) -> None:
    """What is stored is ciphertext: without the vault key it says nothing."""
    mine = kept(owner)
    stored = owner.keys.secret(mine.id).encrypted_value
    with pytest.raises(ContractViolation, match="what was stored"):
        decrypt(new_key(), stored)
    owner.keys.delete(mine.id)


def test_who_was_removed_sees_nothing_at_once(crew: Crew, member: Person) -> None:
    """A removed member loses team, secrets and folders at once, with the token they had."""
    crew.admit(member)
    ours = crew.keep()
    expect("before", expected=PLAINTEXT, came=read_shared(member, crew.id, ours.id))
    crew.owner.account.remove_member(crew.id, member.id)
    _sees_nothing(member, crew, ours.id)


def test_who_left_sees_nothing(crew: Crew, member: Person) -> None:
    """Members may go by themselves; then the team is none of their business."""
    crew.admit(member)
    ours = crew.keep()
    member.account.remove_member(crew.id, member.id)
    _sees_nothing(member, crew, ours.id)
    expect("who is left", expected={crew.owner.id: "owner"}, came=crew.roles())


def test_a_token_renewed_after_the_removal_helps_nothing(crew: Crew, member: Person) -> None:
    """A membership is looked at with each request, never kept in a token."""
    crew.admit(member)
    ours = crew.keep()
    crew.owner.account.remove_member(crew.id, member.id)
    renewed = member.auth.refresh().access_token
    member.with_token(renewed).keys.secret.refused(404, ours.id)


def test_who_comes_back_reads_again(crew: Crew, member: Person) -> None:
    """Removed and added again, a member reads what was there all along."""
    ours = crew.keep()
    crew.admit(member)
    crew.owner.account.remove_member(crew.id, member.id)
    crew.admit(member)
    expect("after", expected=PLAINTEXT, came=read_shared(member, crew.id, ours.id))


def test_nobody_is_added_twice(crew: Crew, member: Person) -> None:
    """A second membership of the same user is a conflict, and changes nothing."""
    crew.admit(member)
    sealed = share(crew.key, member.public_key)
    crew.owner.account.add_member.refused(
        409, crew.id, user=member.id, role="admin", encrypted_team_key=sealed
    )
    expect("their role", expected="member", came=crew.roles()[member.id])


def test_a_team_takes_its_secrets_along(crew: Crew, member: Person) -> None:
    """With a team, its secrets go, for its owner too."""
    crew.admit(member)
    ours = crew.keep()
    crew.owner.account.delete_team(crew.id)
    for person in (crew.owner, member):
        _sees_nothing(person, crew, ours.id)


def test_secrets_never_change_hands(crew: Crew) -> None:
    """Whose a secret is was said when it was made; a change of it cannot say otherwise."""
    mine = kept(crew.owner)
    wanted = {"owner_type": "team", "owner_id": str(crew.id)}
    gateway = crew.owner.visit.clients["gateway"]
    headers = {"Authorization": f"Bearer {crew.owner.token}", "If-Match": mine.etag}
    gateway.put(
        f"{SECRETS}/{mine.id}", json={**changed(crew.owner).wire(), **wanted}, headers=headers
    )
    seen = crew.owner.keys.secret(mine.id)
    expect("owner", expected=("user", crew.owner.id), came=(seen.owner_type, seen.owner_id))
    page = crew.owner.keys.secrets(team_id=crew.id)
    expect("secrets of the team", expected=[], came=page.items)
    crew.owner.keys.delete(mine.id)


def _sees_nothing(person: Person, crew: Crew, secret_id: UUID) -> None:
    person.account.team.refused(404, crew.id)
    person.keys.secret.refused(404, secret_id)
    person.keys.secrets.refused(404, team_id=crew.id)
    person.keys.folders.refused(404, team_id=crew.id)
    person.keys.audit.refused(404, secret_id=secret_id)
    own = [team.team_id for team in person.account.teams(limit=100).items]
    expect("the team is among their own", expected=False, came=crew.id in own)
