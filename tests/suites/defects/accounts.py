"""What can be wrong with signing up, logging in and staying logged in."""

from starlette.requests import Request

from tests.planting import instead, members, status, when, where
from tests.suites.defects.faulty import for_emails, once_in, the_same_token, without_token
from tests.suites.defects.planted import BLOB, NOBODY, auth, gateway
from tests.suites.smoking import (
    HEADERS,
    LOGIN,
    NOT_RENEWED,
    OTHER_USER,
    PROFILE,
    RENEWED,
    USER,
)

LEAVE = "/account/profile"
LOGINS = "/login"
SIGNUP = "/signup"
REFRESH = "/token/refresh"
SESSION = {"access_token": "a.b.c", "token_type": "bearer", "expires_in": 60}


def renews(request: Request) -> bool:
    """A refresh with something like a token."""
    token = request.headers.get("authorization", "")
    return request.url.path == REFRESH and token.count(".") == 2


def renews_rubbish(request: Request) -> bool:
    return request.url.path == REFRESH and "not-a-token" in request.headers.get("authorization", "")


DEFECTS = {
    "signup says 200": auth(
        when("POST", SIGNUP, status(200)), USER, OTHER_USER, says="POST /signup"
    ),
    "signup breaks": auth(
        when("POST", SIGNUP, instead(500)), USER, OTHER_USER, says="POST /signup"
    ),
    "signup breaks when the user is made": auth(
        when("POST", SIGNUP, status(500)), USER, OTHER_USER, says="POST /signup"
    ),
    "signup has no id": auth(
        when("POST", SIGNUP, members(user_id=None)), USER, OTHER_USER, says="user_id"
    ),
    "signup gives the id of another": auth(
        when("POST", SIGNUP, members(user_id=NOBODY)), PROFILE, RENEWED, HEADERS, says="user_id"
    ),
    "login refuses": auth(
        when("POST", LOGINS, instead(403)), USER, OTHER_USER, says="POST /login", leaves=2
    ),
    "login has no token": auth(
        when("POST", LOGINS, for_emails("verify", members(access_token=None))),
        USER,
        OTHER_USER,
        says="access_token",
        leaves=2,
    ),
    "login gives other keys": auth(
        when("POST", LOGINS, members(encrypted_vault_key=BLOB)),
        USER,
        OTHER_USER,
        says="the keys of the signup come back",
    ),
    "login tells strangers apart": auth(
        when("POST", LOGINS, for_emails("nobody", members(detail="Who is this?"))),
        LOGIN,
        says="the same words",
    ),
    "login lets strangers in": auth(
        when("POST", LOGINS, for_emails("nobody", instead(200, SESSION))),
        LOGIN,
        says="POST /login",
    ),
    "login takes any hash": auth(when("POST", LOGINS, once_in()), LOGIN, says="POST /login"),
    "users cannot leave": gateway(
        when("DELETE", LEAVE, instead(403)), USER, OTHER_USER, says=f"DELETE {LEAVE}", leaves=2
    ),
    "refresh gives the same token": auth(
        when("POST", REFRESH, the_same_token), RENEWED, says="the new token is the old one"
    ),
    "refresh gives a dead token": auth(
        when("POST", REFRESH, members(access_token="dead")), RENEWED, says="GET /account/profile"
    ),
    "refresh refuses": auth(where(renews, instead(403)), RENEWED, says=f"POST {REFRESH}"),
    "refresh takes rubbish": auth(
        where(renews_rubbish, instead(200, SESSION)), NOT_RENEWED, says=f"POST {REFRESH}"
    ),
    "refresh needs no token": auth(
        when("POST", REFRESH, without_token(instead(200, SESSION))),
        NOT_RENEWED,
        says=f"POST {REFRESH}",
    ),
}
