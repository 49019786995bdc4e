"""What somebody can do in KeyArc, by the names of the permission matrix."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import httpx

from suites.journeys.crew import content
from suites.keyarc.account import Account
from suites.keyarc.cryptography import blob
from suites.keyarc.keys import Keys
from suites.keyarc.stored import FolderContent, NewFolder, NewSecret, OwnerType
from suites.keyarc.team import Role


@dataclass(frozen=True)
class Named:
    """What a request can name.

    Attributes:
        somebody: Whom it is done to; `email` is theirs.
        label: What is made is named so.
    """

    team: UUID
    secret: UUID
    folder: UUID
    etag: str
    caller: UUID
    somebody: UUID
    email: str
    label: str

    def unknown(self) -> "Named":
        """The same request about what does not exist."""
        return replace(self, team=uuid4(), secret=uuid4(), folder=uuid4())


Accounts = Account[httpx.Client]
Vaults = Keys[httpx.Client]
Ask = Callable[[Accounts, Vaults, Named], httpx.Response]


@dataclass(frozen=True)
class Action:
    """What somebody does.

    Attributes:
        ask: Asks for it with the caller's clients.
        changes: What of a place looks otherwise where it is allowed; None: nothing does.
        somebody: What the one it is done to is in the team before; None: nothing.
        in_team: It is about a team; else about what is the caller's own.
    """

    ask: Ask
    changes: str | None = "team"
    somebody: Role | None = None
    in_team: bool = True

    @property
    def traces(self) -> tuple[str, ...]:
        """Where it would show that it was done after all; reading leaves one in the history."""
        return ("history",) if self.changes is None else (self.changes, "history")


def _add(role: Role) -> Action:
    def ask(account: Accounts, keys: Vaults, named: Named) -> httpx.Response:
        return account.add_member.answer(
            named.team, user=named.somebody, role=role, encrypted_team_key=blob(228)
        )

    return Action(ask)


def _remove(role: Role) -> Action:
    return Action(lambda a, k, n: a.remove_member.answer(n.team, n.somebody), somebody=role)


def _make(before: Role, after: Role) -> Action:
    return Action(
        lambda a, k, n: a.change_role.answer(n.team, n.somebody, role=after), somebody=before
    )


def _view(ask: Ask) -> Action:
    return Action(ask, changes=None)


def _secret(named: Named, owner: OwnerType) -> NewSecret:
    team = {"owner_id": named.team} if owner == "team" else {}
    told = {"name": named.label, "encrypted_value": blob(40), "type": "other"}
    return NewSecret.model_validate({**told, "owner_type": owner, **team})


def _folder(named: Named, owner: OwnerType) -> NewFolder:
    team = {"owner_id": named.team} if owner == "team" else {}
    return NewFolder.model_validate({"name": named.label, "owner_type": owner, **team})


_VIEW_SECRET = _view(lambda a, k, n: k.secret.answer(n.secret))
_VIEW_HISTORY = _view(lambda a, k, n: k.audit.answer(secret_id=n.secret))
_EDIT_SECRET = Action(
    lambda a, k, n: k.update.answer(n.secret, content(n.label), if_match=n.etag), "secrets"
)
_DELETE_SECRET = Action(lambda a, k, n: k.delete.answer(n.secret), "secrets")
_EDIT_FOLDER = Action(
    lambda a, k, n: k.update_folder.answer(n.folder, FolderContent(name=n.label)), "folders"
)
_DELETE_FOLDER = Action(lambda a, k, n: k.delete_folder.answer(n.folder), "folders")

_IN_A_TEAM = {
    "view team": _view(lambda a, k, n: a.team.answer(n.team)),
    "list secrets": _view(lambda a, k, n: k.secrets.answer(team_id=n.team)),
    "view secret": _VIEW_SECRET,
    "view history": _VIEW_HISTORY,
    "list folders": _view(lambda a, k, n: k.folders.answer(team_id=n.team)),
    "rename team": Action(lambda a, k, n: a.rename_team.answer(n.team, name=n.label)),
    "add a member": _add("member"),
    "add an admin": _add("admin"),
    "add an owner": _add("owner"),
    "remove a member": _remove("member"),
    "remove an admin": _remove("admin"),
    "remove an owner": _remove("owner"),
    # An owner can go where there is another one.
    "leave": Action(lambda a, k, n: a.remove_member.answer(n.team, n.caller), somebody="owner"),
    "make a member an admin": _make("member", "admin"),
    "make a member an owner": _make("member", "owner"),
    "make an admin an owner": _make("admin", "owner"),
    "make an admin a member": _make("admin", "member"),
    "make an owner a member": _make("owner", "member"),
    "make oneself an owner": Action(
        lambda a, k, n: a.change_role.answer(n.team, n.caller, role="owner")
    ),
    "delete team": Action(lambda a, k, n: a.delete_team.answer(n.team)),
    "create secret": Action(lambda a, k, n: k.create.answer(_secret(n, "team")), "secrets"),
    "edit secret": _EDIT_SECRET,
    "create folder": Action(lambda a, k, n: k.create_folder.answer(_folder(n, "team")), "folders"),
    "edit folder": _EDIT_FOLDER,
    "delete secret": _DELETE_SECRET,
    "delete folder": _DELETE_FOLDER,
}

_ONES_OWN = {
    "view profile": _view(lambda a, k, n: a.profile.answer()),
    "rename profile": Action(lambda a, k, n: a.rename.answer(display_name=n.label), "profile"),
    "delete profile": Action(lambda a, k, n: a.leave.answer(), "profile"),
    "find a user": _view(lambda a, k, n: a.search.answer(email=n.email)),
    "list own teams": _view(lambda a, k, n: a.teams.answer()),
    "create team": Action(
        lambda a, k, n: a.create_team.answer(name=n.label, encrypted_team_key=blob(228))
    ),
    "list own secrets": _view(lambda a, k, n: k.secrets.answer()),
    "keep a secret": Action(lambda a, k, n: k.create.answer(_secret(n, "user")), "secrets"),
    "view own secret": _VIEW_SECRET,
    "view own history": _VIEW_HISTORY,
    "edit own secret": _EDIT_SECRET,
    "delete own secret": _DELETE_SECRET,
    "list what expires": _view(lambda a, k, n: k.expiring.answer()),
    "list own folders": _view(lambda a, k, n: k.folders.answer()),
    "make a folder": Action(lambda a, k, n: k.create_folder.answer(_folder(n, "user")), "folders"),
    "edit own folder": _EDIT_FOLDER,
    "delete own folder": _DELETE_FOLDER,
}

ACTIONS = {
    **_IN_A_TEAM,
    **{does: replace(action, in_team=False) for does, action in _ONES_OWN.items()},
}
