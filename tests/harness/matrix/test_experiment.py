"""Whatever is not as it should be around a fault is a complaint of its trial."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from harness.errors import ContractViolation, Unreachable
from harness.faults import Fault, Place, Seen
from harness.matrix import experiment
from harness.matrix.experiment import Experiment, Found, StillBroken
from harness.matrix.lane import Lane
from harness.matrix.mending import Breaches
from harness.matrix.observation import Observation
from harness.matrix.trial import Broken, Trial
from harness.matrix.workload import Answer, Use
from harness.model import Outcome, Result
from tests.harness.matrix.shop import shop


class Odd(Fault):
    """Something odd."""

    at = "service"
    kind = "network"
    needs = frozenset()
    seen = Seen(health="pass", users="fine")
    beside: str | None = None
    sticks: bool = False

    async def inject(self, *_: Any) -> None: ...

    async def heal(self, *_: Any) -> None:
        if self.sticks:
            raise OSError("no way")

    async def amiss(self, *_: Any) -> str | None:
        return self.beside


def odd(users: str = "fine") -> Fault:
    kinds = {
        each: type(f"Odd{each}", (Odd,), {"seen": Seen(health="pass", users=each)})
        for each in ("fine", "errors", "any", "some")
    }
    return cast(Fault, kinds[users]())


@dataclass
class Eye:
    """Sees what it is told to see."""

    says: str = "pass"
    seen: list[Observation] = field(default_factory=list)
    now_s: float = 1.0

    def fresh(self) -> None:
        self.now_s = 1.0

    @contextmanager
    def eager(self) -> Iterator[None]:
        yield

    async def until(self, done: Callable[[Sequence[Observation]], bool], limit_s: float) -> bool:
        for _ in range(2):
            self.now_s += 0.5
            self.seen += [
                Observation(
                    service=name,
                    what="health",
                    asked_s=self.now_s - 0.1,
                    answered_s=self.now_s,
                    status=200 if self.says == "pass" else 503,
                    says=self.says,
                )
                for name in shop().services
            ]
        return done(self.seen)


@dataclass
class System:
    """A lane that is made of nothing."""

    observer: Eye
    uses: Sequence[Use] = ()
    missing: Sequence[str] = ()
    checks: Sequence[Result] = ()
    innards: Sequence[str] = ()

    environment = shop()

    @property
    def site(self) -> Any:
        return self

    @property
    def state(self) -> Any:
        return self

    path = Path("state")

    @property
    def workload(self) -> Any:
        return self

    def writes(self) -> tuple[int, int]:
        return (1, 0)

    async def lost(self) -> list[str]:
        return list(self.missing)

    async def smoke(self) -> list[Result]:
        return list(self.checks)


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "WATCH_S", 0.0)
    monkeypatch.setattr(experiment, "SLACK_S", 0.05)


def conducted(folder: Path, system: System, fault: Fault | None = None) -> Found:
    broken = (Broken("odd", fault, Place("store")),) if fault else ()
    breaches = Breaches("run", "shop", folder / "kept" / "faults")
    lane = cast(Lane, system)
    try:
        return asyncio.run(Experiment(lane, Trial("store", broken), breaches).conduct())
    finally:
        breaches.close()


def told(found: Found) -> list[tuple[str, str]]:
    return [(each.message, each.came) for each in found.complaints]


def use(ask: Callable[[float], Awaitable[Answer]], *through: str) -> Use:
    return Use("buys", frozenset(through or ("store",)), ask, 0.1, 0.2)


async def served(_limit_s: float) -> Answer:
    return "served"


async def refused(_limit_s: float) -> Answer:
    return "refused"


async def wrong(_limit_s: float) -> Answer:
    raise ContractViolation("GET /", expected="a problem", came="a trace")


async def unheard(_limit_s: float) -> Answer:
    raise Unreachable("no answer", origin="http://localhost:3")


async def hung(_limit_s: float) -> Answer:
    await asyncio.sleep(60)
    return "served"


def test_where_all_is_as_it_should_be_there_is_no_complaint(tmp_path: Path) -> None:
    found = conducted(tmp_path, System(Eye(), uses=[use(served)]), odd())
    assert told(found) == []
    assert (found.asked, found.writes) == ({"buys": "served"}, (1, 0))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("users", "ask", "came"),
    [
        ("fine", refused, ("buys", "refused")),
        ("errors", served, ("buys", "served, while it was broken")),
        ("some", served, ("users", "all are served")),
        ("any", wrong, ("buys: GET /", "a trace")),
        ("any", unheard, ("buys", "no answer")),
        ("any", hung, ("buys", "none")),
    ],
)
def test_what_users_must_not_hear(
    users: str,
    ask: Callable[[float], Awaitable[Answer]],
    came: tuple[str, str],
    tmp_path: Path,
) -> None:
    assert told(conducted(tmp_path, System(Eye(), uses=[use(ask)]), odd(users))) == [came]


@pytest.mark.parametrize(
    ("users", "ask"),
    [("errors", refused), ("any", refused), ("any", served), ("some", refused), ("fine", served)],
)
def test_what_users_may_hear(
    users: str, ask: Callable[[float], Awaitable[Answer]], tmp_path: Path
) -> None:
    assert told(conducted(tmp_path, System(Eye(), uses=[use(ask)]), odd(users))) == []


def test_who_does_not_come_to_what_is_broken_is_served(tmp_path: Path) -> None:
    system = System(Eye(), uses=[use(refused, "help")])
    assert told(conducted(tmp_path, system, odd("errors"))) == [("buys", "refused")]


def test_what_the_fault_itself_misses_is_told(tmp_path: Path) -> None:
    found = conducted(tmp_path, System(Eye()), Odd(beside="a line in its log"))
    (complaint,) = found.complaints
    assert (complaint.message, complaint.expected) == (
        "while odd.store is in",
        "a line in its log",
    )


def test_a_lost_write_is_told(tmp_path: Path) -> None:
    found = conducted(tmp_path, System(Eye(), missing=["secret 7 is gone"]), odd())
    assert told(found) == [("writes, after the heal", "secret 7 is gone")]


def test_a_smoke_check_that_does_not_pass_after_the_heal_is_told(tmp_path: Path) -> None:
    failed = Result(id="smoke.one", outcome=Outcome.FLAKY, message="failed once")
    passed = Result(id="smoke.two", outcome=Outcome.PASS)
    found = conducted(tmp_path, System(Eye(), checks=[failed, passed]), odd())
    assert told(found) == [("smoke.one, after the heal", "flaky: failed once")]


def test_a_system_that_does_not_recover_is_told(tmp_path: Path) -> None:
    found = conducted(tmp_path, System(Eye(says="fail")), odd())
    assert found.recovered_s is None
    assert "recovery" in {message for message, _ in told(found)}


def test_health_that_tells_of_the_inside_is_told(tmp_path: Path) -> None:
    eye = Eye()
    system = System(eye, innards=[":5432"])
    leaking = Observation(
        service="store", what="health", asked_s=0.9, answered_s=1.1, status=200, says="pass"
    )
    eye.seen.append(
        Observation(**{**{f: getattr(leaking, f) for f in leaking.__slots__}, "shown": "db:5432"})
    )
    assert ("health of store tells of what is inside", "':5432' in its answer") in told(
        conducted(tmp_path, system, odd())
    )


def test_what_is_cut_off_is_healed_all_the_same(tmp_path: Path) -> None:
    healed = []

    class Mended(Odd):
        """It tells when it is healed."""

        async def heal(self, *_: Any) -> None:
            healed.append(True)

    async def run() -> None:
        breaches = Breaches("run", "shop", tmp_path / "kept" / "faults")
        lane = cast(Lane, System(Eye(), uses=[Use("buys", frozenset({"store"}), hung, 60, 60)]))
        trial = Trial("store", (Broken("odd", Mended(), Place("store")),))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await Experiment(lane, trial, breaches).conduct()
        breaches.close()

    asyncio.run(run())
    assert healed == [True]
    assert not list(tmp_path.glob("kept/faults/*"))


def test_what_cannot_be_healed_ends_the_trial_and_stays_written_down(tmp_path: Path) -> None:
    with pytest.raises(StillBroken, match=r"odd\.store was not healed: OSError: no way"):
        conducted(tmp_path, System(Eye()), Odd(sticks=True))
    (journal,) = tmp_path.glob("kept/faults/*")
    assert '"fault": "odd"' in journal.read_text()
