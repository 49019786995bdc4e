"""What proves a login."""

from collections.abc import Mapping

from harness.check import check, expect, step
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.together import together
from suites.smoke.resources import User


@check(service="auth")
async def is_renewed(targets: Mapping[str, Target], user: User) -> None:
    """A valid token gets its holder a new one, which works and is for the same user."""
    with step("refresh"):
        renewed = await Auth(targets["auth"], user.token).refresh()
        same = renewed.access_token == user.token
        expect("the new token is the old one", expected=False, came=same)
    with step("use the new token"):
        profile = await Account(targets["gateway"], renewed.access_token).profile()
        expect("whose token it is", expected=user.id, came=profile.user_id)


@check(service="auth")
async def is_not_renewed_for_anybody(target: Target) -> None:
    """Without a valid token there is no new one."""
    await together(
        {
            "no token": Auth(target).refresh.refused(401),
            "no valid token": Auth(target, "not-a-token").refresh.refused(401),
        }
    )
