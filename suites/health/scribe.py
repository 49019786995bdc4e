"""One of those who write all the time: what it does next follows from its seed, and from what it
has heard so far."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from uuid import UUID

from harness.matrix.history import Operation
from suites.health.notebook import Heard, Notebook
from suites.health.people import Person
from suites.health.registers import PROFILE, ROOT, folder_of, seen, stored, team_of
from suites.health.values import ciphertext
from suites.keyarc.call import Call
from suites.keyarc.stored import FolderContent, KeptSecret, NewSecret, Secret, SecretContent

# How many secrets one of them keeps at once.
FEW, MANY = 3, 8
KEYED, REPEATED = 0.8, 0.7
# So that three of them write about ten times a second.
PAUSE_S = (0.1, 0.4)
# What is done where nothing else is called for, and how often.
CHOICES = {"create": 30, "update": 40, "delete": 20, "move": 7, "rename": 6}


@dataclass(slots=True)
class Mine:
    """A secret that is known to be there. Without an ETag it has to be looked at first."""

    name: str
    id: UUID
    etag: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """What a scribe writes to besides secrets.

    Attributes:
        folder: Its own, which it moves.
        folders: Where to: by their names.
        team: Its own, which it renames.
        profile: Whether it changes the display name too.
    """

    folder: UUID
    folders: Mapping[str, UUID]
    team: UUID
    profile: bool


class Scribe:
    """Does one thing after the other; no other one writes to what is its.

    Args:
        name: What the names of all that it makes begin with.
    """

    def __init__(
        self, name: str, notebook: Notebook, who: Person, place: Place, chance: Random
    ) -> None:
        self.name = name
        # Held for as long as something of its is under way.
        self.busy = asyncio.Lock()
        self._notebook, self._who, self._place, self._chance = notebook, who, place, chance
        self._mine: list[Mine] = []
        self._unheard: tuple[Operation, Call[KeptSecret]] | None = None
        self._made = 0

    async def write(self) -> None:
        """Goes on writing until it is cancelled."""
        while True:
            async with self.busy:
                await self._next()
            await asyncio.sleep(self._chance.uniform(*PAUSE_S))

    def adopt(self, mine: list[Mine]) -> None:
        """Goes on with what is there."""
        self._mine = list(mine)
        self._unheard = None

    async def _next(self) -> None:
        if self._unheard is not None:
            await self._repeat(*self._unheard)
            return
        choice = self._chance.choices([*CHOICES], [*CHOICES.values()])[0]
        if choice in ("update", "delete", "create"):
            count = len(self._mine)
            choice = "create" if count < FEW else "delete" if count > MANY else choice
        await getattr(self, f"_{choice}")()

    async def _create(self) -> None:
        self._made += 1
        name = f"{self.name} {self._made}"
        value, folder = self._content()
        key = str(uuid.UUID(int=self._chance.getrandbits(128)))
        draft = NewSecret(
            name=name,
            encrypted_value=value,
            type="other",
            folder_id=self._place.folders.get(folder),
            owner_type="user",
        )
        keyed = self._chance.random() < KEYED
        call = self._who.keys.create.call(draft, idempotency_key=key if keyed else None)
        operation = Operation(name, stored(value, folder))
        heard = await self._kept(operation, call)
        if heard.outcome == "info" and keyed and self._chance.random() < REPEATED:
            self._unheard = operation, call

    async def _repeat(self, operation: Operation, call: Call[KeptSecret]) -> None:
        """The same once more, until it is known: it is done once."""
        heard = await self._kept(operation, call)
        if heard.outcome == "ok":
            self._unheard = None

    async def _kept(self, operation: Operation, call: Call[KeptSecret]) -> Heard[KeptSecret]:
        heard = await self._notebook.write(operation, call)
        if heard.value is not None:
            self._mine.append(Mine(operation.register, heard.value.id, heard.value.etag))
        return heard

    async def _update(self) -> None:
        mine = self._chance.choice(self._mine)
        if mine.etag is None and not await self._look(mine):
            return
        value, folder = self._content()
        content = SecretContent(
            name=mine.name,
            encrypted_value=value,
            type="other",
            folder_id=self._place.folders.get(folder),
        )
        call = self._who.keys.update.call(mine.id, content, if_match=mine.etag)
        heard = await self._notebook.write(Operation(mine.name, stored(value, folder)), call)
        mine.etag = heard.value.etag if heard.value is not None else None
        self._forget_if(mine, heard.gone)

    async def _delete(self) -> None:
        mine = self._chance.choice(self._mine)
        call = self._who.keys.delete.call(mine.id)
        heard = await self._notebook.write(Operation(mine.name, None, fenced=False), call)
        mine.etag = None
        self._forget_if(mine, heard.gone or heard.outcome == "ok")

    async def _look(self, mine: Mine) -> bool:
        """Whether it is there, as far as anybody knows."""
        heard: Heard[Secret] = await self._notebook.ask(self._who.keys.secret.call(mine.id))
        if heard.gone:
            self._notebook.history.saw(mine.name, None)
            self._forget_if(mine, True)
        if heard.value is None:
            return False
        names = {id_: name for name, id_ in self._place.folders.items()}
        self._notebook.history.saw(mine.name, seen(heard.value, names))
        mine.etag = heard.value.etag
        return True

    async def _move(self) -> None:
        """The folder, under another name."""
        self._made += 1
        parent = self._chance.choice([ROOT, *self._place.folders])
        content = FolderContent(
            name=f"{self.name} {self._made}", parent_folder_id=self._place.folders.get(parent)
        )
        call = self._who.keys.update_folder.call(self._place.folder, content)
        written = f"{content.name} in {parent}"
        await self._notebook.write(Operation(folder_of(self.name), written, fenced=False), call)

    async def _rename(self) -> None:
        """The team, or whoever writes."""
        self._made += 1
        name = f"{self.name} {self._made}"
        if self._place.profile and self._chance.random() < 0.5:
            profile = self._who.account.rename.call(display_name=name)
            await self._notebook.write(Operation(PROFILE, name, fenced=False), profile)
        else:
            team = self._who.account.rename_team.call(self._place.team, name=name)
            await self._notebook.write(Operation(team_of(self.name), name, fenced=False), team)

    def _content(self) -> tuple[str, str]:
        return ciphertext(self._chance), self._chance.choice([ROOT, *self._place.folders])

    def _forget_if(self, mine: Mine, is_gone: bool) -> None:
        if is_gone:
            self._mine.remove(mine)
