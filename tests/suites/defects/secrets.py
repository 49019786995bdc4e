"""What can be wrong with what is stored."""

from tests.planting import Tree, body, header, instead, members, when
from tests.suites.defects.faulty import named, unwritten
from tests.suites.defects.planted import BLOB, gateway
from tests.suites.defects.remembering import (
    SECRETS,
    deleted_unseen,
    for_anybody,
    listed_for_anybody,
    still_listed,
    still_readable,
    told_apart,
)
from tests.suites.smoking import HEADERS, OWNERS_ALONE, SECRET

ONE = SECRETS + "/"


def _with_ciphertext(page: Tree) -> None:
    items = page.get("items", [])
    assert isinstance(items, list)
    for item in items:
        item["encrypted_value"] = BLOB


DEFECTS = {
    "a secret without an ETag": gateway(
        when("POST", SECRETS, named("smoke", header("etag", None))), SECRET, says="ETag"
    ),
    "a weak ETag": gateway(
        when("GET", ONE, named("smoke", header("etag", 'W/"1"'))), SECRET, says="ETag"
    ),
    "another name": gateway(
        when("POST", SECRETS, named("smoke", members(name="another"))), SECRET, says="name"
    ),
    "another ciphertext": gateway(
        when("GET", ONE, named("smoke", members(encrypted_value=BLOB))),
        SECRET,
        says="the stored ciphertext",
    ),
    "an update that changes no ETag": gateway(
        when("PUT", SECRETS, header("etag", '"1"')), SECRET, says="another ETag"
    ),
    "an update that is not written": gateway(
        when("PUT", SECRETS, unwritten), SECRET, says="the updated secret"
    ),
    "a secret that is not listed": gateway(
        when("GET", SECRETS, members(items=[])), SECRET, says="in its owner's list"
    ),
    "a list with ciphertexts": gateway(
        when("GET", SECRETS, body(_with_ciphertext)), SECRET, says="must not hold encrypted_value"
    ),
    "a deleted secret that stays": gateway(
        when("DELETE", SECRETS, instead(204)), SECRET, OWNERS_ALONE, says=f"GET {SECRETS}"
    ),
    "a deleted secret that can be read": gateway(still_readable, SECRET, says=f"GET {SECRETS}"),
    "a deleted secret that is listed": gateway(still_listed, SECRET, says="in its owner's list"),
    "another user's secret can be read": gateway(
        for_anybody("GET", ONE), OWNERS_ALONE, HEADERS, says=f"GET {SECRETS}"
    ),
    "another user's secret can be updated": gateway(
        for_anybody("PUT", ONE), OWNERS_ALONE, says=f"PUT {SECRETS}"
    ),
    "another user's secret can be deleted": gateway(
        for_anybody("DELETE", ONE), OWNERS_ALONE, says=f"DELETE {SECRETS}"
    ),
    "another user's secret is refused in words of its own": gateway(
        told_apart, OWNERS_ALONE, says="the same words as for an unknown id"
    ),
    "another user's secret is deleted while that is refused": gateway(
        deleted_unseen, OWNERS_ALONE, says=f"GET {SECRETS}"
    ),
    "another user's audit log can be read": gateway(
        for_anybody("GET", "/keys/audit"), OWNERS_ALONE, says="GET /keys/audit"
    ),
    "another user's secret is listed": gateway(
        listed_for_anybody, OWNERS_ALONE, says="in another user's list"
    ),
}
