"""One stack with links, its users, and an eye on it: where trials run, one after the other."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.confirmation import Budget
from harness.environment import Environment, parse, secrets_of
from harness.exchange import EvidenceClient
from harness.journal import Journal
from harness.lease import filled_in, secrets_in
from harness.matrix.observer import Observer
from harness.matrix.site import StackSite
from harness.matrix.workload import Workload
from harness.model import Result
from harness.network import Network
from harness.plan import Plan, plan
from harness.redaction import Redactor
from harness.runner import Means, Runner
from harness.stack.launch import Wanted, running
from harness.stack.state import StateDirectory
from harness.suite import imported
from harness.variant import write
from harness.verdict import worst_of_each

SMOKE_LIMIT_S = 30.0
# A disk that can be filled, and a server that is content with it.
DISK = {
    "disk_mb": 192,
    "settings": {"max_wal_size": "32MB", "min_wal_size": "2MB", "shared_buffers": "16MB"},
}


@dataclass(frozen=True, slots=True)
class Lane:
    """A running system in which faults are put.

    Attributes:
        workload: Who uses it; None where the environment names nobody.
        secrets: What must not be written of it.
    """

    site: StackSite
    observer: Observer
    workload: Workload | None
    secrets: Redactor
    _smoke: Plan
    _means: Means

    @property
    def environment(self) -> Environment:
        return self.site.environment

    async def smoke(self) -> list[Result]:
        """What the smoke checks say, now; of what was before they know nothing."""
        found: list[Result] = []
        client = self._means.client
        await client.look_anew()
        client.traffic.clear()
        means = replace(self._means, budget=Budget(ends_at=time.monotonic() + SMOKE_LIMIT_S))
        await Runner(self._smoke, means, found.append).run()
        return list(worst_of_each(found))


@asynccontextmanager
async def _means_of(
    environment: Environment, journal: Journal, secrets: Redactor
) -> AsyncIterator[Means]:
    """What checks, and users, work with in one system."""
    client = EvidenceClient(Network.of(environment))
    try:
        yield Means(
            environment=environment,
            client=client,
            journal=journal,
            secrets=secrets,
            budget=Budget(),
        )
    finally:
        await client.close()


@asynccontextmanager
async def lane(file: Path, run_id: str, seed: int) -> AsyncIterator[Lane]:
    """A lane with a stack of its own; it goes with the context, or with this process.

    Args:
        file: The environment's. Its stack is started beside any that is up.
        run_id: Whose users are made in it.
        seed: Of what its users do.
    """
    with ExitStack() as stack:
        started = await asyncio.to_thread(stack.enter_context, _started(file))
        # Its users go with it.
        journal = stack.enter_context(closing(Journal(started[2].path, run_id)))
        async with opened(*started, journal=journal, seed=seed) as opened_lane:
            yield opened_lane


@asynccontextmanager
async def opened(
    declared: Environment,
    references: Mapping[str, str],
    state: StateDirectory,
    *,
    journal: Journal,
    seed: int,
) -> AsyncIterator[Lane]:
    """A lane in a stack that is up.

    Args:
        declared: The environment as its file has it.
        references: Those of the stack.
        state: The stack's.
        journal: Where users are noted.
        seed: Of what they do.
    """
    environment = filled_in(declared, references)
    secrets = Redactor([*secrets_in(references), *secrets_of(environment, os.environ)])
    async with AsyncExitStack() as held:
        site = StackSite(environment, references, state)
        held.push_async_callback(site.close)
        means, watching, using = [
            await held.enter_async_context(_means_of(environment, journal, secrets))
            for _ in ("smoke", "observer", "workload")
        ]
        observer = Observer(environment, watching.client)
        workload = None
        if environment.faults.workload:
            made = imported(environment.faults.workload).workload(using, seed)
            workload = await held.enter_async_context(made)
        await held.enter_async_context(observer.watching())
        yield Lane(site, observer, workload, secrets, plan(environment), means)


@contextmanager
def _started(file: Path) -> Iterator[tuple[Environment, Mapping[str, str], StateDirectory]]:
    with tempfile.TemporaryDirectory(prefix="keyarc-verify-lane-") as name:
        folder = Path(name)
        variant = write(file, folder, {}, postgres=DISK)
        state = StateDirectory(folder / "state")
        wanted = Wanted(env=variant, state_dir=state.path, links=True)
        declared = parse(variant).to_look_at()
        with running(wanted, progress=lambda _: None) as references:
            # Nothing but the state is in the folder now: a killed process leaves nothing.
            variant.unlink()
            yield declared, references, state
