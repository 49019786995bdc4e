"""What can be wrong with finding out who asks."""

from tests.planting import header, instead, members, when, where
from tests.suites.defects.faulty import believed, claiming, unverified, without_token
from tests.suites.defects.planted import BLOB, NOBODY, gateway
from tests.suites.defects.remembering import SECRETS
from tests.suites.smoking import (
    FORGED_TOKEN,
    HEADERS,
    HEADERS_ALONE,
    NEEDS_A_TOKEN,
    PROFILE,
    RENEWED,
)

PROFILES = "/account/profile"
NAMED = {"authorization", "x-user-id"}
EMPTY_PAGE: dict[str, object] = {"items": [], "next_cursor": None}

DEFECTS = {
    "a 401 without a challenge": gateway(
        when("GET", PROFILES, header("www-authenticate", None)),
        *(NEEDS_A_TOKEN, HEADERS, HEADERS_ALONE, FORGED_TOKEN),
        says="WWW-Authenticate",
    ),
    "an error that is no problem document": gateway(
        when("GET", SECRETS, without_token(header("content-type", "application/json"))),
        *(NEEDS_A_TOKEN, HEADERS),
        says="content type",
    ),
    "secrets without a token": gateway(
        where(
            lambda r: r.url.path == SECRETS and not NAMED & set(r.headers.keys()),
            instead(200, EMPTY_PAGE),
        ),
        NEEDS_A_TOKEN,
        says=f"GET {SECRETS}",
    ),
    "a token that nobody looks at": gateway(
        where(
            lambda r: "not-a-token" in r.headers.get("authorization", ""),
            instead(200, EMPTY_PAGE),
        ),
        NEEDS_A_TOKEN,
        says="status 401",
    ),
    "a user's id instead of a token": gateway(
        claiming(without_token(believed)),
        *(HEADERS, HEADERS_ALONE),
        says="GET /",
    ),
    "a user's id beats the token": gateway(
        where(
            lambda r: {"authorization", "x-user-id"} <= set(r.headers.keys()),
            believed,
        ),
        HEADERS,
        says="the caller's own profile",
    ),
    "a user's id beats the token for secrets": gateway(
        where(
            lambda r: r.url.path.startswith(SECRETS) and "authorization" in r.headers,
            claiming(believed),
        ),
        HEADERS,
        says=f"GET {SECRETS}",
    ),
    "forged headers change the words": gateway(
        claiming(without_token(members(detail="There is no such user."))),
        HEADERS_ALONE,
        says="the same words",
    ),
    "a token needs no signature": gateway(
        unverified(lambda head: head["alg"] == "none"), FORGED_TOKEN, says=f"GET {PROFILES}"
    ),
    "a signature is not looked at": gateway(
        unverified(lambda head: head["alg"] != "none"), FORGED_TOKEN, says=f"GET {PROFILES}"
    ),
    "a profile of somebody else": gateway(
        when("GET", PROFILES, members(user_id=NOBODY)),
        *(PROFILE, RENEWED, HEADERS),
        says="user_id",
    ),
    "a profile with another email": gateway(
        when("GET", PROFILES, members(email="a@b.example")), PROFILE, says="email"
    ),
    "a profile with the auth hash": gateway(
        when("GET", PROFILES, members(auth_hash=BLOB)),
        *(PROFILE, RENEWED, HEADERS),
        says="must not hold auth_hash",
    ),
    "a profile with the vault key": gateway(
        when("GET", PROFILES, members(encrypted_vault_key=BLOB)),
        *(PROFILE, RENEWED, HEADERS),
        says="must not hold encrypted_vault_key",
    ),
}
