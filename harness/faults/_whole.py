"""Steps that are not broken off."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def whole(step: Coroutine[Any, Any, None]) -> None:
    """Does it to its end, also where whoever waits for it is cancelled: what comes next must not
    be overtaken by it."""
    task = asyncio.ensure_future(step)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise
