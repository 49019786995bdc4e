"""Runs of the matrix of faults as a health command leaves them, without a system."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.model import (
    Attempt,
    Cell,
    Declared,
    Exchange,
    Excluded,
    Finding,
    Outcome,
    Result,
    RunRecord,
    Step,
)
from tests.reports.record import record_of

SERVICES = ("frontend", "auth", "gateway", "account", "keys")
DATABASE = "postgres"
TO_DATABASE = tuple((service, DATABASE) for service in ("auth", "account", "keys"))
OVER_HTTP = (("gateway", "account"), ("gateway", "keys"))
# By kind: the faults, and where each is put in.
FAULTS: dict[str, tuple[tuple[str, ...], Sequence[tuple[str, ...]]]] = {
    "network": (
        ("bandwidth", "blackhole", "cut", "flapping", "latency", "refuse", "reset", "slow_close"),
        (*TO_DATABASE, *OVER_HTTP),
    ),
    "http": (("answers_500", "answers_rubbish", "login_page"), OVER_HTTP),
    "tls": (("expired", "wrong_host"), OVER_HTTP),
    "process": (
        ("kill", "pause", "restart_loop", "slow_start"),
        tuple((service,) for service in SERVICES),
    ),
    "settings": (
        ("dependency_url_wrong", "required_setting_missing", "wrong_jwt_secret"),
        tuple((service,) for service in SERVICES[1:]),
    ),
    "database": (
        (
            "connections_exhausted",
            "disk_full",
            "migration_missing",
            "read_only",
            "restart",
            "slow_query",
            "stop",
            "table_locked",
            "wrong_password",
        ),
        ((DATABASE,),),
    ),
}
STEPS = ("inject", "detect", "users", "heal", "recover", "smoke", "writes")
COMMAND = "keyarc-verify health --env local"
Change = Callable[[Result], Result | Excluded]


def cell(
    fault: str, kind: str, *place: str, outcome: Outcome = Outcome.PASS, seed: int = 0
) -> Result:
    """One that ended so; its times follow from the seed."""
    id_ = ".".join(("faults", fault, *place))
    unseen = fault in ("none", "bandwidth")
    return Result(
        id=id_,
        outcome=outcome,
        service=place[0],
        promise=f"What depends on it tells of {fault} at {'.'.join(place)}.",
        started_at="2026-01-01T00:00:00.000Z",
        duration_ms=2000.0 + seed,
        attempts=(_attempt(outcome, seed),),
        cell=Cell(
            fault=fault,
            kind=kind,
            service=place[0],
            dependency=place[1] if len(place) > 1 else None,
            detected_ms=None if unseen else 100.0 + 37 * (seed % 23),
            recovered_ms=None if fault == "none" else 300.0 + 61 * (seed % 17),
            evidence=f"cells/{id_}.json",
        ),
    )


def _attempt(outcome: Outcome, seed: int) -> Attempt:
    steps = tuple(
        Step(name=name, ok=outcome is Outcome.PASS or name != "detect", duration_ms=90.0 + seed)
        for name in STEPS
    )
    asked = Exchange(
        method="GET",
        url="https://localhost/auth/health",
        status=503,
        response_headers=(("content-type", "application/health+json"),),
        response_body='{"status": "fail"}',
        duration_ms=3.5,
        step="detect",
    )
    return Attempt(
        finding=Finding(outcome=outcome), duration_ms=2000, steps=steps, exchanges=(asked,)
    )


def failed(result: Result) -> Result:
    """As where health says `pass` all the time."""
    assert result.cell is not None
    return replace(
        result,
        outcome=Outcome.FAIL,
        message=f"health of {result.service} went on to say pass",
        expected="503 within 3.0 s, naming postgres",
        came="200 pass, 38 times",
        curl="curl -sS -i https://localhost/auth/health",
        cell=replace(result.cell, detected_ms=None),
    )


def cells() -> Iterator[Result]:
    """A full matrix, all of it well: the control row, then each fault at each place."""
    for number, service in enumerate(SERVICES):
        yield cell("none", "control", service, seed=number)
    seed = 0
    for kind, (faults, places) in FAULTS.items():
        for fault in faults:
            for place in places:
                seed += 1
                yield cell(fault, kind, *place, seed=seed)


def pair(first: str, second: str, outcome: Outcome = Outcome.PASS) -> Result:
    """Two faults at once, each named with its place."""
    id_ = f"faults.{first}+{second}"
    named = " + ".join(one.replace(".", " ", 1) for one in (first, second))
    return replace(
        cell("kill", "process", "auth", seed=7),
        id=id_,
        outcome=outcome,
        cell=Cell(
            fault=named,
            kind="pair",
            service="auth",
            detected_ms=410.0,
            recovered_ms=1240.0,
            evidence=f"cells/{id_}.json",
        ),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """What became of the cells of a full matrix: by the beginning of an id, its change."""

    changes: dict[str, Change]

    def record(self, *more: Result) -> RunRecord:
        found = [self._changed(result) for result in (*cells(), *more)]
        results = [each for each in found if isinstance(each, Result)]
        excluded = [each for each in found if isinstance(each, Excluded)]
        declared = [Declared(id=e.id, service=e.service, cell=e.cell) for e in results]
        return record_of(*results, declared=declared, excluded=excluded, command=COMMAND)

    def _changed(self, result: Result) -> Result | Excluded:
        for beginning, change in self.changes.items():
            if f"{result.id}.".startswith(f"faults.{beginning}."):
                return change(result)
        return result


def not_run(reason: str) -> Change:
    return lambda result: left_out(result, reason)


def left_out(result: Result, reason: str) -> Excluded:
    """The same cell where it is not run."""
    assert result.cell is not None
    planned = replace(result.cell, detected_ms=None, recovered_ms=None, evidence="")
    return Excluded(id=result.id, reason=reason, service=result.service, cell=planned)
