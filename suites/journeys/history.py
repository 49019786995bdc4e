"""What one of several users does, at random: all that KeyArc lets its users make, change and
delete, together and against each other."""

from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx

from harness.check import expect
from suites.journeys.crew import content, secret
from suites.journeys.world import Kind, Thing, World
from suites.keyarc.cryptography import blob, new_key
from suites.keyarc.keyring import share
from suites.keyarc.person import Person
from suites.keyarc.stored import FolderContent, NewFolder
from suites.keyarc.team import Role

# What may be answered to who is too late, too low, or not alone. Everything else is a defect.
LOSING = frozenset({403, 404, 409, 412, 422})
ROLES: tuple[Role, ...] = ("owner", "admin", "member")


class Life:
    """One user, who does one thing after the other."""

    def __init__(self, person: Person, world: World, chance: Random) -> None:
        self._person = person
        self._world = world
        self._chance = chance
        self._name = person.visit.named("history")
        self._deeds = [
            *[self._create_secret] * 4,
            *[self._create_folder, self._admit] * 3,
            *[self._found_team] * 2,
            *[self._change_role, self._expel, self._delete_team],
            *[self._move_folder, self._delete_folder],
            *[self._edit_secret, self._view_secret, self._delete_secret],
        ]

    def settle(self) -> None:
        """Makes one of each, so that there is something to begin with."""
        self._found_team()
        self._create_folder()
        self._create_secret()

    def live(self, deeds: int) -> None:
        """
        Raises:
            ContractViolation: Something was answered that nobody may get.
        """
        for _ in range(deeds):
            self._chance.choice(self._deeds)()

    def leave(self) -> None:
        """Tries to; the last owner of a team with others in it stays."""
        answer = self._person.account.leave.answer()
        if answer.status_code == 204:
            self._world.remove(self._person.id)
            self._person.has_left()
            return
        expect("leaving", expected=409, came=answer.status_code)

    def _found_team(self) -> None:
        sealed = share(new_key(), self._person.public_key)
        create = self._person.account.create_team.answer
        answer = create(name=self._name, encrypted_team_key=sealed, idempotency_key=self._key())
        team = UUID(self._check(answer).json()["team_id"])
        self._world.add(Thing("team", team, owner=team))
        self._world.reach[self._person.id].add(team)

    def _admit(self) -> None:
        if team := self._any("team"):
            somebody, sealed = self._somebody(), share(new_key(), self._person.public_key)
            answer = self._person.account.add_member.answer(
                team,
                user=somebody,
                role=self._chance.choice(ROLES),
                encrypted_team_key=sealed,
                idempotency_key=self._key(),
            )
            if self._check(answer).is_success:
                self._world.reach[somebody].add(team)

    def _change_role(self) -> None:
        if team := self._any("team"):
            change, role = self._person.account.change_role.answer, self._chance.choice(ROLES)
            self._check(change(team, self._somebody(), role=role))

    def _expel(self) -> None:
        if team := self._any("team"):
            self._check(self._person.account.remove_member.answer(team, self._somebody()))

    def _delete_team(self) -> None:
        if team := self._any("team"):
            self._delete(team, self._person.account.delete_team.answer(team))

    def _create_folder(self) -> None:
        team, parent = self._owner_and_folder()
        draft = NewFolder(
            name=self._name,
            owner_type="team" if team else "user",
            owner_id=team,
            parent_folder_id=parent,
        )
        answer = self._person.keys.create_folder.answer(draft, idempotency_key=self._key())
        self._note("folder", team, answer)

    def _move_folder(self) -> None:
        if folder := self._any("folder"):
            place = FolderContent(name=self._name, parent_folder_id=self._any("folder"))
            self._check(self._person.keys.update_folder.answer(folder, place))

    def _delete_folder(self) -> None:
        if folder := self._any("folder"):
            self._delete(folder, self._person.keys.delete_folder.answer(folder))

    def _create_secret(self) -> None:
        team, folder = self._owner_and_folder()
        owner: dict[str, Any] = {"owner_type": "team", "owner_id": team} if team else {}
        draft = secret(new_key(), name=self._name, folder_id=folder, **owner)
        answer = self._person.keys.create.answer(draft, idempotency_key=self._key())
        self._note("secret", team, answer)

    def _edit_secret(self) -> None:
        if secret_id := self._any("secret"):
            tag = self._check(self._person.keys.secret.answer(secret_id)).headers.get("etag")
            place = self._any("folder")
            edited = content(self._name, encrypted_value=blob(40), folder_id=place)
            if tag:
                self._check(self._person.keys.update.answer(secret_id, edited, if_match=tag))

    def _view_secret(self) -> None:
        if secret_id := self._any("secret"):
            self._check(self._person.keys.secret.answer(secret_id))

    def _delete_secret(self) -> None:
        if secret_id := self._any("secret"):
            self._delete(secret_id, self._person.keys.delete.answer(secret_id))

    def _note(self, kind: Kind, team: UUID | None, answer: httpx.Response) -> None:
        if self._check(answer).is_success:
            made = UUID(answer.json()["id"])
            self._world.add(Thing(kind, made, team or self._person.id))

    def _delete(self, id_: UUID, answer: httpx.Response) -> None:
        if self._check(answer).is_success:
            self._world.remove(id_)

    def _check(self, answer: httpx.Response) -> httpx.Response:
        is_right = answer.is_success or answer.status_code in LOSING
        what = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
        expect("what nobody may be answered", expected="", came="" if is_right else what)
        return answer

    def _owner_and_folder(self) -> tuple[UUID | None, UUID | None]:
        """A team or, for oneself, none; and one of its folders, or none."""
        team = self._any("team") if self._chance.random() < 0.6 else None
        folder = self._any("folder", owner=team or self._person.id)
        return team, folder if self._chance.random() < 0.7 else None

    def _any(self, kind: Kind, owner: UUID | None = None) -> UUID | None:
        return self._world.any(kind, self._person.id, self._chance, owner=owner)

    def _key(self) -> str | None:
        return str(uuid4()) if self._chance.random() < 0.5 else None

    def _somebody(self) -> UUID:
        return self._chance.choice(self._world.people).id
