"""Runs checks, all at once or one by one, and reports each result as soon as it is certain."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial

from harness.attempt import Ended, Limits, attempt
from harness.check import Check, Resource
from harness.confirmation import CONFIRMATIONS, Budget
from harness.curl import curl_line
from harness.ending import leaves, may_pass_again
from harness.environment import Environment
from harness.errors import Blocked, HarnessError, Unreachable
from harness.exchange import EvidenceClient
from harness.identities import Identities
from harness.journal import Journal
from harness.model import Finding, Kind, Outcome, Result
from harness.places import Places
from harness.plan import Plan, resource_id
from harness.records import now
from harness.redaction import Redactor
from harness.resources import Resources
from harness.target import Target, Who
from harness.trail import Trail
from harness.verdict import worst_outcome

OnResult = Callable[[Result], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What checks work with, and what may not be written of it."""

    environment: Environment
    client: EvidenceClient
    journal: Journal
    secrets: Redactor
    budget: Budget
    release: str | None = None

    def targets(self) -> dict[str, Target]:
        """Every service, asked by whom the environment file names."""
        services = self.environment.services
        anonymous = {name: self._target(name, None) for name in services}
        identities = Identities(self.environment, anonymous, self.secrets)
        return {
            name: self._target(name, partial(identities.headers, service.identity))
            if service.identity
            else anonymous[name]
            for name, service in services.items()
        }

    def _target(self, name: str, who: Who | None) -> Target:
        service = self.environment.services[name]
        return Target(name, service, self.client, budget=self.budget, who=who)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What a result is about."""

    id: str
    promise: str
    started_at: str
    kind: Kind = "check"
    service: str | None = None


class Runner:
    """Runs the checks of a plan.

    Args:
        on_result: Called with each result, redacted, in the order in which they become certain.
    """

    def __init__(
        self, plan: Plan, means: Means, on_result: OnResult, *, limits: Limits | None = None
    ) -> None:
        self._plan = plan
        self._means = means
        self._on_result = on_result
        self._limits = limits or Limits()
        self._targets = means.targets()
        self._built_in = {
            "environment": means.environment,
            "targets": self._targets,
            "journal": means.journal,
            "secrets": means.secrets,
            "release": means.release,
            "network": means.client.network,
            "traffic": means.client.traffic,
        }
        self._resources = Resources(
            plan.resources, self._built_in, report=self._report_resource, limits=self._limits
        )
        # Who has waited for a resource has a long way to go, and does not queue with the others.
        self._late = Places(self._limits.at_once)
        self._early = Places(self._limits.begun_at_once(len(plan.checks)))
        self._uncertain: list[tuple[_Subject, list[Ended]]] = []

    async def run(self) -> None:
        """All checks, concurrently; then resources are removed, whatever happened."""
        # What others wait for goes first: the longest chain of requests begins with it.
        self._resources.begin()
        try:
            for last in (False, True):
                async with asyncio.TaskGroup() as group:
                    for check in self._plan.checks:
                        if check.last is last:
                            group.create_task(self.run_check(check), name=check.id)
        finally:
            await self.close()

    async def close(self) -> None:
        """Removes the resources, and reports what had to wait for the end."""
        try:
            await self._resources.close()
            await self._ask_control()
        finally:
            self.settle()

    async def _ask_control(self) -> None:
        """Whether this machine reaches anything; asked where the silence of all is unexplained."""
        url = self._means.environment.control_url
        if self._uncertain and url is not None:
            with suppress(HarnessError, AssertionError):
                await self._means.client.send(self._means.client.build("GET", url))

    def settle(self) -> None:
        """Reports what was uncertain with what is known now."""
        uncertain, self._uncertain = self._uncertain, []
        for subject, ended in uncertain:
            self._on_result(self._result(subject, ended))

    async def run_check(self, check: Check) -> None:
        """One check, confirmed where it has to be; its result is reported when it is certain."""
        subject = _Subject(
            id=check.id, promise=check.promise, started_at=now(), service=check.service
        )
        try:
            arguments = await self._fill(check)
        except Blocked as blocked:
            ended = [Ended(blocked, Trail(), 0.0, None)]
        else:
            waits_for_nothing = self._plan.resources.keys().isdisjoint(check.needs)
            async with (self._early if waits_for_nothing else self._late).taken():
                ended = await self._attempts(check, arguments)
        self._report(subject, ended)

    async def _attempts(self, check: Check, arguments: dict[str, object]) -> list[Ended]:
        """A failure that may not come back is looked for again, by the whole check."""

        async def work(cleanup: AsyncExitStack) -> None:
            own = {"cleanup": cleanup} if "cleanup" in check.needs else {}
            await check.function(**check.given, **arguments, **own)

        ended = [await attempt(work, self._limits)]
        if may_pass_again(ended[0].error):
            for _ in range(CONFIRMATIONS):
                ended.append(await attempt(work, self._limits, again=True))
                if ended[-1].error is not None:
                    break
        return ended

    async def _fill(self, check: Check) -> dict[str, object]:
        own: dict[str, object] = {}
        if check.service is not None:
            target = self._targets[check.service]
            own = {"target": target, "service": target.service}
        return {
            need: own[need] if need in own else await self._resources.get(need)
            for need in check.needs
            if need != "cleanup"
        }

    def _report_resource(self, resource: Resource, ended: list[Ended]) -> None:
        id_ = resource_id(resource.name)
        subject = _Subject(id=id_, promise=resource.promise, started_at=now(), kind="resource")
        self._report(subject, ended)

    def _report(self, subject: _Subject, ended: list[Ended]) -> None:
        """Now, unless silence is only understood when all is known that answered."""
        result = self._result(subject, ended)
        silent = any(
            isinstance(leaf, Unreachable)
            for one in ended
            if one.error is not None
            for leaf in leaves(one.error)
        )
        if silent and result.outcome is Outcome.ERROR:
            self._uncertain.append((subject, ended))
        else:
            self._on_result(result)

    def _result(self, subject: _Subject, ended: list[Ended]) -> Result:
        answered = self._means.client.answered
        attempts = tuple(one.record(answered) for one in ended)
        finding = _overall([one.finding for one in attempts])
        blocked = ended[-1].error
        result = Result(
            id=subject.id,
            kind=subject.kind,
            service=subject.service,
            promise=subject.promise,
            outcome=finding.outcome,
            message=finding.message,
            expected=finding.expected,
            came=finding.came,
            blocked_by=blocked.by if isinstance(blocked, Blocked) else None,
            started_at=subject.started_at,
            duration_ms=sum(one.duration_ms for one in attempts),
            attempts=attempts,
        )
        return self._with_curl(self._means.secrets.result(result))

    def _with_curl(self, result: Result) -> Result:
        for one in reversed(result.attempts):
            if one.decisive is not None:
                network = self._means.client.network
                return replace(result, curl=curl_line(one.exchanges[one.decisive], network))
        return result


def _overall(findings: list[Finding]) -> Finding:
    """One finding of several attempts: the worst; a first failure that stayed alone is a flake."""
    first, later = findings[0], findings[1:]
    if later and first.outcome is not Outcome.PASS:
        text = f"failed once in {len(findings)} times: {first.message}"
        first = Finding(
            outcome=Outcome.FLAKY, message=text, expected=first.expected, came=first.came
        )
    both = [first, *later]
    worst = worst_outcome(finding.outcome for finding in both)
    return next(finding for finding in both if finding.outcome is worst)
