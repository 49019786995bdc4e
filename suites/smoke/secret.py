"""What a user keeps."""

from harness.check import check, expect, step
from harness.target import Target
from suites.keyarc.cryptography import blob
from suites.keyarc.keys import Keys
from suites.keyarc.stored import NewSecret, SecretContent
from suites.smoke.resources import User


@check(service="gateway")
async def lives_until_it_is_deleted(target: Target, user: User) -> None:
    """A secret comes back as it was stored, then as it was updated, and once deleted never."""
    keys = Keys(target, user.token)
    first, second = blob(40), blob(60)
    with step("create"):
        kept = await keys.create(
            NewSecret(name="smoke", encrypted_value=first, type="api_key", owner_type="user")
        )
        expect("name", expected="smoke", came=kept.name)
    with step("read"):
        read = await keys.secret(kept.id)
        expect("the stored ciphertext", expected=first, came=read.encrypted_value)
        expect("ETag of the created version", expected=kept.etag, came=read.etag)
    with step("update"):
        content = SecretContent(name="smoke, changed", encrypted_value=second, type="other")
        changed = await keys.update(kept.id, content, if_match=read.etag)
        expect("another ETag", expected=True, came=changed.etag != read.etag)
    with step("read the update"):
        read = await keys.secret(kept.id)
        came = (read.name, read.type, read.encrypted_value, read.etag)
        expected = ("smoke, changed", "other", second, changed.etag)
        expect("the updated secret", expected=expected, came=came)
    with step("delete"):
        await keys.delete(kept.id)
    with step("gone"):
        await keys.secret.refused(404, kept.id)
