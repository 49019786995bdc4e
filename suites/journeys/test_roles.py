"""Roles change, and count at once; a team keeps an owner."""

import pytest

from harness.check import expect
from suites.journeys.crew import Crew, changed
from suites.keyarc.person import Person
from suites.keyarc.team import Role


def test_a_promotion_counts_at_once(crew: Crew, member: Person) -> None:
    """Made an admin, a member keeps secrets for the team with the token they had."""
    crew.admit(member)
    member.account.rename_team.refused(403, crew.id, name=member.named("not yet"))
    changed = crew.owner.account.change_role(crew.id, member.id, role="admin")
    expect("the answer", expected=(member.id, "admin"), came=(changed.user_id, changed.role))
    member.account.rename_team(crew.id, name=member.named("renamed"))
    crew.keep(by=member)
    expect("their own role", expected="admin", came=member.account.team(crew.id).role)


def test_a_demotion_counts_at_once(crew: Crew, admin: Person) -> None:
    """Made a plain member, an admin can read and no more."""
    crew.admit(admin, "admin")
    ours = crew.keep(by=admin)
    crew.owner.account.change_role(crew.id, admin.id, role="member")
    admin.keys.secret(ours.id)
    admin.keys.update.refused(403, ours.id, changed(admin), if_match=ours.etag)
    admin.account.rename_team.refused(403, crew.id, name=admin.named("no longer"))


def test_a_second_owner_can_do_all(crew: Crew, member: Person) -> None:
    """An owner can make another one, who can then take away what made them."""
    crew.admit(member)
    crew.owner.account.change_role(crew.id, member.id, role="owner")
    member.account.change_role(crew.id, crew.owner.id, role="member")
    crew.owner.account.delete_team.refused(403, crew.id)
    member.account.delete_team(crew.id)
    crew.owner.account.team.refused(404, crew.id)


@pytest.mark.parametrize("role", ["admin", "member"])
def test_the_last_owner_cannot_be_demoted(crew: Crew, member: Person, role: Role) -> None:
    """A team keeps an owner, whatever its only one asks for."""
    crew.admit(member, "admin")
    crew.owner.account.change_role.refused(409, crew.id, crew.owner.id, role=role)
    expect("their role", expected="owner", came=crew.roles()[crew.owner.id])


def test_the_last_owner_cannot_go(crew: Crew, member: Person) -> None:
    """The only owner can neither leave the team nor, while it has other members, KeyArc."""
    crew.admit(member)
    crew.owner.account.remove_member.refused(409, crew.id, crew.owner.id)
    crew.owner.account.leave.refused(409)
    expected = {crew.owner.id: "owner", member.id: "member"}
    expect("who is in it", expected=expected, came=crew.roles())


def test_one_of_two_owners_can_go(crew: Crew, member: Person) -> None:
    """Where there is another owner, one may leave."""
    crew.admit(member, "owner")
    crew.owner.account.remove_member(crew.id, crew.owner.id)
    left = {each.user_id: each.role for each in member.account.team(crew.id).members}
    expect("who is left", expected={member.id: "owner"}, came=left)
    member.account.delete_team(crew.id)


def test_teams_are_listed_with_the_callers_own_role(crew: Crew, admin: Person) -> None:
    """A user's list shows their role in each team, and no team of others."""
    crew.admit(admin, "admin")
    apart = Crew.founded(crew.owner, "apart")
    roles = {team.team_id: team.role for team in admin.account.teams(limit=100).items}
    apart.disband()
    expect("in this one", expected="admin", came=roles.get(crew.id))
    expect("the other one is listed", expected=False, came=apart.id in roles)


def test_nobody_is_added_who_is_not_there(crew: Crew) -> None:
    """Whoever is added must have signed up."""
    crew.owner.account.add_member.refused(
        404,
        crew.id,
        user="nobody@keyarc-verify.test",
        role="member",
        encrypted_team_key=crew.owner.account.team(crew.id).encrypted_team_key,
    )


def test_nobody_is_demoted_who_is_no_member(crew: Crew, other: Person) -> None:
    """A role is changed, and a member removed, only where there is one."""
    crew.owner.account.change_role.refused(404, crew.id, other.id, role="admin")
    crew.owner.account.remove_member.refused(404, crew.id, other.id)
