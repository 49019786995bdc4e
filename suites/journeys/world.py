"""What several users have made together, and who of them can reach what of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal
from uuid import UUID

from suites.journeys.consistency import Made
from suites.keyarc.answer import A, Page
from suites.keyarc.person import Person

Kind = Literal["team", "folder", "secret"]
# How often somebody tries what they have no business with.
STRAY = 0.1


@dataclass(frozen=True)
class Thing:
    """Something that was made; a team is its own owner."""

    kind: Kind
    id: UUID
    owner: UUID


@dataclass
class World:
    """Whoever comes to something may find it gone, or themselves shut out.

    Attributes:
        people: Everybody.
        things: What nobody is known to have deleted.
        ever: All that was made.
        reach: Which owners each user has acted for, or may act for.
    """

    people: list[Person]
    things: list[Thing] = field(default_factory=list)
    ever: list[Thing] = field(default_factory=list)
    reach: dict[UUID, set[UUID]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reach = {person.id: {person.id} for person in self.people}

    def add(self, thing: Thing) -> None:
        self.things.append(thing)
        self.ever.append(thing)

    def remove(self, id_: UUID) -> None:
        self.things = [thing for thing in self.things if id_ not in (thing.id, thing.owner)]

    def any(
        self, kind: Kind, who: UUID, chance: Random, *, owner: UUID | None = None
    ) -> UUID | None:
        """Something of this kind that this user can reach, most times; of one owner, if given."""
        strays = chance.random() < STRAY
        owners = {owner} if owner else self.reach[who]
        found = [t.id for t in self.things if t.kind == kind and (strays or t.owner in owners)]
        return chance.choice(found) if found else None

    def made(self) -> Made:
        """All of it, and what is there still, as those see it who are still there."""
        survivors: set[UUID] = set()
        for person in (each for each in self.people if not each.is_gone):
            teams = {team.team_id for team in _all(person.account.teams)} - survivors
            survivors |= {person.id, *teams}
            for team in (None, *teams):
                survivors |= {each.id for each in _all(person.keys.folders, team_id=team)}
                survivors |= {each.id for each in _all(person.keys.secrets, team_id=team)}
        everything = {thing.id for thing in self.ever} | {person.id for person in self.people}
        secrets = {thing.id for thing in self.ever if thing.kind == "secret"}
        return Made(everything, survivors, secrets)


def _all(listed: Callable[..., Page[A]], **of: UUID | None) -> Iterator[A]:
    """The items of every page."""
    page = listed(limit=100, **of)
    yield from page.items
    while page.next_cursor:
        page = listed(limit=100, cursor=page.next_cursor, **of)
        yield from page.items
