"""Removing what checks made: test users with all that is theirs, and single secrets."""

import os
from collections.abc import Mapping
from uuid import UUID

from harness.environment import Environment
from harness.sweeper import sweeper
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.answer import body
from suites.keyarc.auth import LoggedIn
from suites.keyarc.identity import Identities, Identity, is_on_this_machine
from suites.keyarc.keys import SECRETS, Keys
from suites.keyarc.problem import read_problem

# What journals call a test user.
USER = "user"


@sweeper(USER)
async def remove_left(environment: Environment, targets: Mapping[str, Target], email: str) -> bool:
    """Signs in as the user that an email was made for, and deletes them.

    Raises:
        UsageError: It is no email of ours, or there is no seed for it, or another one.
    """
    identities = Identities.of_environment(os.environ, loopback=is_on_this_machine(environment))
    return await remove(targets, identities.again(email))


async def remove(targets: Mapping[str, Target], identity: Identity) -> bool:
    """Deletes a test user, with all that is theirs.

    Returns:
        False when there was no such user.

    Raises:
        ContractViolation, ServerFailure, Unreachable, NoData: as `Target` does.
    """
    credentials = {"email": identity.email, "auth_hash": identity.auth_hash()}
    login = await targets["auth"].post("/login", expect=(200, 401), json=credentials)
    if login.status_code == 401:
        read_problem(login, 401)
        return False
    await leave(Account(targets["gateway"], body(LoggedIn)(login).access_token))
    return True


async def leave(account: Account[Target]) -> None:
    """Deletes the caller, their own teams first: the last owner of a team cannot leave it."""
    await _delete_own_teams(account)
    await account.leave()


async def remove_secret(keys: Keys[Target], secret_id: UUID) -> None:
    """Deletes a secret of the caller; one that is gone already is no trouble."""
    await keys.sender.delete(
        f"{SECRETS}/{secret_id}",
        expect=(204, 404),
        headers={name: value for name, value in keys.authorization.items() if value is not None},
    )


async def _delete_own_teams(account: Account[Target]) -> None:
    cursor: str | None = None
    while True:
        page = await account.teams(limit=100, cursor=cursor)
        for team in page.items:
            if team.role == "owner":
                await account.delete_team(team.team_id)
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
