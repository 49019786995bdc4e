"""Access tokens that nobody issued, made from one that somebody did.

expired(person.token, key)          signed as the real one is: takes the services' own key
unsigned(person.token)              takes nothing that its holder does not have
"""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import jwt

ALGORITHM = "HS256"
# Long enough for HS256, and nobody's.
ANOTHER_KEY = "a key that no service of anybody has ever signed a token with"
KEY = "secret:jwt-secret"

Claims = Mapping[str, object]


def claims(token: str) -> dict[str, object]:
    """What a token says of its holder; it is not checked."""
    return dict(json.loads(_decoded(token.split(".")[1])))


def signed(said: Claims, key: str) -> str:
    """A token that says this; of a mapping, the library takes no claim that is not of its kind."""
    return jwt.api_jws.encode(json.dumps(dict(said)).encode(), key, algorithm=ALGORITHM)


def expired(token: str, key: str) -> str:
    """The same token, an hour after its end."""
    now_s = int(time.time())
    issued = {"iat": now_s - 7200, "auth_time": now_s - 7200, "exp": now_s - 3600}
    return signed(claims(token) | issued, key)


def for_another_audience(token: str, key: str) -> str:
    return signed(claims(token) | {"aud": "another-environment"}, key)


def of_another_issuer(token: str, key: str) -> str:
    return signed(claims(token) | {"iss": "another-issuer"}, key)


def by_another_key(token: str) -> str:
    """As it would be issued now, by somebody else."""
    return signed(claims(token), ANOTHER_KEY)


def unsigned(token: str, algorithm: str = "none") -> str:
    """One that says that it needs no signature, and has none."""
    head = _encoded({"alg": algorithm, "typ": "JWT"})
    return f"{head}.{token.split('.')[1]}."


def tampered(token: str, **changes: object) -> str:
    """One that says something else, under the signature of before."""
    head, _, signature = token.split(".")
    return f"{head}.{_encoded({**claims(token), **changes})}.{signature}"


def naming(user_id: UUID, email: str) -> dict[str, str]:
    """Headers that only the gateway may say, in every way to write them, for a user."""
    said = {"User-ID": str(user_id), "User-Email": email, "Internal-Token": ANOTHER_KEY}
    hyphens = {f"X-{name}": value for name, value in said.items()}
    underscores = {name.replace("-", "_"): value for name, value in hyphens.items()}
    return {**hyphens, **underscores, "X-User_ID": str(user_id), "X_User-ID": str(user_id)}


@dataclass(frozen=True)
class Forgery:
    """A way to ask without being let in. `need`: what making it takes (`harness.needs`)."""

    name: str
    make: Callable[[str, str], str]
    need: str | None = None


# Of a token that would open the door, and the key that it was signed with, where that is known.
FORGERIES = (
    Forgery("an expired token", expired, KEY),
    Forgery("a token for another audience", for_another_audience, KEY),
    Forgery("a token of another issuer", of_another_issuer, KEY),
    Forgery("a token by another key", lambda token, _: by_another_key(token)),
    Forgery("an unsigned token", lambda token, _: unsigned(token)),
    Forgery("a tampered token", lambda token, _: tampered(token, exp=2**31)),
)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(tree: Claims) -> str:
    text = json.dumps(tree, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
