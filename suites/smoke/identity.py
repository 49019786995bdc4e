"""Who somebody is: the gateway finds out, nobody tells it."""

import base64
import json
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

from harness.check import check, expect, step
from harness.errors import ContractViolation
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.cryptography import blob
from suites.keyarc.keys import Keys
from suites.keyarc.problem import words
from suites.keyarc.removal import remove_secret
from suites.keyarc.stored import NewSecret
from suites.keyarc.together import together
from suites.smoke.resources import User

NOBODY = "nobody@keyarc-verify.test"


@check(service="gateway")
async def is_not_taken_from_headers_without_a_token(target: Target) -> None:
    """Without a token, headers that name a user change nothing: not even the words of the 401."""
    claims = _claims(uuid4(), NOBODY)
    refused = await together(
        {
            "with them": Account(target, claims=claims).profile.refused(401),
            "without them": Account(target).profile.refused(401),
        }
    )
    # A request that got past the gateway would be refused by another service, in its own words.
    expected, came = words(refused["without them"]), words(refused["with them"])
    expect("the same words as without them", expected=expected, came=came)


@check(service="gateway")
async def is_not_taken_from_headers(
    target: Target, user: User, other_user: User, cleanup: AsyncExitStack
) -> None:
    """Headers that name another user neither stand for a token nor change whose token it is."""
    keys = Keys(target, user.token)
    with step("create"):
        kept = await keys.create(
            NewSecret(
                name=user.named("coveted"),
                encrypted_value=blob(40),
                type="other",
                owner_type="user",
            )
        )
        cleanup.push_async_callback(remove_secret, keys, kept.id)
    claims = _claims(user.id, user.identity.email)
    secrets = Keys(target, claims=claims), Keys(target, other_user.token, claims=claims)
    await together(
        {
            "profile, no token": Account(target, claims=claims).profile.refused(401),
            "list, no token": secrets[0].secrets.refused(401),
            "secret, no token": secrets[0].secret.refused(401, kept.id),
            "profile, own token": _is_their_own(target, other_user, claims),
            "secret, own token": secrets[1].secret.refused(404, kept.id),
        }
    )


async def _is_their_own(target: Target, caller: User, claims: dict[str, str]) -> None:
    profile = await Account(target, caller.token, claims=claims).profile()
    expect("the caller's own profile", expected=caller.id, came=profile.user_id)


@check(service="gateway")
async def is_not_taken_from_a_forged_token(target: Target, user: User, other_user: User) -> None:
    """A token that its holder rewrote for another user is refused, and so is one not signed."""
    header, claims, signature = _parts(other_user.token)
    rewritten = _encoded({**_decoded(claims), "sub": str(user.id), "email": user.identity.email})
    unsigned = _encoded({**_decoded(header), "alg": "none"})

    forged = {
        "rewritten": f"{header}.{rewritten}.{signature}",
        "not signed": f"{unsigned}.{rewritten}.",
    }
    await together(
        {name: Account(target, token).profile.refused(401) for name, token in forged.items()}
    )


def _claims(user_id: UUID, email: str) -> dict[str, str]:
    """What only the gateway may say, and spellings that some servers take for it."""
    return {
        "X-User-ID": str(user_id),
        "X-User-Email": email,
        "X_User_ID": str(user_id),
        "X_User_Email": email,
        "X-Internal-Token": "guessed-" * 4,
    }


def _parts(token: str) -> list[str]:
    parts = token.split(".")
    if len(parts) != 3:
        raise ContractViolation("the access token", expected="a JWT", came=f"{len(parts)} parts")
    return parts


def _decoded(part: str) -> dict[str, object]:
    try:
        return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
    except (ValueError, TypeError):
        raise ContractViolation("the access token", expected="a JWT", came="another") from None


def _encoded(tree: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(tree).encode()).decode().rstrip("=")
