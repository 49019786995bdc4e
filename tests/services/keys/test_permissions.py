"""Who may do what with a team's secrets and folders, and what others are told."""

import uuid
from typing import Any

import pytest

from tests.services.keys.world import SECRET, Person, Team, World, refused

VIEW = {"owner": 200, "admin": 200, "member": 200, "other": 404}
EDIT = {"owner": 200, "admin": 200, "member": 403, "other": 404}
CREATE = EDIT | {"owner": 201, "admin": 201}
DELETE = {"owner": 204, "admin": 403, "member": 403, "other": 404}
# What to send, and what each role is answered. The ids are of a secret and a folder of the team.
MATRIX = {
    "list secrets": ("GET", "/secrets?team_id={team}", None, VIEW),
    "create a secret": ("POST", "/secrets", SECRET, CREATE),
    "read a secret": ("GET", "/secrets/{secret}", None, VIEW),
    "update a secret": ("PUT", "/secrets/{secret}", SECRET, EDIT),
    "delete a secret": ("DELETE", "/secrets/{secret}", None, DELETE),
    "read the audit log": ("GET", "/audit?secret_id={secret}", None, VIEW),
    "list folders": ("GET", "/folders?team_id={team}", None, VIEW),
    "create a folder": ("POST", "/folders", {"name": "new"}, CREATE),
    "update a folder": ("PUT", "/folders/{folder}", {"name": "new"}, EDIT),
    "delete a folder": ("DELETE", "/folders/{folder}", None, DELETE),
}
ROWS = [
    pytest.param(method, path, body, role, expected[role], id=f"{action} as {role}")
    for action, (method, path, body, expected) in MATRIX.items()
    for role in expected
]


@pytest.mark.parametrize(("method", "path", "body", "role", "status"), ROWS)
def test_role_decides(
    team: Team, method: str, path: str, body: dict[str, Any] | None, role: str, status: int
) -> None:
    secret = team.owner.secret(**team.owned)["id"]
    folder = team.owner.folder(**team.owned)["id"]
    parts: dict[str, Any] = {"headers": {"If-Match": "*"}} if method == "PUT" else {}
    if body is not None:
        parts["json"] = body | (team.owned if method == "POST" else {})
    person = team.of_role(role)
    filled = path.format(team=team.id, secret=secret, folder=folder)
    assert status == person.send(method, filled, **parts).status_code


UNSEEN = {
    "list secrets": ("GET", "/secrets?team_id={id}", None),
    "create a secret": ("POST", "/secrets", SECRET | {"owner_type": "team", "owner_id": "{id}"}),
    "read a secret": ("GET", "/secrets/{id}", None),
    "update a secret": ("PUT", "/secrets/{id}", SECRET),
    "delete a secret": ("DELETE", "/secrets/{id}", None),
    "read the audit log": ("GET", "/audit?secret_id={id}", None),
    "list folders": ("GET", "/folders?team_id={id}", None),
    "create a folder": (
        "POST",
        "/folders",
        {"name": "a", "owner_type": "team", "owner_id": "{id}"},
    ),
    "update a folder": ("PUT", "/folders/{id}", {"name": "new"}),
    "delete a folder": ("DELETE", "/folders/{id}", None),
}


@pytest.mark.parametrize(("method", "path", "body"), UNSEEN.values(), ids=UNSEEN)
@pytest.mark.parametrize("owner", ["user", "team"])
def test_what_others_have_looks_like_nothing(
    ada: Person, team: Team, owner: str, method: str, path: str, body: dict[str, Any] | None
) -> None:
    owned = team.owned if owner == "team" else {}
    things = {
        "team_id": team.id,
        "secrets": team.owner.secret(**owned)["id"],
        "folders": team.owner.folder(**owned)["id"],
    }
    things["audit"] = things["secrets"]

    def ask(id_: str) -> dict[str, Any]:
        parts: dict[str, Any] = {"headers": {"If-Match": "*"}} if method == "PUT" else {}
        if body is not None:
            parts["json"] = {k: v if v != "{id}" else id_ for k, v in body.items()}
        return refused(ada.send(method, path.format(id=id_), **parts), 404)

    named = "team_id" if "team_id" in path or method == "POST" else path.split("/")[1].split("?")[0]
    unknown, theirs = ask(str(uuid.uuid4())), ask(things[named])
    assert unknown == theirs
    assert things[named] not in str(theirs)


@pytest.mark.parametrize("kind", ["secrets", "folders"])
def test_user_can_create_for_no_other_user(ada: Person, bob: Person, kind: str) -> None:
    body = SECRET if kind == "secrets" else {"name": "folder"}
    named = {"owner_type": "user", "owner_id": bob.id}
    refused(ada.post(f"/{kind}", body | named), 422)
    assert ada.id == ada.post(f"/{kind}", body | named | {"owner_id": ada.id}).json()["owner_id"]


def test_change_of_role_counts_at_once(team: Team, world: World) -> None:
    path = f"/secrets/{team.owner.secret(**team.owned)['id']}"
    refused(team.member.put(path, SECRET), 403)
    world.join(team.id, team.member, "admin")
    assert team.member.put(path, SECRET).status_code == 200
    refused(team.member.delete(path), 403)
    world.join(team.id, team.member, "owner")
    assert team.member.delete(path).status_code == 204


def test_leaving_a_team_counts_at_once(team: Team, world: World) -> None:
    path = f"/secrets/{team.owner.secret(**team.owned)['id']}"
    assert team.member.get(path).status_code == 200
    world.leave(team.id, team.member)
    refused(team.member.get(path), 404)
    refused(team.member.get("/secrets", team_id=team.id), 404)


def test_role_in_one_team_says_nothing_in_another(team: Team, world: World) -> None:
    world.join(world.team().id, team.member, "owner")
    refused(team.member.post("/secrets", SECRET | team.owned), 403)


def test_team_secret_stays_when_its_creator_leaves(team: Team, world: World) -> None:
    secret = team.admin.secret(**team.owned)
    world.leave(team.id, team.admin)
    world.delete_person(team.admin)
    assert team.member.get(f"/secrets/{secret['id']}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Internal-Token": "wrong" * 8},
        {"X-Internal-Token": ""},
        {"X-User-ID": ""},
        {"X-User-ID": "ada"},
        {"X-User-ID": str(uuid.uuid4())},
    ],
)
def test_only_the_gateway_speaking_for_a_user_is_answered(
    ada: Person, world: World, headers: dict[str, str]
) -> None:
    sent = ada.headers | headers if headers else {}
    for path in ("/keys/secrets", "/keys/folders", "/keys/secrets/expiring", "/keys/unknown"):
        if path == "/keys/unknown" and "X-Internal-Token" not in headers and headers:
            continue
        answer = world.http.get(path, headers=sent)
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_deleted_user_is_401(ada: Person, world: World) -> None:
    world.delete_person(ada)
    refused(ada.get("/secrets"), 401)
    refused(ada.post("/secrets", SECRET), 401)
