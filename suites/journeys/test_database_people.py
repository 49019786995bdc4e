"""Users and teams, where several come at the same moment: whoever wins, what is stored is allowed.

Every race is run again and again (`suites/journeys/chance.py`), with other contenders each time.
"""

import base64
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from uuid import uuid4

import httpx
import pytest

from harness.check import expect
from suites.journeys.chance import chance, rounds
from suites.journeys.consistency import Made, must_be_consistent
from suites.journeys.crew import Crew, kept, secret
from suites.journeys.race import AT_ONCE, answered, made, statuses
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import LockedKeys, new_key
from suites.keyarc.database import Database
from suites.keyarc.person import Person, present
from suites.keyarc.removal import USER, remove
from suites.keyarc.stored import NewFolder
from suites.keyarc.visit import Visit
from suites.keyarc.waiting import at_once

pytestmark = pytest.mark.needs("database")


def test_one_email_is_taken_once(visit: Visit, database: Database) -> None:
    """Of those who sign up with one email at once, one gets it and all others are told."""
    sign_up, keys = Auth(visit.clients["auth"]).signup.answer, LockedKeys.random()
    for _ in range(rounds()):
        identity = visit.new_identity(quick=True)
        auth_hash = identity.auth_hash()
        visit.secrets.register(auth_hash)
        visit.journal.created(USER, identity.email)
        try:
            emails = [identity.email, identity.email.upper()] * (AT_ONCE // 2)
            each = [partial(sign_up, email=it, auth_hash=auth_hash, keys=keys) for it in emails]
            answers = answered({201, 409}, *each)
            expect("statuses", expected={201: 1, 409: AT_ONCE - 1}, came=dict(statuses(answers)))
            [told] = [answer.json()["user_id"] for answer in answers if answer.is_success]
            stored = database.rows("SELECT id FROM users WHERE lower(email) = $1", identity.email)
            expect("who is stored", expected=[told], came=[str(id_) for (id_,) in stored])
        finally:
            visit.loop.run(remove(visit.targets, identity))
            visit.journal.removed(USER, identity.email)


def test_two_owners_do_not_leave_a_team_without_one(
    owner: Person, admin: Person, database: Database
) -> None:
    """Two owners who demote or remove each other, or go, at once: one of them stays owner."""
    choices = chance("owners")
    for _ in range(rounds()):
        crew = Crew.founded(owner)
        crew.admit(admin, "owner")
        ways = choices.choices(range(3), k=2)
        answered(
            {200, 204, 403, 404, 409},
            _unseating(crew, owner, admin, ways[0]),
            _unseating(crew, admin, owner, ways[1]),
        )
        must_be_consistent(database, Made({crew.id}, {crew.id}))
        seen = [person.account.team.answer(crew.id) for person in (owner, admin)]
        roles = [answer.json()["role"] for answer in seen if answer.is_success]
        expect("an owner sees it", expected=True, came="owner" in roles)
        gone = [person.account.delete_team.answer(crew.id) for person in (owner, admin)]
        expect("an owner deletes it", expected=1, came=statuses(gone)[204])


def _unseating(crew: Crew, who: Person, whom: Person, way: int) -> Callable[[], httpx.Response]:
    """A way for one of two owners to make the other the last one, or themselves."""
    change_role, remove_member = who.account.change_role.answer, who.account.remove_member.answer
    return (
        partial(change_role, crew.id, whom.id, role="member"),
        partial(remove_member, crew.id, whom.id),
        partial(remove_member, crew.id, who.id),
    )[way]


def test_a_member_is_in_or_out(crew: Crew, member: Person, database: Database) -> None:
    """Added and removed at once, somebody is a member once or not at all, and all agree."""
    account = crew.owner.account
    sealed = account.team(crew.id).encrypted_team_key
    add = partial(
        account.add_member.answer,
        crew.id,
        user=member.id,
        role="member",
        encrypted_team_key=sealed,
    )
    remove_ = partial(account.remove_member.answer, crew.id, member.id)
    for _ in range(rounds()):
        came = statuses(answered({201, 204, 404, 409}, add, remove_, add, remove_))
        is_in = came[201] > came[204]
        stored = database.rows(
            "SELECT user_id FROM team_memberships WHERE team_id = $1 AND user_id = $2",
            crew.id,
            member.id,
        )
        expect("memberships", expected=[(member.id,)] if is_in else [], came=stored)
        expect("the owner sees them", expected=is_in, came=member.id in crew.roles())
        seen = member.account.team.answer(crew.id).status_code
        expect("they see the team", expected=200 if is_in else 404, came=seen)
        if is_in:
            account.remove_member(crew.id, member.id)


def test_nothing_comes_into_a_team_that_goes(
    owner: Person, admin: Person, database: Database
) -> None:
    """What is made for a team while it is deleted is refused, or goes with it."""
    for number in range(rounds()):
        crew = Crew.founded(owner)
        crew.admit(admin, "admin")
        folder = NewFolder(name=admin.named("late"), owner_type="team", owner_id=crew.id)
        before = {crew.keep().id} if number % 2 else set()
        create = partial(admin.keys.create.answer, crew.draft())
        answers = answered(
            {201, 204, 404},
            *[create] * (number % 3),
            partial(owner.account.delete_team.answer, crew.id),
            partial(create, idempotency_key=str(uuid4())),
            partial(admin.keys.create_folder.answer, folder),
        )
        expect("the team goes", expected=1, came=statuses(answers)[204])
        must_be_consistent(database, Made({crew.id, *before, *made(answers)}))
        owner.keys.secrets.refused(404, team_id=crew.id)


def test_nothing_is_left_of_a_user_who_was_at_work(visit: Visit, database: Database) -> None:
    """What users make while they are deleted is refused, or goes with them."""
    sealed = base64.b64encode(bytes(256)).decode()
    with ExitStack() as stack:
        leavers = at_once(*[lambda: stack.enter_context(present(visit, quick=True))] * rounds())
        for number, leaver in enumerate(leavers):
            name = leaver.named("late")
            before = {kept(leaver).id} if number % 2 else set()
            create = partial(leaver.keys.create.answer, secret(new_key(), name=name))
            folder = NewFolder(name=name, owner_type="user")
            answers = answered(
                {201, 204, 401},
                partial(create, idempotency_key=str(uuid4())),
                leaver.account.leave.answer,
                partial(leaver.keys.create_folder.answer, folder),
                partial(leaver.account.create_team.answer, name=name, encrypted_team_key=sealed),
            )
            expect("the user goes", expected=1, came=statuses(answers)[204])
            leaver.has_left()
            must_be_consistent(database, Made({leaver.id, *before, *made(answers)}))
            leaver.account.profile.refused(401)
