"""`Idempotency-Key`: done once, answered alike."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.services.account.conftest import Person, Sql, team_key
from tests.services.lock import Lock


def new_team(name: str = "Team") -> dict[str, str]:
    return {"name": name, "encrypted_team_key": team_key()}


def team_ids(person: Person) -> list[str]:
    return [team["team_id"] for team in person.get("/teams").json()["items"]]


def same(first: httpx.Response, again: httpx.Response) -> bool:
    kept = ("content-type", "content-length")
    return (
        first.status_code == again.status_code
        and first.content == again.content
        and [first.headers[name] for name in kept] == [again.headers[name] for name in kept]
    )


def test_repeated_request_gets_the_first_answer_and_is_done_once(ada: Person) -> None:
    body = new_team()

    first, *again = [ada.post("/teams", body, Idempotency_Key="k-1") for _ in range(3)]

    assert first.status_code == 201
    assert all(same(first, answer) for answer in again)
    assert team_ids(ada) == [first.json()["team_id"]]


def test_repeated_addition_is_no_conflict(ada: Person, ben: Person) -> None:
    path = f"/teams/{ada.team()}/members"
    body = {"user_id": ben.user_id, "role": "member", "encrypted_team_key": team_key()}

    first = ada.post(path, body, Idempotency_Key="k")

    assert first.status_code == 201
    assert same(first, ada.post(path, body, Idempotency_Key="k"))
    assert ada.post(path, body).status_code == 409


def test_without_a_key_each_request_counts(ada: Person) -> None:
    body = new_team()

    assert [ada.post("/teams", body).status_code for _ in range(2)] == [201, 201]
    assert len(team_ids(ada)) == 2


def test_another_body_is_422_and_changes_nothing(ada: Person) -> None:
    body = new_team()
    first = ada.post("/teams", body, Idempotency_Key="k")

    other = ada.post("/teams", {**body, "name": "Other"}, Idempotency_Key="k")

    assert other.status_code == 422
    assert same(first, ada.post("/teams", body, Idempotency_Key="k"))
    assert team_ids(ada) == [first.json()["team_id"]]


def test_key_is_the_users_own_and_the_paths(ada: Person, ben: Person, cleo: Person) -> None:
    body = new_team()
    teams = [person.post("/teams", body, Idempotency_Key="k") for person in (ada, ben)]
    member = {"user_id": cleo.user_id, "role": "member", "encrypted_team_key": team_key()}
    paths = [f"/teams/{team_id}/members" for team_id in (ada.team(), ada.team())]
    added = [ada.post(path, member, Idempotency_Key="k") for path in paths]

    assert [answer.status_code for answer in (*teams, *added)] == [201] * 4
    assert teams[0].json()["team_id"] != teams[1].json()["team_id"]


def test_refusal_is_kept_too(
    ada: Person, new_person: Callable[[], Person], sql: Sql, unknown_id: str
) -> None:
    path = f"/teams/{ada.team()}/members"
    body = {"user_id": unknown_id, "role": "member", "encrypted_team_key": team_key()}
    first = ada.post(path, body, Idempotency_Key="k")
    assert first.status_code == 404
    newcomer = uuid.UUID(new_person().user_id)
    sql("UPDATE users SET id = $1 WHERE id = $2", uuid.UUID(unknown_id), newcomer)

    assert same(first, ada.post(path, body, Idempotency_Key="k"))
    assert ada.post(path, body, Idempotency_Key="k-2").status_code == 201


def test_invalid_request_leaves_the_key_free(ada: Person) -> None:
    assert ada.post("/teams", {"name": ""}, Idempotency_Key="k").status_code == 422

    assert ada.post("/teams", new_team(), Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize(("age", "done_again"), [("23:59:30", False), ("24:00:01", True)])
def test_key_is_forgotten_after_a_day(ada: Person, sql: Sql, age: str, done_again: bool) -> None:
    body = new_team()
    first = ada.post("/teams", body, Idempotency_Key="k")
    sql(
        "UPDATE idempotency_keys SET created_at = created_at - $1::text::interval "
        "WHERE user_id = $2",
        age,
        uuid.UUID(ada.user_id),
    )

    again = ada.post("/teams", body, Idempotency_Key="k")

    assert again.status_code == 201
    assert same(first, again) is not done_again
    assert len(team_ids(ada)) == 1 + done_again


@pytest.mark.parametrize("key", ["k", "k" * 128, "a key, with: blanks!", "\xe4\xf6"])
def test_key_may_be_any_printable_text(ada: Person, key: str) -> None:
    body = new_team()
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answers = [
        ada.client.post(
            "/account/teams",
            json=body,
            headers=[
                *headers.items(),
                (b"X-Internal-Token", b"an-internal-token-for-tests-of-32-bytes"),
                (b"X-User-ID", ada.user_id.encode()),
            ],
        )
        for _ in range(2)
    ]

    assert answers[0].status_code == 201
    assert same(*answers)


@pytest.mark.parametrize("key", ["", "k" * 129, "a\tb"])
def test_bad_key_is_422(ada: Person, key: str) -> None:
    assert ada.post("/teams", new_team(), Idempotency_Key=key).status_code == 422
    assert team_ids(ada) == []


def test_key_in_flight_is_409_and_then_answered(ada: Person, lock: Callable[..., Lock]) -> None:
    body = new_team()
    held = lock("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", uuid.UUID(ada.user_id))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ada.post, "/teams", body, Idempotency_Key="k")
        held.wait_until_somebody_waits()
        meanwhile = ada.post("/teams", body, Idempotency_Key="k")
        held.release()
        first = running.result()

    assert (meanwhile.status_code, meanwhile.headers["retry-after"]) == (409, "1")
    assert first.status_code == 201
    assert same(first, ada.post("/teams", body, Idempotency_Key="k"))
    assert team_ids(ada) == [first.json()["team_id"]]


def test_concurrent_repetitions_are_done_once(ada: Person) -> None:
    body = new_team()

    def post(_: int) -> httpx.Response:
        return ada.post("/teams", body, Idempotency_Key="k")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(post, range(36)))

    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in done}) == 1
    assert team_ids(ada) == [done[0].json()["team_id"]]


def test_crash_leaves_neither_the_work_nor_its_answer(
    ada: Person, sql: Sql, lock: Callable[..., Lock]
) -> None:
    body = new_team()
    held = lock("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", uuid.UUID(ada.user_id))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ada.post, "/teams", body, Idempotency_Key="k")
        held.wait_until_somebody_waits()
        held.terminate_who_waits()
        crashed = running.result()
        held.release()

    kept: list[tuple[Any, ...]] = sql(
        "SELECT 1 FROM idempotency_keys WHERE user_id = $1", uuid.UUID(ada.user_id)
    )
    assert (crashed.status_code, kept, team_ids(ada)) == (503, [], [])
    again = ada.post("/teams", body, Idempotency_Key="k")
    assert again.status_code == 201
    assert team_ids(ada) == [again.json()["team_id"]]
