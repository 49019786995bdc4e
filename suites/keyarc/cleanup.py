"""Removes what a run left behind.

    python -m suites.keyarc.cleanup --env staging reports/runs/20260102T030405Z-9f3a1c

Takes the run's journal and the seed (`KEYARC_IDENTITY_SEED`); running it again does no harm.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.environment import Environment, find, parse, resolve
from harness.errors import HarnessError, UsageError
from harness.exchange import EvidenceClient
from harness.network import Network
from harness.records import Journal
from harness.stack.state import default_directory, running_references
from harness.target import Target
from suites.keyarc.identity import Identities, is_on_this_machine
from suites.keyarc.journal import USER, left
from suites.keyarc.removal import remove


async def clean(
    directory: Path, targets: Mapping[str, Target], identities: Identities
) -> dict[str, bool]:
    """Removes each user that is left, and notes it in the journal.

    Returns:
        For each email, whether such a user was there.
    """
    journal = Journal(directory)
    found: dict[str, bool] = {}
    for identity in [identities.again(email) for email in left(directory)]:
        found[identity.email] = await remove(targets, identity)
        journal.removed(USER, identity.email)
    return found


async def _run(environment: Environment, directory: Path) -> None:
    identities = Identities.of_environment(os.environ, loopback=is_on_this_machine(environment))
    client = EvidenceClient(Network.of(environment))
    targets = {
        name: Target(name, service, client) for name, service in environment.services.items()
    }
    try:
        found = await clean(directory, targets, identities)
    finally:
        await client.close()
    for email, was_there in found.items():
        sys.stdout.write(f"{'removed' if was_there else 'was not there'}: {email}\n")
    sys.stdout.write(f"{len(found)} users were left, none is now\n")


def main(arguments: list[str] | None = None) -> int:
    """0: nothing is left. 2: usage. 20: the system kept us from it."""
    parser = argparse.ArgumentParser(
        "python -m suites.keyarc.cleanup", description="Removes the test users that a run left."
    )
    parser.add_argument("--env", required=True, help="an environment's name, or its file")
    parser.add_argument("directory", type=Path, help="the run's directory")
    given = parser.parse_args(arguments)
    try:
        declared = parse(find(given.env)).to_look_at()
        references = running_references(default_directory(declared.name)) or {}
        environment = resolve(declared, references, os.environ)
        asyncio.run(_run(environment, given.directory))
    except UsageError as error:
        return _say(str(error), 2)
    except (HarnessError, AssertionError) as error:
        return _say(str(error), 20)
    return 0


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"cleanup: {message}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
