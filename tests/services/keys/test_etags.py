"""A secret is replaced only by those who know its present version."""

import pytest

from tests.services.keys.world import SECRET, Person, made, refused


def test_create_read_and_update_answer_the_same_strong_tag(ada: Person) -> None:
    created = ada.post("/secrets", SECRET)
    path = f"/secrets/{made(created)['id']}"
    first = created.headers["etag"]
    assert first.startswith('"')
    assert first == ada.get(path).headers["etag"] == ada.get(path).headers["etag"]
    updated = ada.put(path, SECRET, first)
    assert first != updated.headers["etag"]
    assert updated.headers["etag"] == ada.get(path).headers["etag"]


def test_update_without_a_condition_is_428(ada: Person) -> None:
    refused(ada.put(f"/secrets/{ada.secret()['id']}", SECRET, None), 428)


# {} is the present tag.
CONDITIONS = {
    "{}": 200,
    "*": 200,
    '"old", {}': 200,
    '"old",{} , "older"': 200,
    ', {},, "x"': 200,
    'W/"x", {}': 200,
    '"a,b", {}': 200,
    '"a b", {}': 422,
    "W/{}": 412,
    '"old"': 412,
    '"old", "older"': 412,
    '"old", W/{}': 412,
    '""': 412,
    '"*"': 412,
    "": 422,
    ",": 422,
    "1": 422,
    '"1': 422,
    "'1'": 422,
    '*, "1"': 422,
    '{}, "open': 422,
    'w/"1"': 422,
}


@pytest.mark.parametrize(("condition", "status"), CONDITIONS.items())
def test_condition_decides(ada: Person, condition: str, status: int) -> None:
    created = ada.post("/secrets", SECRET)
    path = f"/secrets/{made(created)['id']}"
    tag = created.headers["etag"]
    headers = {"If-Match": condition.format(tag)}
    changed = SECRET | {"name": "changed"}
    assert status == ada.send("PUT", path, json=changed, headers=headers).status_code
    expected = "changed" if status == 200 else SECRET["name"]
    assert expected == ada.get(path).json()["name"]


def test_condition_may_come_in_several_lines(ada: Person) -> None:
    created = ada.post("/secrets", SECRET)
    path = f"/keys/secrets/{made(created)['id']}"
    headers = [*ada.headers.items(), ("If-Match", '"old"'), ("If-Match", created.headers["etag"])]
    assert ada.http.put(path, json=SECRET, headers=headers).status_code == 200


def test_tag_of_the_version_before_is_412(ada: Person) -> None:
    created = ada.post("/secrets", SECRET)
    path = f"/secrets/{made(created)['id']}"
    first = created.headers["etag"]
    assert ada.put(path, SECRET, first).status_code == 200
    refused(ada.put(path, SECRET, first), 412)


def test_refused_update_leaves_no_trace(ada: Person) -> None:
    secret = ada.secret()
    refused(ada.put(f"/secrets/{secret['id']}", SECRET | {"name": "x"}, '"old"'), 412)
    assert ada.history(secret["id"]) == ["create"]


def test_deleting_its_folder_changes_the_tag(ada: Person) -> None:
    folder = ada.folder()["id"]
    created = ada.post("/secrets", SECRET | {"folder_id": folder})
    path = f"/secrets/{made(created)['id']}"
    assert ada.delete(f"/folders/{folder}").status_code == 204
    assert created.headers["etag"] != ada.get(path).headers["etag"]
    refused(ada.put(path, SECRET, created.headers["etag"]), 412)
