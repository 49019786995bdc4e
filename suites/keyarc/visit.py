"""A run of plain tests against KeyArc in one environment: what they ask with, and what they made.

    with visiting("staging", rehearse=True) as visit, present(visit) as person:
        person.keys.secrets()

`suites.keyarc.fixtures` makes one for a pytest session.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from harness.confirmation import Budget
from harness.environment import Environment, find, parse, secrets_of
from harness.exchange import EvidenceClient
from harness.journal import JOURNAL, Journal, how_to_remove, place_of, read
from harness.lease import filled_in, leased, secrets_in
from harness.network import Network
from harness.pace import Pace
from harness.records import DEFAULT_PARENT, RunDirectory, new_run_id
from harness.redaction import Redactor
from harness.stack.source import Source
from harness.target import Target
from suites.keyarc.cryptography import Cost
from suites.keyarc.identity import Identities, Identity, is_on_this_machine
from suites.keyarc.waiting import Loop, waiting


@dataclass(frozen=True)
class Visit:
    """KeyArc as tests reach it.

    Attributes:
        targets: By service; each asks on `loop`.
        clients: The same, for who waits: httpx clients whose `base_url` is the service.
        journal: Told of every user before they are made.
        secrets: Told what must not be written.
        cost: Of the master keys of users; the contract's, unless `KEYARC_ARGON2_COST` lowers it.
    """

    environment: Environment
    network: Network
    targets: Mapping[str, Target]
    clients: Mapping[str, httpx.Client]
    loop: Loop
    journal: Journal
    secrets: Redactor
    cost: Cost

    def named(self, what: str) -> str:
        """A name for something that is made: it tells which run made it."""
        return what if self.journal.run_id in what else f"{what} {self.journal.run_id}"

    def new_identity(self, *, quick: bool = False) -> Identity:
        """Somebody who does not exist yet; `quick`: without a master key, which costs most.

        Raises:
            UsageError: There is no seed for them.
        """
        loopback = is_on_this_machine(self.environment)
        identities = Identities.of_environment(os.environ, loopback=loopback)
        return identities.new(self.journal.run_id, None if quick else self.cost)


@contextmanager
def visiting(
    env: str,
    run: Path,
    *,
    rehearse: bool = False,
    database: Source | None = None,
    patience: Budget | None = None,
    sharers: int = 1,
) -> Iterator[Visit]:
    """The environment's stack where one is up, or one for this visit; deployed ones as they are.

    Args:
        env: An environment's name, or its file.
        run: The run's directory, where its journal is.
        rehearse: A stack of this machine stands for a deployed environment.
        database: Where the stack has to have its database from; anywhere, unless given.
        patience: How long rate limits may be waited for.
        sharers: How many processes keep the environment's rate together.

    Raises:
        UsageError: The environment cannot be used.
        StackError: Its stack did not come up.
    """
    file = find(env)
    declared = parse(file).to_look_at()
    stack = leased(file, declared, tell, rehearse=rehearse, database=database)
    with stack as references, Loop() as loop:
        environment = filled_in(declared, references, rehearse=rehearse)
        journal = Journal(run, environment=place_of(environment))
        pace = Pace.of(environment, sharers)
        with reaching(
            environment, references, journal, loop, pace=pace, patience=patience
        ) as visit:
            yield visit


@contextmanager
def reaching(
    environment: Environment,
    references: Mapping[str, str],
    journal: Journal,
    loop: Loop,
    *,
    pace: Pace | None = None,
    patience: Budget | None = None,
) -> Iterator[Visit]:
    """A visit of what is there already; at its end the journal is closed.

    Args:
        environment: Resolved with these references.
        pace: Which requests keep.
        patience: How long rate limits may be waited for.
    """
    client = EvidenceClient(Network.of(environment), pace)
    targets = {
        name: Target(name, service, client, budget=patience)
        for name, service in environment.services.items()
    }
    secrets = [*secrets_in(references), *secrets_of(environment, os.environ)]
    try:
        yield Visit(
            environment=environment,
            network=client.network,
            targets=targets,
            clients={name: waiting(target, loop) for name, target in targets.items()},
            loop=loop,
            journal=journal,
            secrets=Redactor(secrets),
            cost=Cost.of_environment(os.environ),
        )
    finally:
        loop.run(client.close())
        journal.close()


@contextmanager
def journalled(env: str, environment: Environment) -> Iterator[Journal]:
    """A journal in a run directory of its own, which goes when nothing is left.

    Args:
        env: The environment as the user named it.
    """
    directory = RunDirectory(DEFAULT_PARENT / new_run_id()).path
    journal = Journal(directory, environment=place_of(environment))
    try:
        yield journal
    finally:
        journal.close()
        concluded(env, directory)


def concluded(env: str, directory: Path) -> None:
    """Says what a run has left behind; where that is nothing, its journal goes."""
    if not (directory / JOURNAL).exists():
        return
    if left := read(directory / JOURNAL).left:
        tell(f"left behind: {', '.join(map(str, left))}; {how_to_remove(env, directory)}")
        return
    (directory / JOURNAL).unlink()
    with suppress(OSError):
        directory.rmdir()


def tell(line: str) -> None:
    """A line for whoever started the run."""
    sys.stderr.write(f"{line}\n")
