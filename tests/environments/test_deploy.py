"""`deploy.sh` on Fly: migrations first, then each service by its digest; what fails stops it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from harness.ledger import Event
from harness.platforms._fly_standin import Lie
from tests.environments.deploying import (
    APPS,
    DONE,
    FAILED,
    INTERRUPTED,
    MIGRATES,
    NEW,
    OLD,
    ORDER,
    RELEASE,
    USAGE,
    Fly,
    begun,
    ended,
    flying,
)
from tests.harness.platforms.flying import executable
from tests.harness.stack.conftest import until

GATE = (
    "this brings nothing back; what looks at it, and does: keyarc-verify gate --env staging.yaml"
    f" --release {RELEASE} --rollback"
)


def over(folder: Path, claim: Callable[[Fly], Awaitable[None]], **settings: str) -> None:
    async def inside() -> None:
        async with flying(folder, **settings) as fly:
            await claim(fly)

    asyncio.run(inside())


def runs(*new: str) -> dict[str, set[str]]:
    """What each service runs, where these are new."""
    return {service: {NEW if service in new else OLD} for service in ORDER}


def test_all_services_get_their_images_and_are_told_the_release(tmp_path: Path) -> None:
    async def claim(fly: Fly) -> None:
        # An unchanged service has its image already, and is told the release all the same.
        fly.memory.deploy(APPS["account"], NEW, RELEASE_ID="before")
        done = await fly.deploys()
        assert done.code == DONE, done.err
        assert fly.changed == [APPS[service] for service in ORDER]
        for service in ORDER:
            for machine in fly.machines(service):
                told = (machine.digest, machine.repository, machine.env["RELEASE_ID"])
                assert told == (NEW, f"ghcr.io/some/keyarc-{service}", RELEASE)
                assert machine.env["ENVIRONMENT"] == "staging"
        [(app, command, wanted)] = fly.memory.ran
        assert (app, command) == (APPS["auth"], MIGRATES)
        assert (wanted.digest, wanted.env["RELEASE_ID"]) == (NEW, RELEASE)
        [entry] = fly.entries
        assert (entry.event, entry.release) == (Event.DEPLOYED, RELEASE)
        assert done.out == ""
        assert done.said[-1].startswith(f"staging.yaml is deployed: {RELEASE}")

    over(tmp_path, claim)


def test_migrations_that_fail_leave_everything_as_it_is(tmp_path: Path) -> None:
    async def claim(fly: Fly) -> None:
        fly.memory.release_command_ends_with = 1
        done = await fly.deploys()
        assert done.code == FAILED, done.err
        assert fly.runs() == runs()
        assert [app for app, _, _ in fly.memory.ran] == [APPS["auth"]]
        assert fly.changed == [APPS["auth"]]
        assert done.said[-3:] == [
            "auth failed: it may be half of each release",
            f"of {RELEASE}: none; as before: account keys gateway frontend",
            GATE,
        ]
        assert [entry.event for entry in fly.entries] == [Event.DEPLOYED]

    over(tmp_path, claim)


def test_a_service_that_fails_stops_it_and_is_told_with_the_others(tmp_path: Path) -> None:
    async def claim(fly: Fly) -> None:
        fly.standin.lies[APPS["keys"]] = Lie.REFUSED
        done = await fly.deploys()
        assert done.code == FAILED, done.err
        assert fly.runs() == runs("auth", "account")
        assert done.said[-3:] == [
            "keys failed: it may be half of each release",
            f"of {RELEASE}: auth account; as before: gateway frontend",
            GATE,
        ]

    over(tmp_path, claim)


def pruned(fly: Fly) -> None:
    fly.memory.prune(APPS["frontend"], NEW)


def nobody(fly: Fly) -> None:
    fly.variables |= {"FLY_API_TOKEN": ""}


def damaged(fly: Fly) -> None:
    ledger = fly.folder / ".keyarc-verify" / "ledger"
    ledger.mkdir(parents=True)
    (ledger / "staging.jsonl").write_text("no entry\n")


def no_flyctl(fly: Fly) -> None:
    fly.variables |= {"FLYCTL": "no-such-flyctl"}


@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        (pruned, "frontend cannot be deployed; nothing was touched"),
        (nobody, "auth cannot be deployed; nothing was touched"),
        (damaged, "the ledger cannot be written; nothing was touched"),
        (no_flyctl, "flyctl is missing: https://fly.io/docs/flyctl/install/; nothing was touched"),
    ],
)
def test_what_cannot_succeed_is_not_begun(
    tmp_path: Path, arrange: Callable[[Fly], None], says: str
) -> None:
    async def claim(fly: Fly) -> None:
        arrange(fly)
        done = await fly.deploys()
        assert (done.code, done.said[-1]) == (USAGE, says), done.err
        assert (fly.changed, fly.memory.ran) == ([], [])
        if arrange is not damaged:
            assert fly.entries == []

    over(tmp_path, claim)


def test_a_dry_run_prints_the_commands_and_calls_nobody(tmp_path: Path) -> None:
    async def claim(fly: Fly) -> None:
        done = await fly.deploys("--dry-run", FLYCTL="no-such-flyctl")
        assert (done.code, done.err) == (DONE, "")
        assert (fly.standin.asked, fly.entries) == ([], [])
        lines = done.out.splitlines()
        assert [line.endswith("--build-only") for line in lines] == [True] * 5 + [False] * 6
        assert lines[5].endswith(f"keyarc-verify release deployed {RELEASE} --env staging.yaml")
        for service, line in zip(ORDER, lines[6:], strict=True):
            config = fly.folder / "fly" / "staging" / f"{service}.toml"
            assert line == (
                f"no-such-flyctl deploy -a {APPS[service]} -c {config}"
                f" --image ghcr.io/some/keyarc-{service}@{NEW} --env RELEASE_ID={RELEASE}"
                " --strategy rolling --deploy-retries 0 --remote-only --ha=true --no-public-ips"
                " --dns-checks=false --smoke-checks=false"
            )

    over(tmp_path, claim)


def waiting(fly: Fly, words: str) -> tuple[Path, Path]:
    """Has flyctl wait where it is called so: the file that it makes then, and what it waits for."""
    begins, goes_on = fly.folder / "begins", fly.folder / "goes-on"
    wait = f'touch "{begins}"; until [ -e "{goes_on}" ]; do sleep 0.02; done'
    text = (
        f'#!/bin/sh\ncase "$*" in {words}) {wait} ;; esac\nexec "{fly.variables["FLYCTL"]}" "$@"\n'
    )
    fly.variables["FLYCTL"] = executable(fly.folder / "waits", text)
    return begins, goes_on


async def there(file: Path) -> None:
    await asyncio.to_thread(until, file.exists, limit_s=60)


@pytest.mark.parametrize(
    ("everybody", "new", "says"),
    [
        # As a pipeline cancels a job: the script alone is told, and ends what it has begun.
        (False, ("auth", "account"), "interrupted"),
        # As Ctrl-C in a terminal: flyctl is told, too.
        (True, ("auth",), "account failed: it may be half of each release"),
    ],
)
def test_an_interruption_ends_it_after_the_service_under_way(
    tmp_path: Path, everybody: bool, new: tuple[str, ...], says: str
) -> None:
    async def claim(fly: Fly) -> None:
        begins, goes_on = waiting(fly, f'*"-a {APPS["account"]} "*=false')
        async with begun(fly.folder, *fly.words(), variables=fly.given()) as process:
            await there(begins)
            send = os.killpg if everybody else os.kill
            send(process.pid, signal.SIGINT)
            goes_on.touch()
            done = await ended(process)
        assert done.code == INTERRUPTED, done.err
        assert fly.runs() == runs(*new)
        assert done.said[-3:] == [
            says,
            f"of {RELEASE}: {' '.join(new)}; as before: keys gateway frontend",
            GATE,
        ]

    over(tmp_path, claim)


def test_an_interruption_before_it_began_touches_nothing(tmp_path: Path) -> None:
    async def claim(fly: Fly) -> None:
        begins, goes_on = waiting(fly, "*--build-only")
        async with begun(fly.folder, *fly.words(), variables=fly.given()) as process:
            await there(begins)
            os.kill(process.pid, signal.SIGTERM)
            goes_on.touch()
            done = await ended(process)
        assert (done.code, done.said) == (INTERRUPTED, ["interrupted; nothing was touched"])
        assert (fly.changed, fly.entries) == ([], [])

    over(tmp_path, claim)
