"""Who gets in."""

from harness.check import check, expect, step
from harness.target import Target
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import blob
from suites.smoke.resources import User


@check(service="auth")
async def does_not_tell_who_is_registered(target: Target, user: User) -> None:
    """A wrong auth hash is refused in the same words as an unknown email."""
    auth = Auth(target)
    # 32 bytes, as an auth hash has.
    wrong_hash = blob(4)
    stranger = user.identity.email.replace("verify-", "nobody-")
    with step("wrong hash"):
        wrong = await auth.login.refused(401, email=user.identity.email, auth_hash=wrong_hash)
    with step("unknown email"):
        unknown = await auth.login.refused(401, email=stranger, auth_hash=wrong_hash)
    expect(
        "the same words",
        expected=unknown.model_dump(exclude={"request_id"}),
        came=wrong.model_dump(exclude={"request_id"}),
    )
