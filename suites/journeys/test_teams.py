"""Teams in the course of time: several members, another key, another owner, an end."""

import pytest

from harness.check import expect
from harness.errors import ContractViolation
from suites.journeys.crew import PLAINTEXT, Crew, changed, read_shared, secret
from suites.keyarc.cryptography import decrypt, new_key
from suites.keyarc.keyring import share
from suites.keyarc.person import Person, present
from suites.keyarc.visit import Visit


def test_each_of_four_members_decrypts(
    crew: Crew, admin: Person, member: Person, newcomer: Person
) -> None:
    """What one of them keeps all others read, each with a copy of the key that is theirs alone."""
    people = (crew.owner, admin, member, newcomer)
    crew.admit(admin, "admin")
    crew.admit(member)
    crew.admit(newcomer)
    kept = [crew.keep(by=person) for person in (crew.owner, admin)]
    copies = {person.account.team(crew.id).encrypted_team_key for person in people}
    expect("copies of the key", expected=len(people), came=len(copies))
    for person in people:
        came = [read_shared(person, crew.id, each.id) for each in kept]
        expect("what is read", expected=[PLAINTEXT] * 2, came=came)


def test_a_secret_that_another_changed_is_read_by_all(
    crew: Crew, admin: Person, member: Person
) -> None:
    """An admin encrypts anew with the key that they were given: owner and member read that."""
    crew.admit(admin, "admin")
    crew.admit(member)
    ours = crew.keep()
    key = admin.keyring.open_team_key(admin.account.team(crew.id).encrypted_team_key)
    rotated = secret(key, b"rotated", name="", type="cert").encrypted_value
    draft = changed(admin, encrypted_value=rotated)
    admin.keys.update(ours.id, draft, if_match=ours.etag)
    came = [read_shared(person, crew.id, ours.id) for person in (crew.owner, member)]
    expect("what is read", expected=[b"rotated"] * 2, came=came)


def test_a_key_that_somebody_took_along_opens_nothing_new(
    crew: Crew, member: Person, newcomer: Person
) -> None:
    """Who was removed still knows the old key: under a new one, in a team without them, what is
    kept from then on is nothing to them, and the others read it."""
    crew.admit(member)
    crew.admit(newcomer)
    old = member.keyring.open_team_key(member.account.team(crew.id).encrypted_team_key)
    crew.owner.account.remove_member(crew.id, member.id)
    renewed = Crew.founded(crew.owner, "renewed")
    try:
        renewed.admit(newcomer)
        ours = renewed.keep()
        came = read_shared(newcomer, renewed.id, ours.id)
        expect("what who stayed reads", expected=PLAINTEXT, came=came)
        member.keys.secret.refused(404, ours.id)
        with pytest.raises(ContractViolation, match="what was stored"):
            decrypt(old, crew.owner.keys.secret(ours.id).encrypted_value)
    finally:
        renewed.disband()


def test_an_owner_hands_over_and_leaves(visit: Visit, member: Person) -> None:
    """Who founded a team can make another its owner, and go, even from KeyArc: the team, its
    secrets and its history stay with who is left."""
    with present(visit) as founder:
        crew = Crew.founded(founder)
        ours = crew.keep()
        crew.admit(member)
        founder.account.leave.refused(409)
        founder.account.change_role(crew.id, member.id, role="owner")
        founder.account.change_role(crew.id, founder.id, role="member")
        founder.account.remove_member(crew.id, founder.id)
        founder.account.team.refused(404, crew.id)
        founder.leave()
    left = {each.user_id: each.role for each in member.account.team(crew.id).members}
    expect("who is left", expected={member.id: "owner"}, came=left)
    expect("what they read", expected=PLAINTEXT, came=read_shared(member, crew.id, ours.id))
    came = [(e.action, e.actor_id) for e in member.keys.audit(secret_id=ours.id).items]
    expected = [("create", None), ("share", None), ("view", member.id)]
    expect("the history", expected=expected, came=came)
    member.account.delete_team(crew.id)


def test_two_teams_of_one_member_have_nothing_to_do_with_each_other(
    crew: Crew, member: Person, other: Person
) -> None:
    """Secrets, keys and roles are each team's own; who leaves one stays in the other."""
    crew.admit(member, "admin")
    second = Crew.founded(other, "second")
    try:
        second.admit(member)
        here, there = crew.keep(), second.keep()
        for one, id_, elsewhere in ((crew, here.id, there.id), (second, there.id, here.id)):
            listed = [each.id for each in member.keys.secrets(team_id=one.id).items]
            expect("what the team has", expected=[id_], came=listed)
            expect("what is read", expected=PLAINTEXT, came=read_shared(member, one.id, id_))
            one.owner.keys.secret.refused(404, elsewhere)
        member.account.rename_team.refused(403, second.id, name=member.named("mine"))
        member.account.remove_member(second.id, member.id)
        member.keys.secret.refused(404, there.id)
        expect("what is still read", expected=PLAINTEXT, came=read_shared(member, crew.id, here.id))
    finally:
        second.disband()


def test_a_history_goes_with_its_team(crew: Crew, member: Person) -> None:
    """While the team is there, its history outlives the secret; with the team it goes."""
    crew.admit(member)
    ours = crew.keep()
    crew.owner.keys.delete(ours.id)
    for person in (crew.owner, member):
        came = [each.action for each in person.keys.audit(secret_id=ours.id).items]
        expect("the history", expected=["create", "share", "delete"], came=came)
    crew.owner.account.delete_team(crew.id)
    for person in (crew.owner, member):
        person.keys.audit.refused(404, secret_id=ours.id)


def test_who_comes_later_sees_what_was_before(crew: Crew, newcomer: Person) -> None:
    """A history is for who may see the secret: whole for who comes, gone for who goes."""
    ours = crew.keep()
    crew.owner.keys.secret(ours.id)
    newcomer.keys.audit.refused(404, secret_id=ours.id)
    crew.admit(newcomer)
    came = [each.action for each in newcomer.keys.audit(secret_id=ours.id).items]
    expect("the history", expected=["create", "share", "view"], came=came)
    crew.owner.account.remove_member(crew.id, newcomer.id)
    newcomer.keys.audit.refused(404, secret_id=ours.id)


def test_a_copy_of_the_key_is_for_whom_it_was_made(crew: Crew, member: Person) -> None:
    """A member gets the very bytes that were encrypted for them."""
    sealed = share(new_key(), member.public_key)
    crew.owner.account.add_member(
        crew.id, user=member.identity.email.upper(), role="member", encrypted_team_key=sealed
    )
    came = member.account.team(crew.id).encrypted_team_key
    expect("their copy", expected=sealed, came=came)
