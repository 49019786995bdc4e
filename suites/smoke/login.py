"""Who gets in."""

from harness.check import check, expect
from harness.target import Target
from suites.keyarc.auth import Auth
from suites.keyarc.problem import words
from suites.keyarc.together import together
from suites.smoke.resources import User


@check(service="auth")
async def does_not_tell_who_is_registered(target: Target, user: User, other_user: User) -> None:
    """A wrong auth hash is refused in the same words as an unknown email."""
    # Another user's is wrong here. They are in by now: these attempts count in the same limit.
    auth, wrong_hash = Auth(target), other_user.identity.auth_hash()
    known = user.identity.email
    unknown = known.replace("verify-", "nobody-")
    refused = await together(
        {
            "wrong hash": auth.login.refused(401, email=known, auth_hash=wrong_hash),
            "unknown email": auth.login.refused(401, email=unknown, auth_hash=wrong_hash),
        }
    )
    expected, came = words(refused["unknown email"]), words(refused["wrong hash"])
    expect("the same words", expected=expected, came=came)
