"""What a schema cannot say of a valid request: without it, little would be accepted that should be.

Applied to what was generated to be accepted alone; what is to be refused stays as it is.
"""

import base64
from contextlib import suppress
from itertools import count, cycle, islice
from typing import Any

from schemathesis import Case

# Members that are base64, and of how many bytes: a pattern can say that of the text alone.
BYTES = {
    "auth_hash": (32, 32),
    "encrypted_team_key": (256, 256),
    "encrypted_vault_key": (28, 8192),
    "encrypted_private_key": (28, 8192),
    "public_key": (32, 4096),
    "encrypted_value": (28, 65536),
}
# What must be the caller's own, or be left out.
OWN = ("folder_id", "parent_folder_id")
_numbers = count()


def correct(case: Case[Any], guest: dict[str, str]) -> None:
    """Changes a case that is to be accepted so that it can be.

    Args:
        guest: `user_id` and `email` of somebody who is there. Half of the cases that name a user
            name them, the others somebody whom nobody knows.
    """
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if isinstance(case.body, dict):
        case.body = _body(case.body, guest)
    if case.query:
        # A cursor is sealed by the service: nobody makes one up.
        query = {name: value for name, value in case.query.items() if name != "cursor"}
        case.query = _user({**query}, guest)
    for name in list(case.headers or {}):
        if name.lower() == "idempotency-key":
            # One key stands for one body, and a boundary value is used for several.
            case.headers[name] = str(next(_numbers)).rjust(len(str(case.headers[name])), "k")
        elif name.lower() == "if-match" and not str(case.headers[name]).startswith('"'):
            case.headers[name] = '"1"'


def _body(body: dict[str, Any], guest: dict[str, str]) -> dict[str, Any]:
    changed = {name: value for name, value in body.items() if name not in OWN}
    for name in BYTES.keys() & changed.keys():
        changed[name] = as_base64(str(changed[name]), *BYTES[name])
    if not changed.get("owner_id") or changed.get("owner_type") != "team":
        # A team must be named, and a user names nobody but themselves.
        changed = {name: value for name, value in changed.items() if not name.startswith("owner_")}
    # Whoever signs up is nobody yet.
    return changed if "public_key" in changed else _user(changed, guest)


def _user(named: dict[str, Any], guest: dict[str, str]) -> dict[str, Any]:
    for name in guest.keys() & named.keys():
        if next(_numbers) % 2:
            named[name] = guest[name]
    return named


def as_base64(text: str, least: int, most: int) -> str:
    """The text, where it is base64 of so many bytes; else something as long that is."""
    with suppress(ValueError):
        if least <= len(base64.b64decode(text, validate=True)) <= most:
            return text
    length = min(max(len(text) // 4 * 3, least), most)
    return base64.b64encode(bytes(islice(cycle(text.encode() or b"k"), length))).decode()
