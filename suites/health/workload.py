"""What `keyarc-verify health` has going on in KeyArc while it breaks it: users, and a writer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from harness.matrix.workload import Use, Workload
from harness.runner import Means
from suites.health.asking import Asker
from suites.health.people import person
from suites.health.uses import Users
from suites.health.writer import Writer, prepared


@dataclass(slots=True)
class _Both:
    """Users, and a writer who is none of them."""

    uses: Sequence[Use]
    _writer: Writer

    def writes(self) -> tuple[int, int]:
        return self._writer.writes()

    async def lost(self) -> list[str]:
        return await self._writer.lost()


@asynccontextmanager
async def workload(means: Means, seed: int) -> AsyncIterator[Workload]:
    """Two people sign up while all is well; both are deleted at the end, with what is theirs.

    Args:
        seed: What the writer writes follows from it.
    """
    chance, asker = Random(seed), Asker(means.client)  # noqa: S311 - seeded on purpose
    async with person(means) as user, person(means) as author:
        users = await Users.prepared(asker, user, chance)
        writer = await prepared(asker, author, chance)
        async with writer.writing():
            yield _Both(users.uses(), writer)
