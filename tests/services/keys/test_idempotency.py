"""A `POST` sent again with its key is done once."""

from concurrent.futures import ThreadPoolExecutor

from tests.services.keys.world import CIPHERTEXT, SECRET, Person, Team, World, made, refused


def test_repeated_creation_gives_the_first_answer_again(ada: Person) -> None:
    first = ada.post("/secrets", SECRET, Idempotency_Key="k1")
    again = ada.post("/secrets", SECRET, Idempotency_Key="k1")
    assert made(first) == made(again)
    for name in ("etag", "content-type"):
        assert first.headers[name] == again.headers[name]
    assert ada.names() == ["key"]
    assert ada.history(made(first)["id"]) == ["create"]


def test_first_answer_comes_also_after_the_secret_has_changed(ada: Person) -> None:
    first = ada.post("/secrets", SECRET, Idempotency_Key="k1")
    path = f"/secrets/{made(first)['id']}"
    ada.put(path, SECRET | {"name": "new"})
    again = ada.post("/secrets", SECRET, Idempotency_Key="k1")
    assert (first.json(), first.headers["etag"]) == (again.json(), again.headers["etag"])
    refused(ada.put(path, SECRET, again.headers["etag"]), 412)


def test_folders_take_keys_too(ada: Person) -> None:
    first = ada.post("/folders", {"name": "a"}, Idempotency_Key="k1")
    assert made(first) == made(ada.post("/folders", {"name": "a"}, Idempotency_Key="k1"))
    assert ada.names("/folders") == ["a"]


def test_key_with_another_body_is_422(ada: Person) -> None:
    ada.post("/secrets", SECRET, Idempotency_Key="k1")
    refused(ada.post("/secrets", SECRET | {"name": "other"}, Idempotency_Key="k1"), 422)
    assert ada.names() == ["key"]


def test_key_belongs_to_one_user_and_one_path(ada: Person, bob: Person) -> None:
    for person in (ada, bob):
        made(person.post("/secrets", SECRET, Idempotency_Key="k1"))
        made(person.post("/folders", {"name": "a"}, Idempotency_Key="k1"))
        assert person.names() == ["key"]


def test_refusal_is_given_again_and_leaves_nothing(team: Team, world: World) -> None:
    first = team.member.post("/secrets", SECRET | team.owned, Idempotency_Key="k1")
    refused(first, 403)
    world.join(team.id, team.member, "admin")
    again = team.member.post("/secrets", SECRET | team.owned, Idempotency_Key="k1")
    assert (403, first.json()) == (again.status_code, again.json())
    assert team.member.names(team_id=team.id) == []


def test_ciphertext_is_not_kept_with_the_answer(ada: Person, world: World) -> None:
    ada.post("/secrets", SECRET, Idempotency_Key="k1")
    [(body,)] = world.query("SELECT body FROM idempotency_keys WHERE user_id = $1", ada.id)
    assert CIPHERTEXT.encode() not in body


def test_same_request_many_times_at_once_is_done_once(ada: Person) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda _: ada.post("/secrets", SECRET, Idempotency_Key="k1"), range(6))
        )
    assert {201} <= {answer.status_code for answer in answers} <= {201, 409}
    assert ada.names() == ["key"]
