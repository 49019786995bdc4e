"""A team with everything in it, for actions to be tried on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from harness.check import expect
from suites.journeys.crew import Crew
from suites.journeys.permissions import Named
from suites.keyarc.person import Person
from suites.keyarc.stored import Folder, KeptSecret, NewFolder
from suites.keyarc.team import Role


@dataclass
class Room:
    """A team with a secret and a folder; only its owner is in it at first.

    Attributes:
        somebody: Whom things are done to.
        roles: Who else is in it.
        is_untouched: Nothing has become of what was tried on it.
    """

    crew: Crew
    somebody: Person
    secret: KeptSecret
    folder: Folder
    roles: dict[UUID, Role] = field(default_factory=dict)
    is_untouched: bool = True
    _state: tuple[object, ...] | None = None

    @classmethod
    def furnished(cls, crew: Crew, somebody: Person) -> "Room":
        draft = NewFolder(name="folder", owner_type="team", owner_id=crew.id)
        return cls(crew, somebody, crew.keep(), crew.owner.keys.create_folder(draft))

    def let_in(self, person: Person, role: Role | None) -> None:
        """Sees that somebody has a role in it, or none."""
        has = self.roles.get(person.id)
        if has == role:
            return
        self.forget()
        if role is None:
            self.crew.owner.account.remove_member(self.crew.id, person.id)
            del self.roles[person.id]
            return
        if has is None:
            self.crew.admit(person, role)
        else:
            self.crew.owner.account.change_role(self.crew.id, person.id, role=role)
        self.roles[person.id] = role

    def named(self, caller: UUID) -> Named:
        return Named(
            team=self.crew.id,
            secret=self.secret.id,
            folder=self.folder.id,
            etag=self.secret.etag,
            caller=caller,
            somebody=self.somebody.id,
        )

    def forget(self) -> None:
        """It may look otherwise by now: a reading is a view in the audit trail."""
        self._state = None

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """What is tried within must change nothing."""
        before, self.is_untouched = self._state or self._seen(), False
        yield
        self._state = self._seen()
        expect("all is as it was", expected=before, came=self._state)
        self.is_untouched = True

    def _seen(self) -> tuple[object, ...]:
        """All of it, as its owner sees it without leaving a trace."""
        owner, team = self.crew.owner, self.crew.id
        return (
            owner.account.team(team),
            owner.keys.secrets(team_id=team).items,
            owner.keys.folders(team_id=team).items,
            [entry.action for entry in owner.keys.audit(secret_id=self.secret.id).items],
        )
