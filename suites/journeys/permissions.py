"""Who may do what in a team: CONTRACT.md's table, action by action."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx

from suites.journeys.crew import content
from suites.keyarc.account import Account
from suites.keyarc.cryptography import blob
from suites.keyarc.keys import Keys
from suites.keyarc.stored import FolderContent, NewFolder, NewSecret
from suites.keyarc.team import Role

RENAMED = FolderContent(name="renamed")

TABLE = """
                | owner | admin | member | other
view team       | yes   | yes   | yes    | no
list secrets    | yes   | yes   | yes    | no
view secret     | yes   | yes   | yes    | no
view history    | yes   | yes   | yes    | no
list folders    | yes   | yes   | yes    | no
rename team     | yes   | yes   | no     | no
add a member    | yes   | yes   | no     | no
add an admin    | yes   | no    | no     | no
add an owner    | yes   | no    | no     | no
remove a member | yes   | yes   | no     | no
remove an admin | yes   | no    | no     | no
remove an owner | yes   | no    | no     | no
leave           | yes   | yes   | yes    | no
change roles    | yes   | no    | no     | no
delete team     | yes   | no    | no     | no
create secret   | yes   | yes   | no     | no
edit secret     | yes   | yes   | no     | no
create folder   | yes   | yes   | no     | no
edit folder     | yes   | yes   | no     | no
delete secret   | yes   | no    | no     | no
delete folder   | yes   | no    | no     | no
"""


@dataclass(frozen=True)
class Named:
    """What a request about a team can name; `somebody`: whom it is done to."""

    team: UUID
    secret: UUID
    folder: UUID
    etag: str
    caller: UUID
    somebody: UUID

    def unknown(self) -> "Named":
        """The same request about a team that does not exist."""
        return Named(uuid4(), uuid4(), uuid4(), self.etag, self.caller, self.somebody)


Accounts = Account[httpx.Client]
Vaults = Keys[httpx.Client]
Ask = Callable[[Accounts, Vaults, Named], httpx.Response]


@dataclass(frozen=True)
class Action:
    """What somebody does about a team.

    Attributes:
        ask: Asks for it with the caller's clients.
        somebody: What the one it is done to is in the team before; None: nothing.
        writes: Where it is allowed, it changes something.
    """

    ask: Ask
    somebody: Role | None = None
    writes: bool = True


def add(role: Role) -> Action:
    def ask(account: Accounts, keys: Vaults, named: Named) -> httpx.Response:
        return account.add_member.answer(
            named.team, user=named.somebody, role=role, encrypted_team_key=blob(228)
        )

    return Action(ask)


def remove(role: Role) -> Action:
    return Action(lambda a, k, n: a.remove_member.answer(n.team, n.somebody), somebody=role)


def view(ask: Ask) -> Action:
    return Action(ask, writes=False)


def _new_secret(named: Named) -> NewSecret:
    return NewSecret(
        name="new", encrypted_value=blob(40), type="other", owner_type="team", owner_id=named.team
    )


def _new_folder(named: Named) -> NewFolder:
    return NewFolder(name="new", owner_type="team", owner_id=named.team)


ACTIONS = {
    "view team": view(lambda a, k, n: a.team.answer(n.team)),
    "list secrets": view(lambda a, k, n: k.secrets.answer(team_id=n.team)),
    "view secret": view(lambda a, k, n: k.secret.answer(n.secret)),
    "view history": view(lambda a, k, n: k.audit.answer(secret_id=n.secret)),
    "list folders": view(lambda a, k, n: k.folders.answer(team_id=n.team)),
    "rename team": Action(lambda a, k, n: a.rename_team.answer(n.team, name="renamed")),
    "add a member": add("member"),
    "add an admin": add("admin"),
    "add an owner": add("owner"),
    "remove a member": remove("member"),
    "remove an admin": remove("admin"),
    "remove an owner": remove("owner"),
    # An owner can go where there is another one.
    "leave": Action(lambda a, k, n: a.remove_member.answer(n.team, n.caller), somebody="owner"),
    "change roles": Action(
        lambda a, k, n: a.change_role.answer(n.team, n.somebody, role="admin"), somebody="member"
    ),
    "delete team": Action(lambda a, k, n: a.delete_team.answer(n.team)),
    "create secret": Action(lambda a, k, n: k.create.answer(_new_secret(n))),
    "edit secret": Action(lambda a, k, n: k.update.answer(n.secret, content(), if_match=n.etag)),
    "create folder": Action(lambda a, k, n: k.create_folder.answer(_new_folder(n))),
    "edit folder": Action(
        lambda a, k, n: k.update_folder.answer(n.folder, FolderContent(name="f"))
    ),
    "delete secret": Action(lambda a, k, n: k.delete.answer(n.secret)),
    "delete folder": Action(lambda a, k, n: k.delete_folder.answer(n.folder)),
}


@dataclass(frozen=True)
class Cell:
    """Who does what, and whether they may."""

    who: str
    does: str
    may: bool

    def __str__(self) -> str:
        return f"{self.who} {'may' if self.may else 'may not'} {self.does}"


def cells() -> list[Cell]:
    """The table, cell by cell."""
    head, *rows = [
        [entry.strip() for entry in line.split("|")] for line in TABLE.strip("\n").splitlines()
    ]
    return [
        Cell(who, does, {"yes": True, "no": False}[entry])
        for does, *entries in rows
        for who, entry in zip(head[1:], entries, strict=True)
    ]
