"""The permission matrix: every role, every action."""

from collections.abc import Callable

import httpx
import pytest

from tests.services.account.conftest import Person, team_key


class Cast:
    """A team with every role in it, somebody outside, and somebody to add."""

    def __init__(self, new_person: Callable[[], Person]) -> None:
        self.owner, self.admin, self.member, self.other = (new_person() for _ in range(4))
        self.second = {role: new_person() for role in ("owner", "admin", "member")}
        self.newcomer = new_person()
        self.team_id = self.owner.team(
            admin=self.admin,
            member=self.member,
            **{f"{role}_2": person for role, person in self.second.items()},
        )

    def caller(self, role: str) -> Person:
        caller: Person = getattr(self, role)
        return caller


Action = Callable[[Cast, Person, str], httpx.Response]


def view(_: Cast, caller: Person, team: str) -> httpx.Response:
    return caller.get(team)


def rename(_: Cast, caller: Person, team: str) -> httpx.Response:
    return caller.put(team, {"name": "Renamed"})


def delete(_: Cast, caller: Person, team: str) -> httpx.Response:
    return caller.delete(team)


def add(role: str) -> Action:
    def action(cast: Cast, caller: Person, team: str) -> httpx.Response:
        body = {
            "user_id": cast.newcomer.user_id,
            "role": role,
            "encrypted_team_key": team_key(),
        }
        return caller.post(f"{team}/members", body)

    return action


def remove(role: str) -> Action:
    def action(cast: Cast, caller: Person, team: str) -> httpx.Response:
        return caller.delete(f"{team}/members/{cast.second[role].user_id}")

    return action


def remove_self(_: Cast, caller: Person, team: str) -> httpx.Response:
    return caller.delete(f"{team}/members/{caller.user_id}")


def change_role(before: str, after: str) -> Action:
    def action(cast: Cast, caller: Person, team: str) -> httpx.Response:
        path = f"{team}/members/{cast.second[before].user_id}"
        return caller.put(path, {"role": after})

    return action


def promote_self(_: Cast, caller: Person, team: str) -> httpx.Response:
    return caller.put(f"{team}/members/{caller.user_id}", {"role": "owner"})


# What owner, admin, member and somebody else get.
MATRIX: dict[str, tuple[Action, tuple[int, int, int, int]]] = {
    "view": (view, (200, 200, 200, 404)),
    "rename": (rename, (200, 200, 403, 404)),
    "delete": (delete, (204, 403, 403, 404)),
    "add member": (add("member"), (201, 201, 403, 404)),
    "add admin": (add("admin"), (201, 403, 403, 404)),
    "add owner": (add("owner"), (201, 403, 403, 404)),
    "remove member": (remove("member"), (204, 204, 403, 404)),
    "remove admin": (remove("admin"), (204, 403, 403, 404)),
    "remove owner": (remove("owner"), (204, 403, 403, 404)),
    "remove self": (remove_self, (204, 204, 204, 404)),
    "member to admin": (change_role("member", "admin"), (200, 403, 403, 404)),
    "member to owner": (change_role("member", "owner"), (200, 403, 403, 404)),
    "admin to member": (change_role("admin", "member"), (200, 403, 403, 404)),
    "owner to member": (change_role("owner", "member"), (200, 403, 403, 404)),
    "promote self": (promote_self, (200, 403, 403, 404)),
}
ROLES = ("owner", "admin", "member", "other")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MATRIX)
def test_role_decides(new_person: Callable[[], Person], name: str, role: str) -> None:
    action, statuses = MATRIX[name]
    cast = Cast(new_person)
    before = cast.owner.get(f"/teams/{cast.team_id}").json()

    answer = action(cast, cast.caller(role), f"/teams/{cast.team_id}")

    assert answer.status_code == dict(zip(ROLES, statuses, strict=True))[role]
    if answer.status_code >= 400:
        assert cast.owner.get(f"/teams/{cast.team_id}").json() == before


@pytest.mark.parametrize("name", MATRIX)
def test_team_of_others_looks_like_no_team(
    new_person: Callable[[], Person], unknown_id: str, name: str
) -> None:
    action, _ = MATRIX[name]
    cast = Cast(new_person)

    others = action(cast, cast.other, f"/teams/{cast.team_id}")
    unknown = action(cast, cast.other, f"/teams/{unknown_id}")

    shown = []
    for answer in (others, unknown):
        body = answer.json()
        assert body.pop("request_id") == answer.headers["x-request-id"]
        headers = {
            key: value
            for key, value in answer.headers.items()
            if key not in ("date", "x-request-id")
        }
        shown.append((answer.status_code, headers, body))
    assert shown[0] == shown[1]
    assert shown[0][0] == 404
    assert cast.team_id not in others.text
