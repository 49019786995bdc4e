"""Is it this release that runs, on every instance?

Source: draft-inadarei-api-health-check-06 for `releaseId`; `instanceId` is declared beside it.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from harness.check import Check
from harness.environment import Environment, Release
from harness.errors import ContractViolation, NoData, ServerFailure
from harness.pointer import pointed_at
from harness.target import Target

_INSTANCE = "/instanceId"
# A proxy keeps to the connections that it has, so more are asked for at a time, each round.
_AT_ONCE = 48
_REQUESTS_PER_INSTANCE = 60
_ROUNDS_END_AFTER_S = 5.0


class OtherRelease(ContractViolation):
    """An instance runs another release than was expected."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one instance said of itself; None for what it did not say."""

    release: str | None
    instance: str | None


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each service that says which release it is."""
    for name, service in environment.services.items():
        if service.release.from_ != "none":
            yield Check(id=f"release.{name}", service=name, function=the_expected)


async def the_expected(target: Target, targets: Mapping[str, Target], release: str | None) -> None:
    """Every declared instance runs the expected release; where none is given, all run the same."""
    census = Census(target, targets, release)
    declared = target.service.instances
    if declared == 1:
        await census.ask()
        return
    await census.complete(time.monotonic() + _ROUNDS_END_AFTER_S)


@dataclass(slots=True)
class Census:
    """The instances of a service, as requests meet them.

    Attributes:
        seen: Releases by instance.
        requests: How many have been sent.
        statuses: Those of the health answer that are looked at. Who is unhealthy still says who it
            is; that it is unhealthy is another check's finding, unless it is left out here.
        once: Nothing is repeated to confirm it.
    """

    target: Target
    targets: Mapping[str, Target]
    expected: str | None
    seen: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    statuses: tuple[int, ...] | None = None
    once: bool = False

    @property
    def asked(self) -> Target:
        """Whose health answer is looked at."""
        return self.targets[self.target.service.release.via or self.target.name]

    @property
    def at_once(self) -> int:
        """How many requests are of use at a time: who looks for us looks once for all of them."""
        seen_through_another = self.asked is not self.targets[self.target.name]
        return self.asked.service.instances + 1 if seen_through_another else _AT_ONCE

    async def complete(self, ends_at: float) -> None:
        """Asks until every declared instance was met.

        Raises:
            NoData: Some were not, by then or after many requests.
        """
        declared = self.target.service.instances
        size = declared + 1
        while len(self.seen) < declared:
            left = _REQUESTS_PER_INSTANCE * declared - self.requests
            if left <= 0 or time.monotonic() >= ends_at:
                raise NoData(self.shortage())
            async with asyncio.TaskGroup() as group:
                for _ in range(min(size, self.at_once, left)):
                    group.create_task(self.ask())
            size *= 2

    async def ask(self) -> None:
        """Asks once, and takes down who answered.

        Raises:
            ContractViolation: A wrong release, or none.
        """
        self.requests += 1
        health = self.asked.service.health
        statuses = self.statuses or (health.expect_status, 503)
        alone = self.target.service.instances == 1 and not self.once
        response = await self.asked.get(
            health.path, expect=statuses, shared=alone, refusable=self.once
        )
        for sighting in sightings(self.target, response):
            self.take_down(sighting, response)

    def shortage(self) -> str:
        names = ", ".join(sorted(self.seen)) or "none"
        return (
            f"{len(self.seen)} of {self.target.service.instances} instances answered"
            f" in {self.requests} requests: {names}"
        )

    def take_down(self, sighting: Sighting, response: httpx.Response) -> None:
        """Keeps what an answer says of one instance. Raises ContractViolation, as `ask` does."""
        declared = self.target.service.instances
        if sighting.release is None:
            raise _silent(response, f"{self.target.name} does not say which release it is")
        if sighting.instance is None and declared > 1:
            raise _silent(response, f"{self.target.name} does not say which instance it is")
        instance = sighting.instance or self.target.name
        # Without a release that is expected, the first one that is seen is.
        if self.expected is None:
            self.expected = sighting.release
        if sighting.release != self.expected:
            others = ", ".join(sorted(self.seen))
            raise OtherRelease(
                f"{instance} runs another release" + (f" than {others}" if others else ""),
                expected=self.expected,
                came=sighting.release,
            )
        self.seen[instance] = sighting.release


def sightings(target: Target, response: httpx.Response) -> list[Sighting]:
    """Whom an answer speaks of: one who answered, or those that its `checks` name."""
    release = target.service.release
    if release.from_ == "header":
        instance = response.headers.get(release.instance) if release.instance else None
        return [Sighting(response.headers.get(release.header or "") or None, instance or None)]
    body = _json(response)
    if release.via is None:
        return [_of(release, body)]
    found = [_of(release, entry) for entry in _entries(body, target.name)]
    # One component can have several measurements, of which one carries the identity.
    return [one for one in found if one.release or one.instance] or [Sighting(None, None)]


def _of(release: Release, tree: object) -> Sighting:
    return Sighting(
        _text(pointed_at(tree, release.pointer)),
        _text(pointed_at(tree, release.instance or _INSTANCE)),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _entries(body: object, component: str) -> Iterator[object]:
    checks = body.get("checks") if isinstance(body, dict) else None
    for key, entries in checks.items() if isinstance(checks, dict) else ():
        if key.partition(":")[0] == component and isinstance(entries, list):
            yield from entries


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise _silent(response, "the health answer is no JSON") from None


def _silent(response: httpx.Response, what: str) -> ContractViolation:
    """A 5xx without what is looked for is a failure as any other: it has to be confirmed."""
    status = response.status_code
    expected, came = "its release and instance", f"a {status} without"
    if status >= 500:
        return ServerFailure(what, expected=expected, came=came, answer=response)
    return ContractViolation(what, expected=expected, came=came)
