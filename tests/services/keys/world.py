"""Users and teams as the other services would have made them, and their way to keys."""

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

TOKEN = "internal-token-of-the-tests-0123456789"
Query = Callable[..., list[tuple[Any, ...]]]

CIPHERTEXT = base64.b64encode(bytes(range(28))).decode()
SECRET: dict[str, Any] = {"name": "key", "encrypted_value": CIPHERTEXT, "type": "api_key"}


@dataclass(frozen=True)
class Person:
    """A user, who sends requests as the gateway would forward them."""

    id: str
    http: httpx.Client

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Internal-Token": TOKEN, "X-User-ID": self.id}

    def send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        headers = {**self.headers, **parts.pop("headers", {})}
        if "json" in parts:
            # Escaped, so that what UTF-8 cannot hold can be sent too.
            parts["content"] = json.dumps(parts.pop("json"))
            headers.setdefault("Content-Type", "application/json")
        return self.http.request(method, f"/keys{path}", headers=headers, **parts)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.send("GET", path, params=params)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", path, json=body, headers=names)

    def put(self, path: str, body: Any, if_match: str | None = "*") -> httpx.Response:
        return self.send("PUT", path, json=body, headers={"If-Match": if_match} if if_match else {})

    def delete(self, path: str) -> httpx.Response:
        return self.send("DELETE", path)

    def secret(self, **more: Any) -> dict[str, Any]:
        """A new secret of theirs."""
        return made(self.post("/secrets", SECRET | more))

    def folder(self, name: str = "folder", **more: Any) -> dict[str, Any]:
        """A new folder of theirs."""
        return made(self.post("/folders", {"name": name, **more}))

    def names(self, path: str = "/secrets", **params: Any) -> list[str]:
        """The names in a list, in its order."""
        return [item["name"] for item in items(self.get(path, **params))]

    def history(self, secret_id: str) -> list[str]:
        """What the audit log says was done to a secret."""
        return [entry["action"] for entry in items(self.get("/audit", secret_id=secret_id))]


@dataclass(frozen=True)
class Team:
    """A team with one member of each role, and somebody who is none."""

    id: str
    owner: Person
    admin: Person
    member: Person
    other: Person

    @property
    def owned(self) -> dict[str, str]:
        return {"owner_type": "team", "owner_id": self.id}

    def of_role(self, role: str) -> Person:
        person: Person = getattr(self, role)
        return person


class World:
    """Makes users and teams in the database."""

    def __init__(self, http: httpx.Client, query: Query) -> None:
        self.http = http
        self.query = query

    def person(self) -> Person:
        return self.people(1)[0]

    def people(self, count: int) -> list[Person]:
        made = self.query(
            "INSERT INTO users (email, auth_hash, encrypted_vault_key, encrypted_private_key,"
            " public_key) SELECT gen_random_uuid() || '@example.org', '', '', '', ''"
            " FROM generate_series(1, $1) RETURNING id",
            count,
        )
        return [Person(str(new), self.http) for (new,) in made]

    def team(self) -> Team:
        owner, admin, member, other = self.people(4)
        [(new,)] = self.query("INSERT INTO teams (name) VALUES ('team') RETURNING id")
        self.query(
            "INSERT INTO team_memberships (team_id, user_id, role, encrypted_team_key)"
            " SELECT $1, * FROM unnest($2::text[]::uuid[], $3::text[]), (VALUES ('')) AS key",
            new,
            [owner.id, admin.id, member.id],
            ["owner", "admin", "member"],
        )
        return Team(str(new), owner, admin, member, other)

    def join(self, team_id: str, person: Person, role: str) -> None:
        self.query(
            "INSERT INTO team_memberships (team_id, user_id, role, encrypted_team_key)"
            " VALUES ($1, $2, $3, '') ON CONFLICT (team_id, user_id) DO UPDATE SET role = $3",
            uuid.UUID(team_id),
            uuid.UUID(person.id),
            role,
        )

    def leave(self, team_id: str, person: Person) -> None:
        self.query(
            "DELETE FROM team_memberships WHERE team_id = $1 AND user_id = $2",
            uuid.UUID(team_id),
            uuid.UUID(person.id),
        )

    def delete_person(self, person: Person) -> None:
        self.query("DELETE FROM users WHERE id = $1", uuid.UUID(person.id))

    def delete_team(self, team: Team) -> None:
        self.query("DELETE FROM teams WHERE id = $1", uuid.UUID(team.id))


def made(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


def items(response: httpx.Response) -> list[dict[str, Any]]:
    """The items of a list that fits one page."""
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["next_cursor"] is None
    found: list[dict[str, Any]] = body["items"]
    return found


def refused(response: httpx.Response, status: int) -> dict[str, Any]:
    """The body of a refusal, without what differs each time."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body.pop("request_id") == response.headers["x-request-id"]
    assert body["status"] == status
    return body
