"""Requests that come at once: the rules hold as if one had come after the other."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import httpx
import pytest

from tests.services.account.conftest import Person, Sql, team_key
from tests.services.lock import Lock

ROUNDS = 5


def at_once(*calls: Callable[[], httpx.Response]) -> list[int]:
    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(call) for call in calls]
        return [call.result().status_code for call in running]


def test_two_last_owners_cannot_both_step_down(new_person: Callable[[], Person]) -> None:
    for _ in range(ROUNDS):
        ada, ben = new_person(), new_person()
        team_id = ada.team(owner=ben)
        paths = [f"/teams/{team_id}/members/{person.user_id}" for person in (ada, ben)]

        statuses = at_once(
            partial(ada.put, paths[0], {"role": "member"}), partial(ben.delete, paths[1])
        )

        assert sorted(statuses) in ([200, 409], [204, 409])


def test_two_owners_cannot_remove_each_other(new_person: Callable[[], Person]) -> None:
    for _ in range(ROUNDS):
        ada, ben = new_person(), new_person()
        team_id = ada.team(owner=ben)

        statuses = at_once(
            partial(ada.delete, f"/teams/{team_id}/members/{ben.user_id}"),
            partial(ben.delete, f"/teams/{team_id}/members/{ada.user_id}"),
        )

        assert sorted(statuses) == [204, 404]


def test_two_last_owners_cannot_both_go(new_person: Callable[[], Person]) -> None:
    for _ in range(ROUNDS):
        ada, ben, cleo = new_person(), new_person(), new_person()
        team_id = ada.team(owner=ben, member=cleo)

        statuses = at_once(partial(ada.delete, "/profile"), partial(ben.delete, "/profile"))

        assert sorted(statuses) == [204, 409]
        assert sorted(cleo.roles(team_id).values()) == ["member", "owner"]


def test_one_user_is_added_once(ada: Person, ben: Person) -> None:
    team_id = ada.team()

    statuses = at_once(*[partial(ada.add, team_id, ben) for _ in range(8)])

    assert sorted(statuses) == [201] + [409] * 7


def test_owner_cannot_go_while_somebody_joins(new_person: Callable[[], Person], sql: Sql) -> None:
    for _ in range(ROUNDS):
        ada, ben = new_person(), new_person()
        team_id = ada.team()

        added, deleted = at_once(partial(ada.add, team_id, ben), partial(ada.delete, "/profile"))

        assert (added, deleted) in ((201, 409), (404, 204), (401, 204))
        roles = sql(
            "SELECT role FROM team_memberships WHERE team_id = $1 ORDER BY role",
            uuid.UUID(team_id),
        )
        assert roles == ([("member",), ("owner",)] if added == 201 else [])


def test_user_who_goes_is_not_added(new_person: Callable[[], Person]) -> None:
    for _ in range(ROUNDS):
        ada, ben = new_person(), new_person()
        team_id = ada.team()

        added, deleted = at_once(partial(ada.add, team_id, ben), partial(ben.delete, "/profile"))

        assert deleted == 204
        assert added in (201, 404)
        assert ada.roles(team_id) == {ada.user_id: "owner"}


def test_role_is_read_after_the_wait_for_the_team(
    ada: Person, ben: Person, sql: Sql, lock: Callable[..., Lock]
) -> None:
    team_id = ada.team(admin=ben)
    held = lock(
        "WITH held AS (SELECT 1 FROM teams WHERE id = $1 FOR UPDATE) "
        "UPDATE team_memberships SET role = 'member' "
        "WHERE team_id = $1 AND user_id = $2 AND EXISTS (SELECT FROM held)",
        uuid.UUID(team_id),
        uuid.UUID(ben.user_id),
    )

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ben.put, f"/teams/{team_id}", {"name": "Mine"})
        held.wait_until_somebody_waits()
        held.commit()

    assert running.result().status_code == 403


@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "k"}])
def test_user_deleted_during_their_own_request_is_401(
    ada: Person, lock: Callable[..., Lock], key: dict[str, str]
) -> None:
    body = {"name": "Team", "encrypted_team_key": team_key()}
    held = lock("DELETE FROM users WHERE id = $1", uuid.UUID(ada.user_id))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(partial(ada.post, "/teams", body, **key))
        held.wait_until_somebody_waits()
        held.commit()

    assert running.result().status_code == 401


def test_random_calls_at_once_never_break_a_rule(
    new_person: Callable[[], Person], sql: Sql
) -> None:
    random = Random(5)
    people = [new_person() for _ in range(6)]
    teams = [person.team() for person in people[:3]]

    def call() -> Callable[[], httpx.Response]:
        caller, target = random.choices(people, k=2)
        team, role = random.choice(teams), random.choice(["owner", "admin", "member"])
        member = f"/teams/{team}/members/{target.user_id}"
        return random.choice(
            [
                partial(caller.add, team, target, role),
                partial(caller.put, member, {"role": role}),
                partial(caller.delete, member),
                partial(caller.put, f"/teams/{team}", {"name": role}),
                partial(caller.get, f"/teams/{team}"),
                *([partial(caller.delete, "/profile")] if random.random() < 0.05 else []),
            ]
        )

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(each) for each in [call() for _ in range(300)]]
        statuses = {each.result().status_code for each in running}

    assert statuses <= {200, 201, 204, 401, 403, 404, 409}
    ownerless = sql(
        "SELECT id FROM teams WHERE id = ANY($1) AND NOT EXISTS "
        "(SELECT FROM team_memberships WHERE team_id = teams.id AND role = 'owner')",
        [uuid.UUID(team) for team in teams],
    )
    assert ownerless == []


def test_teams_of_one_user_are_made_one_after_another(
    lock: Callable[..., Lock], ada: Person, sql: Sql
) -> None:
    """So that who reads the list meanwhile finds every new team after those already read."""
    user_id = uuid.UUID(ada.user_id)
    held = lock("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(ada.team)
        held.wait_until_somebody_waits()
        ((before,),) = sql("SELECT clock_timestamp()")
        held.release()
        team_id = creating.result()
    ((created_at,),) = sql("SELECT created_at FROM teams WHERE id = $1", uuid.UUID(team_id))
    assert created_at > before
