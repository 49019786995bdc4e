"""Who gets to what is stored."""

from contextlib import AsyncExitStack
from uuid import UUID, uuid4

from harness.check import check, expect, step
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.cryptography import blob
from suites.keyarc.keys import Keys
from suites.keyarc.problem import words
from suites.keyarc.removal import remove_secret
from suites.keyarc.stored import KeptSecret, NewSecret, SecretContent
from suites.keyarc.together import together
from suites.smoke.resources import User


@check(service="gateway")
async def needs_a_token(target: Target) -> None:
    """Without a valid access token nothing is shown."""
    await together(
        {
            "profile, no token": Account(target).profile.refused(401),
            "secrets, no token": Keys(target).secrets.refused(401),
            "profile, no valid token": Account(target, "not-a-token").profile.refused(401),
            "secrets, no valid token": Keys(target, "not-a-token").secrets.refused(401),
        }
    )


@check(service="gateway")
async def is_the_owners_alone(
    target: Target, user: User, other_user: User, cleanup: AsyncExitStack
) -> None:
    """To another user a secret is like one that does not exist, and it stays as it was."""
    own, others, ciphertext = Keys(target, user.token), Keys(target, other_user.token), blob(40)
    with step("create"):
        kept = await own.create(
            NewSecret(
                name=user.named("private"),
                encrypted_value=ciphertext,
                type="cert",
                owner_type="user",
            )
        )
        cleanup.push_async_callback(remove_secret, own, kept.id)
    with step("another user"):
        tried = await _refused(others, kept.id, kept)
    with step("another user, an unknown id"):
        unknown = await _refused(others, uuid4(), kept)
    expect("the same words as for an unknown id", expected=unknown, came=tried)
    await together(
        {
            "the owner": _is_unchanged(own, kept, ciphertext),
            "another user's list": _is_not_listed(others, kept.id),
        }
    )


async def _refused(keys: Keys[Target], secret_id: UUID, like: KeptSecret) -> dict[str, object]:
    """In which words each way to a secret is refused."""
    content = SecretContent(name=f"{like.name}, taken", encrypted_value=blob(40), type="cert")
    problems = await together(
        {
            "read": keys.secret.refused(404, secret_id),
            "update": keys.update.refused(404, secret_id, content, if_match=like.etag),
            "delete": keys.delete.refused(404, secret_id),
            "audit": keys.audit.refused(404, secret_id=secret_id),
        }
    )
    return {name: words(problem) for name, problem in problems.items()}


async def _is_unchanged(keys: Keys[Target], kept: KeptSecret, ciphertext: str) -> None:
    read = await keys.secret(kept.id)
    came = (read.name, read.encrypted_value, read.etag)
    expect("the owner's secret", expected=(kept.name, ciphertext, kept.etag), came=came)


async def _is_not_listed(keys: Keys[Target], secret_id: UUID) -> None:
    page = await keys.secrets(limit=100)
    came = secret_id in [item.id for item in page.items]
    expect("the secret is in another user's list", expected=False, came=came)
