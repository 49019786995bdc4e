"""How often a user may ask who has an email: such answers tell that somebody is registered."""

from fastapi import Depends, Request

from services.rate_limit import RateLimit


async def _count(request: Request) -> None:
    lookups: RateLimit = request.app.state.lookups
    await lookups.count(str(request.state.user_id))


# For the `dependencies` of a route; it then answers 429 too.
LIMITED = [Depends(_count)]
