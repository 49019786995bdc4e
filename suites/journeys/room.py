"""Where actions are tried: a team with everything in it, and what somebody has for themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from harness.check import expect
from suites.journeys.actions import Named
from suites.journeys.crew import Crew, kept
from suites.keyarc.person import Person
from suites.keyarc.stored import Folder, KeptSecret, NewFolder
from suites.keyarc.team import Role


@dataclass
class Place:
    """A secret and a folder of one owner.

    Attributes:
        owner: Who may do all.
        somebody: Whom things are done to.
        is_untouched: Nothing has become of what was tried on it.
    """

    owner: Person
    somebody: Person
    secret: KeptSecret
    folder: Folder
    is_untouched: bool = field(default=True, kw_only=True)
    _state: dict[str, object] = field(default_factory=dict, kw_only=True)

    @property
    def team(self) -> UUID:
        """Of what is somebody's own, nobody's."""
        return UUID(int=0, version=4)

    def named(self, caller: UUID) -> Named:
        return Named(
            team=self.team,
            secret=self.secret.id,
            folder=self.folder.id,
            etag=self.secret.etag,
            caller=caller,
            somebody=self.somebody.id,
            email=self.somebody.identity.email,
            label=self.owner.visit.named("tried"),
        )

    def let_in(self, person: Person, role: Role | None) -> None:
        """Sees that somebody has a role in it, or none."""

    def forget(self) -> None:
        """It may look otherwise by now: a reading is a view in the audit trail."""
        self._state.clear()

    def clear(self) -> None:
        """Takes away what is there."""
        keys = self.owner.keys
        for answer in (
            keys.delete.answer(self.secret.id),
            keys.delete_folder.answer(self.folder.id),
        ):
            expect("it goes", expected=True, came=answer.status_code in (204, 401, 404))

    @contextmanager
    def untouched(self, *parts: str) -> Iterator[None]:
        """What is tried within must change nothing; `parts`: where it would show, else all."""
        ways = {part: see for part, see in self.views().items() if not parts or part in parts}
        before = {part: self._state.get(part) or see() for part, see in ways.items()}
        self.is_untouched = False
        yield
        came = {part: see() for part, see in ways.items()}
        expect("all is as it was", expected=before, came=came)
        self._state.update(came)
        self.is_untouched = True

    def views(self) -> dict[str, Callable[[], object]]:
        """All of it, as its owner sees it without leaving a trace."""
        account, keys = self.owner.account, self.owner.keys
        return {
            "profile": account.profile,
            "team": lambda: account.teams(limit=100).items,
            "secrets": lambda: keys.secrets(limit=100).items,
            "folders": lambda: keys.folders(limit=100).items,
            "history": self._history,
        }

    def _history(self) -> object:
        return [each.action for each in self.owner.keys.audit(secret_id=self.secret.id).items]


def belongings(owner: Person, somebody: Person) -> Place:
    """What a person has for themselves."""
    draft = NewFolder(name=owner.visit.named("folder"), owner_type="user")
    return Place(owner, somebody, kept(owner), owner.keys.create_folder(draft))


@dataclass
class Room(Place):
    """A team with a secret and a folder; only its owner is in it at first.

    Attributes:
        roles: Who else is in it.
    """

    crew: Crew
    roles: dict[UUID, Role] = field(default_factory=dict)

    @classmethod
    def furnished(cls, crew: Crew, somebody: Person) -> "Room":
        name = crew.owner.visit.named("folder")
        draft = NewFolder(name=name, owner_type="team", owner_id=crew.id)
        folder = crew.owner.keys.create_folder(draft)
        return cls(crew.owner, somebody, crew.keep(), folder, crew)

    @property
    def team(self) -> UUID:
        return self.crew.id

    def let_in(self, person: Person, role: Role | None) -> None:
        has = self.roles.get(person.id)
        if has == role:
            return
        self.forget()
        if role is None:
            self.owner.account.remove_member(self.team, person.id)
            del self.roles[person.id]
            return
        if has is None:
            self.crew.admit(person, role)
        else:
            self.owner.account.change_role(self.team, person.id, role=role)
        self.roles[person.id] = role

    def clear(self) -> None:
        self.crew.disband()

    def views(self) -> dict[str, Callable[[], object]]:
        account, keys = self.owner.account, self.owner.keys
        return {
            "team": lambda: account.team(self.team),
            "secrets": lambda: keys.secrets(team_id=self.team).items,
            "folders": lambda: keys.folders(team_id=self.team).items,
            "history": self._history,
        }
