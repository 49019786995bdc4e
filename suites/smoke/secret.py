"""What a user keeps."""

from contextlib import AsyncExitStack
from uuid import UUID

from harness.check import check, expect, step
from harness.target import Target
from suites.keyarc.cryptography import blob
from suites.keyarc.keys import Keys
from suites.keyarc.removal import remove_secret
from suites.keyarc.stored import KeptSecret, NewSecret, SecretContent
from suites.keyarc.together import together
from suites.smoke.resources import User


@check(service="gateway")
async def lives_until_it_is_deleted(target: Target, user: User, cleanup: AsyncExitStack) -> None:
    """A secret comes back as it was stored, then as it was updated, and once deleted never."""
    keys = Keys(target, user.token)
    first, second = blob(40), blob(60)
    name = user.named("smoke")
    with step("create"):
        kept = await keys.create(
            NewSecret(name=name, encrypted_value=first, type="api_key", owner_type="user")
        )
        cleanup.push_async_callback(remove_secret, keys, kept.id)
        expect("name", expected=name, came=kept.name)
    await together(
        {
            "read": _comes_back(keys, kept, first),
            "list": _is_listed(keys, kept.id, listed=True),
        }
    )
    with step("update"):
        content = SecretContent(
            name=user.named("smoke, changed"), encrypted_value=second, type="other"
        )
        changed = await keys.update(kept.id, content, if_match=kept.etag)
        expect("another ETag", expected=True, came=changed.etag != kept.etag)
    with step("read the update"):
        read = await keys.secret(kept.id)
        came = (read.name, read.type, read.encrypted_value, read.etag)
        expected = (content.name, "other", second, changed.etag)
        expect("the updated secret", expected=expected, came=came)
    with step("delete"):
        await keys.delete(kept.id)
    await together(
        {
            "gone": keys.secret.refused(404, kept.id),
            "gone from the list": _is_listed(keys, kept.id, listed=False),
        }
    )
    cleanup.pop_all()


async def _comes_back(keys: Keys[Target], kept: KeptSecret, ciphertext: str) -> None:
    read = await keys.secret(kept.id)
    expect("the stored ciphertext", expected=ciphertext, came=read.encrypted_value)
    expect("ETag of the created version", expected=kept.etag, came=read.etag)


async def _is_listed(keys: Keys[Target], secret_id: UUID, *, listed: bool) -> None:
    page = await keys.secrets(limit=100)
    came = secret_id in [item.id for item in page.items]
    expect("the secret is in its owner's list", expected=listed, came=came)
