"""Who may do what, and in which order things are done to what one owner has.

A transaction that writes holds, always in this order: the caller's row, the team's row, the
caller's membership, the owner's lock. Rows held cannot be deleted before the commit, so that no
foreign key breaks and no role changes halfway; the owner's lock lets the writers of one owner
through one after another. So `created_at` rises in the order of the commits, and a reader who
pages by it cannot pass a row that is not yet committed.
"""

import uuid
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, TypeVar

from fastapi import Depends
from sqlalchemy import BigInteger, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.keys.owner import Owner, OwnerKind
from services.private import Session, UserId
from services.problem import Problem
from services.tables import Folder, Membership, Secret, Team, User


class Role(IntEnum):
    """A role in a team. Users have the highest in what is their own."""

    MEMBER = 1
    ADMIN = 2
    OWNER = 3


VIEW, EDIT, DELETE = Role.MEMBER, Role.ADMIN, Role.OWNER

Row = TypeVar("Row", Secret, Folder)


def no_such(noun: str) -> Problem:
    """404, in the same words for what does not exist and for what the caller may not see."""
    return Problem(404, f"There is no such {noun}.")


@dataclass(frozen=True)
class Access:
    """One user's way to what is stored, within one transaction."""

    session: AsyncSession
    user_id: uuid.UUID

    def owner(self, kind: OwnerKind, owner_id: uuid.UUID | None) -> Owner:
        """The owner that a request names; a user names nobody but themselves.

        Raises:
            Problem: 422, for another user.
        """
        if kind == "team" and owner_id is not None:
            return Owner("team", owner_id)
        if owner_id not in (None, self.user_id):
            raise Problem(422, "owner_id: with owner_type user it is the caller, or left out.")
        return Owner("user", self.user_id)

    async def require(self, owner: Owner, least: Role, *, noun: str) -> None:
        """Looks at the caller's role as it is now.

        Raises:
            Problem: 404 `noun` without any role, 403 with too low a one.
        """
        _refuse(await self._role(owner), least, noun)

    async def hold(self, owner: Owner, least: Role, *, noun: str, shared: bool = False) -> None:
        """Keeps user, team and role as they are, and other writers of this owner out.

        Args:
            owner: Whose things are to be written.
            least: The role that it takes.
            noun: What the 404 says is not there.
            shared: Lets others in who hold it shared: for those who only add to the audit log.

        Raises:
            Problem: 401 when the user has gone, 404 or 403 as `require`.
        """
        caller = select(User.id).where(User.id == self.user_id)
        if await self.session.scalar(caller.with_for_update(read=True, key_share=True)) is None:
            raise Problem(401, "The user no longer exists.")
        if owner.kind == "team":
            team = select(Team.id).where(Team.id == owner.id)
            await self.session.execute(team.with_for_update(read=True, key_share=True))
        _refuse(await self._role(owner, lock=True), least, noun)
        await lock_owners(self.session, owner.id, shared=shared)

    async def hold_row(
        self, table: type[Row], row_id: uuid.UUID, least: Role, *, shared: bool = False
    ) -> Row:
        """Reads a row after holding its owner.

        Raises:
            Problem: 404 when it does not exist, or as `hold`.
        """
        noun = table.__name__.lower()
        found = await self.session.get(table, row_id)
        if found is None:
            raise no_such(noun)
        await self.hold(Owner.of(found), least, noun=noun, shared=shared)
        held = await self.session.get(table, row_id, populate_existing=True)
        if held is None:
            raise no_such(noun)
        return held

    async def _role(self, owner: Owner, *, lock: bool = False) -> Role | None:
        if owner.kind == "user":
            return Role.OWNER if owner.id == self.user_id else None
        role = select(Membership.role).where(
            Membership.team_id == owner.id, Membership.user_id == self.user_id
        )
        name = await self.session.scalar(role.with_for_update(read=True) if lock else role)
        return None if name is None else Role[name.upper()]


def _refuse(role: Role | None, least: Role, noun: str) -> None:
    if role is None:
        raise no_such(noun)
    if role < least:
        raise Problem(403, "Your role in this team is too low for this.")


async def lock_owners(session: AsyncSession, *owners: uuid.UUID, shared: bool) -> None:
    """Waits until nobody else writes what these owners have."""
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    for owner in sorted(owners):
        number = int.from_bytes(owner.bytes[:8], "big", signed=True)
        await session.execute(select(lock(literal(number, BigInteger))))


async def _access(session: Session, user_id: UserId) -> Access:
    return Access(session, user_id)


Caller = Annotated[Access, Depends(_access)]
