"""Who gets to what is stored."""

from harness.check import check, step
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.keys import Keys


@check(service="gateway")
async def needs_a_token(target: Target) -> None:
    """Without a valid access token nothing is shown."""
    for token, name in ((None, "no token"), ("not-a-token", "no valid token")):
        with step(name):
            await Account(target, token).profile.refused(401)
            await Keys(target, token).secrets.refused(401)
