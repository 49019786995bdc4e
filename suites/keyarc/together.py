"""Requests whose order does not matter, at the same time."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from harness.check import step

T = TypeVar("T")


async def together(parts: Mapping[str, Awaitable[T]]) -> dict[str, T]:
    """Waits for all of them, so that one that fails hides none of the others.

    Args:
        parts: By name; each is a step of the check.

    Raises:
        BaseException: The one that failed; where several did, a group of all.
    """
    named = [_named(name, part) for name, part in parts.items()]
    ended = await asyncio.gather(*named, return_exceptions=True)
    errors = [end for end in ended if isinstance(end, BaseException)]
    if len(errors) > 1:
        raise BaseExceptionGroup("what was done at the same time", errors)
    if errors:
        raise errors[0]
    values = [end for end in ended if not isinstance(end, BaseException)]
    return dict(zip(parts, values, strict=True))


async def _named(name: str, part: Awaitable[T]) -> T:
    with step(name):
        return await part
