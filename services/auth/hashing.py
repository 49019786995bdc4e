"""Argon2id of the auth hash, at a pace that the process can bear."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from services.problem import Problem

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
SALT_BYTES = 16
HASH_BYTES = 32
AT_ONCE = 2
# A request that waited this long for its turn is told to come back; and at once, where so many
# wait already that it would.
TURN_LIMIT_S = 5.0
MOST_WAITING = 100


class Hasher:
    """Hashes and verifies in threads, at most two at once."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(
            time_cost=PASSES,
            memory_cost=MEMORY_KIB,
            parallelism=LANES,
            hash_len=HASH_BYTES,
            salt_len=SALT_BYTES,
        )
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = _hash_of_nothing()

    async def hash(self, auth_hash: str) -> str:
        """What to store.

        Raises:
            Problem: 503, when too many others are waiting.
        """
        async with self._turn():
            return await asyncio.to_thread(self._argon2.hash, auth_hash)

    async def verify(self, stored: str | None, auth_hash: str) -> bool:
        """Whether the hash is the stored one. Without one the answer is no, after the same work.

        Raises:
            Problem: 503, when too many others are waiting.
        """
        async with self._turn():
            try:
                return await asyncio.to_thread(
                    self._argon2.verify, stored or self._nobodys, auth_hash
                )
            except VerifyMismatchError:
                return False

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= MOST_WAITING:
            raise _too_many()
        self._waiting += 1
        try:
            async with asyncio.timeout(TURN_LIMIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise _too_many() from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


def _too_many() -> Problem:
    return Problem(503, "Too many are logging in now.", Retry_After="1")


def _hash_of_nothing() -> str:
    """A stored hash, of the usual cost, that nothing is known to match."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(count)).decode().rstrip("=")
        for count in (SALT_BYTES, HASH_BYTES)
    )
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"
