"""Reads all that a writer's user has, by every way there is: lists page by page, each secret."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from harness.errors import ContractViolation
from suites.health.people import Person
from suites.health.registers import PROFILE, folder_named, seen
from suites.health.scribe import Mine
from suites.keyarc.answer import Answer, Page
from suites.keyarc.stored import Folder, ListedSecret, Secret

A = TypeVar("A", bound=Answer)
# Less than there is, so that there are several pages.
PAGE_SIZE = 10
AT_ONCE = 6


@dataclass(slots=True)
class Read:
    """What is there.

    Attributes:
        values: By register.
        secrets: Those in `values`, to go on with.
        wrong: Sentences about what contradicts itself, whatever was written.
    """

    values: dict[str, str] = field(default_factory=dict)
    secrets: list[Mine] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def take(self, register: str, value: str) -> bool:
        """Whether it is the first of its name."""
        if register in self.values:
            self.wrong.append(f"{register}: is there twice, and was made once")
            return False
        self.values[register] = value
        return True


async def read_all(who: Person, folders: Mapping[UUID, str], named: Mapping[UUID, str]) -> Read:
    """
    Args:
        folders: The names of those that never move.
        named: The registers of folders that move, and of teams.

    Raises:
        ServerFailure, Unreachable, NoData: It cannot be read.
    """
    read = Read()
    async for folder in _all(lambda cursor: who.keys.folders(limit=PAGE_SIZE, cursor=cursor)):
        if folder.id not in folders:
            read.take(*_folder(folder, folders, named))
    async for team in _all(lambda cursor: who.account.teams(limit=PAGE_SIZE, cursor=cursor)):
        read.take(named.get(team.team_id, f"team {team.name}"), team.name)
    if name := (await who.account.profile()).display_name:
        read.take(PROFILE, name)
    listed = [
        secret
        async for secret in _all(lambda cursor: who.keys.secrets(limit=PAGE_SIZE, cursor=cursor))
    ]
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(secret: ListedSecret) -> Secret | ContractViolation:
        async with turns:
            try:
                return await who.keys.secret(secret.id)
            except ContractViolation as violation:
                return violation

    # In the order of the list: of two with one name, the older one is the one that counts.
    for entry, came in zip(listed, await asyncio.gather(*map(one, listed)), strict=True):
        _take(entry, came, folders, read)
    return read


def _take(
    listed: ListedSecret,
    secret: Secret | ContractViolation,
    folders: Mapping[UUID, str],
    read: Read,
) -> None:
    if isinstance(secret, ContractViolation):
        read.wrong.append(f"{listed.name}: is listed, and cannot be read: {secret}")
        return
    if (secret.name, secret.folder_id) != (listed.name, listed.folder_id):
        read.wrong.append(f"{listed.name}: is listed otherwise than it is read")
    if read.take(secret.name, seen(secret, folders)):
        read.secrets.append(Mine(secret.name, secret.id, secret.etag))
    else:
        # Nobody goes on with either: what became of one of them would say nothing.
        read.secrets = [each for each in read.secrets if each.name != secret.name]


def _folder(
    folder: Folder, folders: Mapping[UUID, str], named: Mapping[UUID, str]
) -> tuple[str, str]:
    where = folder_named(folder.parent_folder_id, folders)
    return named.get(folder.id, f"folder {folder.name}"), f"{folder.name} in {where}"


async def _all(page: Callable[[str | None], Awaitable[Page[A]]]) -> AsyncIterator[A]:
    cursor: str | None = None
    while True:
        came = await page(cursor)
        for item in came.items:
            yield item
        cursor = came.next_cursor
        if cursor is None:
            return
