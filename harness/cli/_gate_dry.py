"""What `gate --dry-run` says: what it would do now, for either verdict. Nothing is changed."""

from collections.abc import Iterator

from harness.deployment import State, shown
from harness.exchange import EvidenceClient
from harness.ledger import Entry, History, Ledger
from harness.network import Network
from harness.pace import Pace
from harness.platforms import Platform
from harness.records import now
from harness.rollback import as_target
from harness.rules import Case, objections
from harness.system import System
from harness.verification import Verification
from reports._printable import printable


async def would(
    verification: Verification, ledger: Ledger, platform: Platform | None, *, roll_back: bool
) -> str:
    """A report for a person.

    Raises:
        HarnessError: The platform, or the ledger, cannot be asked.
    """
    history = History(ledger.entries())
    running = await platform.identify() if platform else None
    lines = [
        *_checks(verification),
        *_running(running),
        f"GO       {verification.release} stays, and the ledger says so",
    ]
    if not roll_back:
        lines.append("NO_GO    it is blocked; without --rollback nothing else is done")
    elif platform is None or running is None:
        lines.append("NO_GO    held: the environment declares no platform")
    else:
        lines += await _back(verification, history, platform, running)
    lines.append("HOLD     it is blocked, and nothing is changed")
    # A platform's tool may have said anything.
    said = verification.redactor.prose("\n".join(lines))
    return "".join(f"{printable(line)}\n" for line in said.splitlines())


def _checks(verification: Verification) -> Iterator[str]:
    declared = verification.plan.declared
    checks = [item for item in declared if item.kind == "check"]
    required = sum(item.required for item in checks)
    yield f"would run {len(checks)} checks ({required} required) in {verification.environment.name}"
    for excluded in verification.plan.excluded:
        yield f"not run  {excluded.id}: {excluded.reason}"


def _running(state: State | None) -> Iterator[str]:
    for name, running in (state.services if state else {}).items():
        found = dict.fromkeys(
            f"{shown(each.identity)}{f' of {each.release}' if each.release else ''}"
            for each in running.artifacts
        )
        yield f"runs     {name}: {' and '.join(found) or 'nothing'}"


async def _back(
    verification: Verification, history: History, platform: Platform, running: State
) -> list[str]:
    target = as_target(history.target(verification.release, running.whole))
    client = EvidenceClient(Network.of(verification.environment), Pace.of(verification.environment))
    case = Case(
        release=verification.release,
        judged=running,
        running=running,
        history=history,
        target=target,
        platform=platform,
        system=System(verification.environment, client),
        begun_at=now(),
    )
    try:
        found = await objections(case)
    finally:
        await client.close()
    if found or target is None:
        return [f"NO_GO    held: {'; '.join(found)}"]
    return [f"NO_GO    it is rolled back to {target.release}", *_changes(running, target)]


def _changes(running: State, target: Entry) -> Iterator[str]:
    for name, artifact in target.vector.items():
        now_ = running.services.get(name)
        same = now_ is not None and now_.artifact and now_.artifact.identity == artifact.identity
        yield f"         {name}: {'stays' if same else f'to {shown(artifact.identity)}'}"
