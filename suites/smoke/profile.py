"""What users see of themselves."""

from harness.check import check, expect
from harness.target import Target
from suites.keyarc.account import Account
from suites.smoke.resources import User


@check(service="gateway")
async def is_the_users_own(target: Target, user: User) -> None:
    """The profile is that of the signup, and holds nothing that logs in or decrypts."""
    profile = await Account(target, user.token).profile()
    expect("user_id", expected=user.id, came=profile.user_id)
    expect("email", expected=user.identity.email, came=profile.email)
